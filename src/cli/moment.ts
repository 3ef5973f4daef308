// A moment as docker's `until` takes it: a date, a date with a time, seconds since 1970, or a duration before now (Go's: 1h30m).

const unitMs: Readonly<Record<string, number>> = { ns: 1e-6, us: 1e-3, 'µs': 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
const durationPart = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)/g;

/** A duration in milliseconds, undefined when it is none. */
export function durationMs(text: string): number | undefined {
  const parts = [...text.matchAll(durationPart)];
  if (text === '' || parts.map(([whole]) => whole).join('') !== text) return undefined;
  return parts.reduce((sum, [, count, unit]) => sum + Number(count) * unitMs[unit!]!, 0);
}

/** In milliseconds since 1970, undefined when it is no moment. Times without a zone are in the local one. */
export function momentMs(text: string, nowMs: number): number | undefined {
  if (/^\d+(?:\.\d{1,9})?$/.test(text)) return Number(text) * 1000;
  const duration = durationMs(text);
  if (duration !== undefined) return nowMs - duration;
  if (!/^\d{4}-\d{2}-\d{2}(?:T\d{2}(?::\d{2}(?::\d{2}(?:\.\d{1,9})?)?)?)?(?:Z|[+-]\d{2}:\d{2})?$/.test(text)) return undefined;
  const [, day, time = '', zone = ''] = /^(.{10})(?:T([\d:.]+))?(.*)$/.exec(text)!;
  const ms = Date.parse(`${day}T${time.includes(':') ? time : `${time || '00'}:00`}${zone}`);
  return Number.isNaN(ms) ? undefined : ms;
}

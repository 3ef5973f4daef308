// Values inside Dockerfile instructions: ports, durations, signals, directories, JSON lists, each with Docker's words of error.
import { NSIG, signalNames } from '../abi/index.ts';
import { ImageError } from './errors.ts';

const bad = (message: string): ImageError => new ImageError('bad-change', message);

/** A JSON list of texts, or undefined when it is none. Throws for lists of other things. */
export function jsonList(text: string): string[] | undefined {
  if (!text.startsWith('[')) return undefined;
  let list: unknown;
  try { list = JSON.parse(text); } catch { return undefined; }
  if (!Array.isArray(list)) return undefined;
  if (!list.every((item) => typeof item === 'string')) throw bad('when using JSON array syntax, arrays must be comprised of strings only');
  return list;
}

/** `80`, `80-82/udp`, `8080:80` (the second port counts), as keys of ExposedPorts. */
export function exposedPorts(text: string): string[] {
  const [range = '', proto = 'tcp', ...rest] = text.slice(text.lastIndexOf(':') + 1).split('/');
  if (rest.length > 0 || range === '') throw bad(`Invalid containerPort: ${text}`);
  const ports = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(range);
  const first = Number(ports?.[1]);
  const last = Number(ports?.[2] ?? ports?.[1]);
  if (!ports || first > last || last > 65535) throw bad(`Invalid containerPort: ${range}`);
  if (!['tcp', 'udp', 'sctp'].includes(proto.toLowerCase())) throw bad(`Invalid proto: ${proto}`);
  return Array.from({ length: last - first + 1 }, (_, i) => `${first + i}/${proto.toLowerCase()}`);
}

const unitNs: Readonly<Record<string, number>> = { ns: 1, us: 1e3, 'µs': 1e3, 'μs': 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 };

/** Go's durations: `1m30s`, `1.5h`, `-2ms`, `0`; in nanoseconds. */
export function durationNs(text: string): number {
  const invalid = (): ImageError => bad(`time: invalid duration ${JSON.stringify(text)}`);
  const [, sign = '', body = ''] = /^([-+]?)(.*)$/s.exec(text)!;
  if (body === '0') return 0;
  if (body === '') throw invalid();
  let total = 0;
  for (let rest = body; rest !== '';) {
    const match = /^(\d+\.?\d*|\.\d+)([^\d.]*)/.exec(rest);
    if (!match) throw invalid();
    if (match[2] === '') throw bad(`time: missing unit in duration ${JSON.stringify(text)}`);
    const unit = unitNs[match[2]!];
    if (unit === undefined) throw bad(`time: unknown unit ${JSON.stringify(match[2])} in duration ${JSON.stringify(text)}`);
    total += Number(match[1]) * unit;
    rest = rest.slice(match[0].length);
  }
  return Math.round(sign === '-' ? -total : total);
}

/** The working directory after WORKDIR: a relative one lies in the one before. */
export function workingDirectory(current: string, wanted: string): string {
  if (wanted === '') throw bad('cannot normalize nothing');
  if (wanted.startsWith('/')) return wanted;
  const parts: string[] = [];
  for (const part of `${current}/${wanted}`.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}

/** A signal by number or name, with or without SIG; it is kept as it was written. */
export function signal(text: string): string {
  const name = text.toUpperCase().replace(/^SIG/, '');
  const known = /^\d+$/.test(text) ? Number(text) >= 1 && Number(text) <= NSIG : signalNames.some((n) => n === `SIG${name}`) || /^RTM(IN|AX)([+-]\d+)?$/.test(name);
  if (!known) throw bad(`Invalid signal: ${text}`);
  return text;
}

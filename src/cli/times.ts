// Times as Go prints them for docker: in the local zone.

const two = (n: number): string => String(n).padStart(2, '0');
const date = (t: Date): string => `${String(t.getFullYear()).padStart(4, '0')}-${two(t.getMonth() + 1)}-${two(t.getDate())}`;
const clock = (t: Date): string => `${two(t.getHours())}:${two(t.getMinutes())}:${two(t.getSeconds())}`;

/** The zone's distance from UTC: `+0100`, or with `between` `+01:00`. */
function offset(t: Date, between = ''): string {
  const minutes = -t.getTimezoneOffset();
  const distance = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(distance / 60))}${between}${two(distance % 60)}`;
}

/** A zone that JavaScript knows no letters for is named by its distance, as Go does: -03. */
function zone(t: Date): string {
  if (t.getTimezoneOffset() === 0 && /^(?:UTC|Etc\/)/.test(Intl.DateTimeFormat().resolvedOptions().timeZone)) return 'UTC';
  const name = t.toLocaleString(zoneLocale(), { timeZoneName: 'short' }).split(' ').at(-1)!;
  return /^[A-Z]{2,5}$/.test(name) ? name : offset(t).replace(/00$/, '');
}

/** The English of the place that has the zone knows its letters: CET in Europe, EST in America. */
const zoneLocale = (): string => (Intl.DateTimeFormat().resolvedOptions().timeZone.startsWith('America/') ? 'en-US' : 'en-GB');

/** `2024-01-01 00:00:00 +0000 UTC`. */
export const goTime = (ms: number): string => { const t = new Date(ms); return `${date(t)} ${clock(t)} ${offset(t)} ${zone(t)}`; };

/** RFC 3339 in the local zone, in whole seconds: `2024-01-01T00:00:00Z`. */
export const rfc3339 = (ms: number): string => { const t = new Date(ms); return `${date(t)}T${clock(t)}${t.getTimezoneOffset() === 0 ? 'Z' : offset(t, ':')}`; };

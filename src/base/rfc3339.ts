// Points of time in text: RFC 3339 in UTC, with as many decimals as are needed, as Go prints RFC3339Nano. Without Date: its first use loads the host's time zones.

const SECOND = 1_000_000_000n, DAY = 86_400;
const two = (value: number): string => String(value).padStart(2, '0');

/** Days since 1970-01-01 as year, month and day of the Gregorian calendar (H. Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days). */
function civil(days: number): [number, number, number] {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor((dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365);
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const month = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * month + 2) / 5) + 1;
  return [yearOfEra + era * 400 + (month >= 10 ? 1 : 0), month < 10 ? month + 3 : month - 9, day];
}

/** Nanoseconds since 1970. */
export function rfc3339(ns: bigint): string {
  const fraction = ((ns % SECOND) + SECOND) % SECOND;
  const seconds = Number((ns - fraction) / SECOND);
  const days = Math.floor(seconds / DAY);
  const [year, month, day] = civil(days);
  const inDay = seconds - days * DAY;
  const decimals = String(fraction).padStart(9, '0').replace(/0+$/, '');
  return `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}T${two(Math.floor(inDay / 3600))}:${two(Math.floor(inDay / 60) % 60)}:${two(inDay % 60)}${decimals && `.${decimals}`}Z`;
}

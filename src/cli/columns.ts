// Columns as docker prints them (Go's tabwriter: cells padded to the widest, three spaces between), sizes and ages in its words.

/** Lines of a table whose first row is the heading. */
export function columns(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) row.forEach((cell, i) => { widths[i] = Math.max(widths[i] ?? 0, [...cell].length); });
  return rows.map((row) => row.map((cell, i) => (i === row.length - 1 ? cell : cell + ' '.repeat(widths[i]! - [...cell].length + 3))).join(''));
}

const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];

/** Go's %.3g: what rounding lifts beyond the digits has an exponent. */
const significant = (value: number, digits: number): string => {
  const rounded = value.toPrecision(digits);
  return rounded.includes('e') ? rounded.replace(/\.?0*e\+(\d)$/, 'e+0$1') : String(Number(rounded));
};

/** A size with at most `digits` significant digits and decimal units: 1.98MB, 170MB, 0B. */
export function humanSize(bytes: number, digits = 3): string {
  let unit = 0;
  let value = bytes;
  while (value >= 1000 && unit < units.length - 1) { value /= 1000; unit++; }
  return `${significant(value, digits)}${units[unit]}`;
}

const binaryUnits = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

/** A size with at most four digits and units of 1024: 512KiB, 1.234GiB. */
export function binarySize(bytes: number): string {
  const unit = Math.min(binaryUnits.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, bytes)) / 10)));
  return `${significant(bytes / 1024 ** unit, 4)}${binaryUnits[unit]}`;
}

const day = 24 * 3600;

/** How long ago, in docker's words: "Less than a second", "5 minutes", "2 weeks". */
export function humanDuration(seconds: number): string {
  const plural = (n: number, word: string): string => `${n} ${word}s`;
  if (seconds < 1) return 'Less than a second';
  if (seconds < 2) return '1 second';
  if (seconds < 60) return plural(Math.floor(seconds), 'second');
  const minutes = Math.floor(seconds / 60);
  if (minutes === 1) return 'About a minute';
  if (minutes < 60) return plural(minutes, 'minute');
  const hours = Math.floor(seconds / 3600 + 0.5);
  if (hours === 1) return 'About an hour';
  if (hours < 48) return plural(hours, 'hour');
  if (hours < 24 * 7 * 2) return plural(Math.floor(hours / 24), 'day');
  if (hours < 24 * 30 * 2) return plural(Math.floor(hours / 24 / 7), 'week');
  if (hours < 24 * 365 * 2) return plural(Math.floor(hours / 24 / 30), 'month');
  return plural(Math.floor(seconds / (365 * day)), 'year');
}

// Values as Go writes them, where Docker's documents have Go's text in them.

const named: Readonly<Record<string, string>> = { '\x07': '\\a', '\b': '\\b', '\f': '\\f', '\n': '\\n', '\r': '\\r', '\t': '\\t', '\v': '\\v' };

/** strconv.Quote without its quotes; `quote` is escaped. */
const escaped = (text: string, quote: string): string =>
  text.replace(/[\x00-\x1f\x7f"'\\]/g, (char) => (char === '"' || char === "'" ? (char === quote ? `\\${char}` : char) : char === '\\' ? '\\\\' : named[char] ?? `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`));

/** %q of a text. */
export const goQuoted = (text: string): string => `"${escaped(text, '"')}"`;

/** %q of a number. */
export const goRune = (code: number): string => `'${escaped(String.fromCodePoint(code <= 0x10ffff ? code : 0xfffd), "'")}'`;

/** A time.Duration: 1m30s, 1.5s, 100ms, 0s. */
export function goDuration(ns: number): string {
  if (ns === 0) return '0s';
  if (ns < 1e3) return `${ns}ns`;
  if (ns < 1e6) return `${ns / 1e3}µs`;
  if (ns < 1e9) return `${ns / 1e6}ms`;
  const [hours, minutes] = [Math.floor(ns / 3600e9), Math.floor(ns / 60e9) % 60];
  const seconds = `${Math.round(ns % 60e9) / 1e9}s`;
  return hours > 0 ? `${hours}h${minutes}m${seconds}` : minutes > 0 ? `${minutes}m${seconds}` : seconds;
}

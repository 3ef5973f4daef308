// JSON as Go's encoder writes it: maps by key, structs by field, nil slices and maps as null.
import { GoFloat, isNil, JsonNumber, shownFields, sortedKeys, type Struct, typeOf } from './values.ts';

/** A value as JSON.stringify can write it, with keys in Go's order. */
function plain(value: unknown): unknown {
  if (value === undefined || isNil(value)) return null;
  if (value instanceof GoFloat) return value.value;
  if (value instanceof JsonNumber) return Number(value.text);
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Map) return fields(sortedKeys(value).map((key) => [key, value.get(key)]), false);
  return typeof value === 'object' && value !== null ? fields(shownFields(value as Struct), (value as Struct)[typeOf] !== undefined) : value;
}

const fields = (entries: readonly (readonly [string, unknown])[], html: boolean): Ordered => new Ordered(new Map(entries.map(([key, item]) => [key, plain(item)])), html);

/** An object whose keys keep their order even where they look like numbers. */
class Ordered {
  readonly entries: ReadonlyMap<string, unknown>;
  /** Rows of docker's lists always escape <, > and &. */
  readonly html: boolean;
  constructor(entries: ReadonlyMap<string, unknown>, html: boolean) {
    this.entries = entries;
    this.html = html;
  }
}

const escaped: Readonly<Record<string, string>> = { '<': '\\u003c', '>': '\\u003e', '&': '\\u0026' };

/** JSON.stringify leaves these alone; Go does not. */
const text = (value: string, html: boolean): string => {
  const quoted = JSON.stringify(value).replace(/[\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16)}`);
  return html ? quoted.replace(/[<>&]/g, (c) => escaped[c]!) : quoted;
};

interface Style { readonly html: boolean; /** In blanks; 0 is all on one line. */ readonly indent: number }

function write(value: unknown, outer: Style, depth: number): string {
  const style = value instanceof Ordered && value.html ? { ...outer, html: true } : outer;
  if (typeof value === 'string') return text(value, style.html);
  if (Array.isArray(value)) return wrapped('[', value.map((item) => write(item, style, depth + 1)), ']', style, depth);
  if (typeof value === 'bigint') return String(value);
  if (!(value instanceof Ordered)) return JSON.stringify(value);
  return wrapped('{', Array.from(value.entries, ([key, item]) => `${text(key, style.html)}:${style.indent > 0 ? ' ' : ''}${write(item, style, depth + 1)}`), '}', style, depth);
}

function wrapped(open: string, items: readonly string[], close: string, { indent }: Style, depth: number): string {
  if (indent === 0 || items.length === 0) return open + items.join(',') + close;
  const line = (level: number): string => `\n${' '.repeat(indent * level)}`;
  return `${open}${line(depth + 1)}${items.join(`,${line(depth + 1)}`)}${line(depth)}${close}`;
}

/** On one line, or indented by so many blanks. */
export const json = (value: unknown, { indent = 0 }: { readonly indent?: number } = {}): string => write(plain(value), { html: false, indent }, 0);

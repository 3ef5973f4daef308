// The functions of templates, a row each: text/template's own, and those that docker adds.
import { json } from './json.ts';
import { TemplateError } from './nodes.ts';
import { sprint, sprintf, sprintln } from './printf.ts';
import { byteAt, byteLength, byteSlice, isTrue, kindOf, type Kind, numberOf, textOf, typeName, type Typing, zeroOf } from './values.ts';

/** What an argument must be. */
export type Parameter = 'any' | 'string' | 'int' | 'strings';
export const parameterNames: Readonly<Record<Parameter, string>> = { any: 'interface {}', string: 'string', int: 'int', strings: '[]string' };

interface Calling { readonly typing: Typing; /** The arguments as they are written. */ readonly words: readonly string[] }

export interface TemplateFunction {
  readonly parameters: readonly Parameter[];
  /** What further arguments are, where there may be any. */
  readonly rest?: Parameter;
  /** Arguments are looked at until one is as true as this. */
  readonly lazy?: boolean;
  /** Throws TemplateError; what went wrong is said after `error calling NAME: `. */
  call(args: readonly any[], calling: Calling): unknown;
}
export type Functions = Readonly<Record<string, TemplateFunction>>;

const of = (parameters: readonly Parameter[], call: TemplateFunction['call'], rest?: Parameter): TemplateFunction => ({ parameters, call, ...(rest ? { rest } : {}) });
const onText = (change: (text: string) => string): TemplateFunction => of(['string'], ([text]) => change(text));
const fail = (message: string): never => { throw new TemplateError(message); };

/** A kind that can be compared, by the class that it must share with the other. */
const basic: Partial<Record<Kind, string>> = { bool: 'bool', int: 'int', float: 'float', string: 'string' };
const incompatible = 'incompatible types for comparison';

function equal(a: unknown, b: unknown, { typing }: Calling): boolean {
  const [kindA, kindB] = [kindOf(a), kindOf(b)];
  if (basic[kindA] && basic[kindB]) {
    if (kindA !== kindB) return fail(incompatible);
    return kindA === 'float' ? numberOf(a) === numberOf(b) : kindA === 'string' ? textOf(a) === textOf(b) : a === b;
  }
  const isNothing = (kind: Kind): boolean => kind === 'nil' || kind === 'none';
  if (isNothing(kindA) || isNothing(kindB)) return isNothing(kindA) && isNothing(kindB);
  if (basic[kindA] || basic[kindB] || kindA !== kindB) return fail(incompatible);
  return fail(`non-comparable type ${sprintf('%s', [b], typing)}: ${typeName(b, typing)}`);
}

function less(a: unknown, b: unknown): boolean {
  const kind = kindOf(a);
  if (!basic[kind]) return fail('invalid type for comparison');
  if (kindOf(b) !== kind) return fail(basic[kindOf(b)] ? incompatible : 'invalid type for comparison');
  if (kind === 'bool') return fail('invalid type for comparison');
  return kind === 'string' ? textOf(a) < textOf(b) : numberOf(a) < numberOf(b);
}

/** eq takes several to compare the first with. */
function anyEqual([first, ...others]: readonly unknown[], calling: Calling): boolean {
  if (others.length === 0) return fail('missing argument for comparison');
  return others.some((other) => equal(first, other, calling));
}

function indexNumber(value: unknown, typing: Typing): number {
  if (kindOf(value) === 'int') return value as number;
  return fail(kindOf(value) === 'none' || kindOf(value) === 'nil' ? 'cannot index slice/array with nil' : `cannot index slice/array with type ${typeName(value, typing)}`);
}

/** An element of a slice, a byte of a string, an entry of a map. */
function indexed(item: unknown, key: unknown, typing: Typing): unknown {
  const kind = kindOf(item);
  if (kind === 'none' || kind === 'nil') return fail('index of nil pointer');
  if (kind === 'map') {
    if (typeof key !== 'string') return fail(kindOf(key) === 'nil' ? 'value is nil; should be of type string' : `value has type ${typeName(key, typing)}; should be string`);
    const map = item as ReadonlyMap<string, unknown>;
    return map.has(key) ? map.get(key) : zeroOf(map, typing);
  }
  if (kind !== 'slice' && kind !== 'string') return fail(`can't index item of type ${typeName(item, typing).replace(/^\*/, '')}`);
  const at = indexNumber(key, typing);
  const length = kind === 'slice' ? (item as unknown[]).length : byteLength(textOf(item));
  if (at < 0 || at >= length) return fail(`index out of range: ${at}`);
  return kind === 'slice' ? (item as unknown[])[at] : byteAt(textOf(item), at);
}

function index([item, ...keys]: readonly unknown[], { typing }: Calling): unknown {
  if (kindOf(item) === 'none' || kindOf(item) === 'nil') return fail('index of untyped nil');
  return keys.reduce((value, key) => indexed(value, key, typing), item);
}

function slice([item, ...bounds]: readonly unknown[], { typing }: Calling): unknown {
  const kind = kindOf(item);
  if (kind === 'none' || kind === 'nil') return fail('slice of untyped nil');
  if (bounds.length > 3) return fail(`too many slice indexes: ${bounds.length}`);
  if (kind !== 'slice' && kind !== 'string') return fail(`can't slice item of type ${typeName(item, typing)}`);
  if (kind === 'string' && bounds.length === 3) return fail('cannot 3-index slice a string');
  const length = kind === 'slice' ? (item as unknown[]).length : byteLength(textOf(item));
  const places = bounds.map((bound) => {
    const place = indexNumber(bound, typing);
    return place < 0 || place > length ? fail(`index out of range: ${place}`) : place;
  });
  const [from = 0, to = length, end] = places;
  if (from > to) return fail(`invalid slice index: ${from} > ${to}`);
  if (end !== undefined && to > end) return fail(`invalid slice index: ${to} > ${end}`);
  return kind === 'slice' ? (item as unknown[]).slice(from, to) : byteSlice(textOf(item), from, to);
}

const lengths: Partial<Record<Kind, (value: unknown) => number>> = {
  string: (value) => byteLength(textOf(value)), slice: (value) => (value as unknown[]).length, map: (value) => (value as Map<string, unknown>).size,
};

function len([value]: readonly unknown[], { typing }: Calling): number {
  const kind = kindOf(value);
  if (kind === 'none' || kind === 'nil') return fail('reflect: call of reflect.Value.Type on zero Value');
  return lengths[kind]?.(value) ?? fail(`len of type ${typeName(value, typing)}`);
}

function call([first, ...args]: readonly unknown[], { typing, words }: Calling): unknown {
  if (typeof first === 'function') return (first as (...a: unknown[]) => unknown)(...args);
  return fail(first === null || first === undefined ? 'call of nil' : `non-function ${words[0] ?? ''} of type ${typeName(first, typing)}`);
}

const htmlEscapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&#34;', '\'': '&#39;', '\0': '\ufffd' };
const jsEscapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\'': '\\\'', '"': '\\"', '<': '\\u003C', '>': '\\u003E', '&': '\\u0026', '=': '\\u003D' };
const unprintable = (c: string): string => `\\u${c.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
const urlEscape = (c: string): string => Array.from(new TextEncoder().encode(c), (byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');

/** Go changes one character into one: what has no such counterpart stays. */
const each = (text: string, change: (c: string) => string): string => Array.from(text, (c) => ([...change(c)].length === 1 ? change(c) : c)).join('');
const upper = (text: string): string => each(text, (c) => c.toUpperCase());
const lower = (text: string): string => each(text, (c) => [...c.toLowerCase()][0]!);
/** Upper case at the start of each word. In ASCII all but letters, digits and _ end a word, elsewhere blanks do. */
const title = (text: string): string => text.replace(/(?<=^|[\0-/:-@[-^`{-\x7f]|\s)./gsu, upper);
const split = (text: string, separator: string): string[] => (separator === '' ? [...text] : text.split(separator));
const pad = (text: string, before: number, after: number): string => (text === '' ? '' : ' '.repeat(Math.max(0, before)) + text + ' '.repeat(Math.max(0, after)));
const truncate = (text: string, bytes: number): string => (byteLength(text) < bytes ? text : byteSlice(text, 0, Math.max(0, bytes)));
const printed = (change: (text: string) => string): TemplateFunction => of([], (args, { typing }) => change(sprint(args.map((arg) => arg ?? '<no value>'), typing)), 'any');

export const defaultFunctions: Functions = {
  and: { ...of(['any'], () => undefined, 'any'), lazy: false },
  or: { ...of(['any'], () => undefined, 'any'), lazy: true },
  not: of(['any'], ([value]) => !isTrue(value)),
  eq: of(['any'], anyEqual, 'any'),
  ne: of(['any', 'any'], ([a, b], calling) => !equal(a, b, calling)),
  lt: of(['any', 'any'], ([a, b]) => less(a, b)),
  le: of(['any', 'any'], ([a, b], calling) => less(a, b) || equal(a, b, calling)),
  gt: of(['any', 'any'], ([a, b], calling) => !(less(a, b) || equal(a, b, calling))),
  ge: of(['any', 'any'], ([a, b]) => !less(a, b)),
  call: of(['any'], call, 'any'),
  index: of(['any'], index, 'any'),
  slice: of(['any'], slice, 'any'),
  len: of(['any'], len),
  print: of([], (args, { typing }) => sprint(args, typing), 'any'),
  println: of([], (args, { typing }) => sprintln(args, typing), 'any'),
  printf: of(['string'], ([format, ...args], { typing }) => sprintf(format, args, typing), 'any'),
  html: printed((text) => text.replace(/[&<>"'\0]/g, (c) => htmlEscapes[c]!)),
  js: printed((text) => text.replace(/[\\'"<>&=]/g, (c) => jsEscapes[c]!).replace(/[\p{Cc}]/gu, unprintable)),
  urlquery: printed((text) => text.replace(/[^\w.~-]/gu, (c) => (c === ' ' ? '+' : urlEscape(c)))),
  json: of(['any'], ([value]) => json(value)),
  split: of(['string', 'string'], ([text, separator]) => split(text, separator)),
  join: of(['strings', 'string'], ([texts, separator]) => texts.join(separator)),
  title: onText(title),
  lower: onText(lower),
  upper: onText(upper),
  pad: of(['string', 'int', 'int'], ([text, before, after]) => pad(text, before, after)),
  truncate: of(['string', 'int'], ([text, bytes]) => truncate(text, bytes)),
};

/** In the headings of a table these leave the heading as it is. */
export const headingFunctions: Functions = {
  ...defaultFunctions,
  ...Object.fromEntries(['json', 'title', 'lower', 'upper'].map((name) => [name, onText((text) => text)])),
  truncate: of(['string', 'int'], ([text]) => text),
};

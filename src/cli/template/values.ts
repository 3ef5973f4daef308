// What templates work with: JavaScript values read as Go's. A plain object is a struct (a field that is not there is an error), a Map is a map (a key that is not there is "<no value>").

/** A float64, where a number written as one must stay one: 1.0. Numbers that are integers are ints, all others floats. */
export class GoFloat {
  readonly value: number;
  constructor(value: number) { this.value = value; }
}

/** A number of a JSON document that was read without types: a string to Go. */
export class JsonNumber {
  readonly text: string;
  constructor(text: string) { this.text = text; }
}

/** Slices and maps that are nil: JSON writes null, templates see them empty. */
export const nilSlice: readonly unknown[] = Object.freeze([]);
export const nilMap: ReadonlyMap<string, never> = new Map<string, never>();

export const isNil = (value: unknown): boolean => value === nilSlice || value === nilMap;

/** The Go type of a struct, for error messages. */
export const typeOf: unique symbol = Symbol('type');
/** The fields of a struct that JSON leaves out when they are empty. */
export const omitEmpty: unique symbol = Symbol('omit empty');

/** A field that is undefined is a nil pointer that JSON leaves out. */
export type Struct = Readonly<Record<string, unknown>> & { readonly [typeOf]?: string; readonly [omitEmpty]?: readonly string[] };

/** The fields of a struct that JSON shows. */
export const shownFields = (struct: Struct): [string, unknown][] =>
  Object.entries(struct).filter(([key, value]) => value !== undefined && typeof value !== 'function' && !(struct[omitEmpty]?.includes(key) && !isTrue(value)));

/** undefined is Go's "no value", null its nil. */
export type Kind = 'none' | 'nil' | 'bool' | 'int' | 'float' | 'string' | 'slice' | 'map' | 'struct' | 'func';

export function kindOf(value: unknown): Kind {
  if (value === undefined) return 'none';
  if (value === null) return 'nil';
  if (typeof value === 'bigint') return 'int';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float';
  if (value instanceof GoFloat) return 'float';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'string' || value instanceof JsonNumber) return 'string';
  if (Array.isArray(value)) return 'slice';
  if (value instanceof Map) return 'map';
  return typeof value === 'function' ? 'func' : 'struct';
}

/** How a document's types are known: as structs, or as JSON read without types. */
export type Typing = 'typed' | 'untyped';

const plainNames: Partial<Record<Kind, string>> = { none: '<nil>', nil: '<nil>', bool: 'bool', int: 'int', float: 'float64', func: 'func()' };

/** The name of the Go type that a value would have. */
export function typeName(value: unknown, typing: Typing): string {
  const kind = kindOf(value);
  const element = typing === 'typed' ? 'string' : 'interface {}';
  if (kind === 'string') return value instanceof JsonNumber ? 'json.Number' : 'string';
  if (kind === 'slice') return `[]${element}`;
  if (kind === 'map') return `map[string]${element}`;
  return plainNames[kind] ?? (value as Struct)[typeOf] ?? 'struct';
}

/** The number in an int or a float. */
export const numberOf = (value: unknown): number => (value instanceof GoFloat ? value.value : Number(value));
export const textOf = (value: unknown): string => (value instanceof JsonNumber ? value.text : String(value));

const empty: Partial<Record<Kind, (value: unknown) => boolean>> = {
  none: () => true, nil: () => true, bool: (v) => v === false, int: (v) => v === 0, float: (v) => numberOf(v) === 0, string: (v) => textOf(v) === '',
  slice: (v) => (v as unknown[]).length === 0, map: (v) => (v as Map<string, unknown>).size === 0,
};

/** What {{if}} asks. */
export const isTrue = (value: unknown): boolean => !(empty[kindOf(value)]?.(value) ?? false);

/** Keys in the order in which Go walks maps. */
export const sortedKeys = (map: ReadonlyMap<string, unknown>): string[] => [...map.keys()].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));

/** What indexing a map gives for a key that is not there: the zero of what its values are. */
export function zeroOf(map: ReadonlyMap<string, unknown>, typing: Typing): unknown {
  if (typing === 'untyped') return undefined;
  const [some] = map.values();
  const zeros: Partial<Record<Kind, unknown>> = { int: 0, bool: false, slice: nilSlice, map: nilMap, struct: {} };
  return zeros[kindOf(some)] ?? '';
}

/** A JSON document without types: objects are maps, numbers keep their spelling. */
export function untyped(value: unknown): unknown {
  if (typeof value === 'number') return new JsonNumber(String(value));
  if (Array.isArray(value)) return isNil(value) ? null : value.map(untyped);
  if (value instanceof Map) return isNil(value) ? null : new Map(Array.from(value, ([key, item]) => [key, untyped(item)]));
  if (typeof value !== 'object' || value === null) return value;
  return new Map(shownFields(value as Struct).map(([key, item]) => [key, untyped(item)]));
}

const encoder = new TextEncoder();
/** Length in bytes of the UTF-8 text. */
export const byteLength = (text: string): number => encoder.encode(text).length;
/** Bytes [from, to) of the UTF-8 text. */
export const byteSlice = (text: string, from: number, to?: number): string => new TextDecoder().decode(encoder.encode(text).subarray(from, to));
export const byteAt = (text: string, at: number): number | undefined => encoder.encode(text)[at];

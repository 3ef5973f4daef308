// Go's fmt: how values print (%v), and printf with its verbs, flags, widths and complaints.
import { kindOf, type Kind, nilMap, numberOf, sortedKeys, textOf, typeName, type Typing } from './values.ts';

/** One verb of a format: `%-8.3f`. */
interface Directive { readonly flags: string; readonly width: number | undefined; readonly precision: number | undefined; readonly verb: string; readonly typing: Typing }

const hex = (bytes: Uint8Array, between: string): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(between);

/** To the width, with blanks (or zeros after the sign). */
function padded(text: string, { flags, width = 0 }: Directive, zeros: boolean): string {
  const lack = width - [...text].length;
  if (lack <= 0) return text;
  if (flags.includes('-')) return text + ' '.repeat(lack);
  if (!zeros || !flags.includes('0')) return ' '.repeat(lack) + text;
  const [, sign, digits] = /^([+\- ]?)(.*)$/s.exec(text)!;
  return sign + '0'.repeat(lack) + digits;
}

const signed = (text: string, negative: boolean, flags: string): string => (negative ? '-' : flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '') + text;

const bases: Readonly<Record<string, readonly [number, string]>> = { d: [10, ''], b: [2, '0b'], o: [8, '0'], O: [8, ''], x: [16, '0x'], X: [16, '0X'] };

function integer(value: number, directive: Directive): string {
  const { flags, verb, precision } = directive;
  const [base, prefix] = bases[verb]!;
  const digits = Math.abs(value).toString(base).padStart(precision ?? 0, '0');
  const text = `${verb === 'O' ? '0o' : flags.includes('#') ? prefix : ''}${verb === 'X' ? digits.toUpperCase() : digits}`;
  return padded(signed(text, value < 0, flags), directive, precision === undefined);
}

/** JavaScript's exponents have no leading zero. */
const exponent = (text: string): string => text.replace(/e([+-])(\d)$/, 'e$10$2');

/** The shortest text that gives the number back, with an exponent where Go's %v has one. */
function shortest(value: number): string {
  const power = value === 0 ? 0 : Number(value.toExponential().split('e')[1]);
  return power < -4 || power > 5 ? exponent(value.toExponential()) : String(value);
}

function general(value: number, precision: number | undefined): string {
  if (precision === undefined) return shortest(value);
  const digits = Math.min(precision || 1, DIGITS);
  const power = Number(value.toExponential(digits - 1).split('e')[1]);
  if (power < -4 || power >= digits) return exponent(Number(value.toPrecision(digits)).toExponential());
  return String(Number(value.toPrecision(digits)));
}

/** JavaScript rounds to at most so many digits. */
const DIGITS = 100;
const fixed = (value: number, precision = 6): string => value.toFixed(Math.min(precision, DIGITS)) + '0'.repeat(Math.max(0, precision - DIGITS));
const scientific = (value: number, precision = 6): string => exponent(value.toExponential(Math.min(precision, DIGITS)));

const floats: Readonly<Record<string, (value: number, precision: number | undefined) => string>> = {
  f: fixed, F: fixed, e: scientific, E: (v, p) => scientific(v, p).toUpperCase(),
  g: general, G: (v, p) => general(v, p).toUpperCase(), v: general,
};

const float = (value: number, directive: Directive): string => padded(signed(floats[directive.verb]!(Math.abs(value), directive.precision), value < 0, directive.flags), directive, true);

const goEscapes: Readonly<Record<string, string>> = { '\x07': '\\a', '\b': '\\b', '\f': '\\f', '\n': '\\n', '\r': '\\r', '\t': '\\t', '\v': '\\v', '\\': '\\\\' };

/** strconv.Quote. */
function quoted(text: string, mark = '"'): string {
  const inner = Array.from(text, (c) => goEscapes[c] ?? (c === mark ? `\\${c}` : /[\p{C}]/u.test(c) ? unprintable(c.codePointAt(0)!) : c)).join('');
  return mark + inner + mark;
}
const unprintable = (code: number): string => (code < 0x80 ? `\\x${code.toString(16).padStart(2, '0')}` : code < 0x10000 ? `\\u${code.toString(16).padStart(4, '0')}` : `\\U${code.toString(16).padStart(8, '0')}`);

function string(text: string, directive: Directive): string {
  const { verb, flags, precision } = directive;
  const cut = precision === undefined ? text : [...text].slice(0, precision).join('');
  if (verb === 'q' || (verb === 'v' && flags.includes('#'))) return padded(flags.includes('#') && verb === 'q' && !cut.includes('`') ? `\`${cut}\`` : quoted(cut), directive, false);
  if (verb === 's' || verb === 'v') return padded(cut, directive, false);
  const digits = hex(new TextEncoder().encode(cut), flags.includes(' ') ? ' ' : '');
  return padded((flags.includes('#') ? '0x' : '') + (verb === 'X' ? digits.toUpperCase() : digits), directive, false);
}

const character = (code: number): string => (code >= 0 && code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd');

function number(value: number, directive: Directive): string {
  const { verb } = directive;
  if (verb === 'v') return integer(value, { ...directive, verb: 'd' });
  if (verb === 'c') return padded(character(value), directive, false);
  if (verb === 'q') return padded(quoted(character(value), '\''), directive, false);
  if (verb === 'U') return padded(`U+${value.toString(16).toUpperCase().padStart(4, '0')}`, directive, false);
  return integer(value, directive);
}

interface Printer { readonly verbs: string; print(value: unknown, directive: Directive): string }

/** Which verbs a kind has, and what they print. Slices, maps and structs hand the verb on to what they hold. */
const printers: Readonly<Record<Exclude<Kind, 'none'>, Printer>> = {
  nil: { verbs: 'v', print: (_, directive) => padded('<nil>', directive, false) },
  bool: { verbs: 'tv', print: (value, directive) => padded(String(value), directive, false) },
  int: { verbs: 'vdboOxXcqU', print: (value, directive) => number(value as number, directive) },
  float: { verbs: 'vfFeEgG', print: (value, directive) => float(numberOf(value), directive) },
  string: { verbs: 'vsqxX', print: (value, directive) => string(textOf(value), directive) },
  func: { verbs: '', print: () => '' },
  slice: { verbs: '*', print: (value, directive) => sequence(value, (value as unknown[]).map((item) => one(item, directive)), '[', ']', directive) },
  map: { verbs: '*', print: (value, directive) => sequence(value, sortedKeys(value as Map<string, unknown>).map((key) => `${one(key, directive)}:${one((value as Map<string, unknown>).get(key), directive)}`), 'map[', ']', directive) },
  struct: { verbs: '*', print: (value, directive) => sequence(value, Object.entries(value as object).filter(([, item]) => typeof item !== 'function')
    .map(([key, item]) => (/[+#]/.test(directive.flags) && directive.verb === 'v' ? `${key}:` : '') + one(item, directive)), '{', '}', directive) },
};

/** `[a b]`; with %#v as Go source would have it. */
function sequence(value: unknown, items: readonly string[], open: string, close: string, { flags, verb, typing }: Directive): string {
  if (verb !== 'v' || !flags.includes('#')) return open + items.join(' ') + close;
  return value === nilMap ? `${typeName(value, typing)}(nil)` : `${typeName(value, typing)}{${items.join(', ')}}`;
}

function one(value: unknown, directive: Directive): string {
  const kind = kindOf(value ?? null) as Exclude<Kind, 'none'>;
  if (directive.verb === 'T') return padded(typeName(value, directive.typing), directive, false);
  const printer = printers[kind];
  if (printer.verbs === '*' || (printer.verbs.includes(directive.verb))) return printer.print(value ?? null, directive);
  return kind === 'nil' ? `%!${directive.verb}(<nil>)` : `%!${directive.verb}(${typeName(value, directive.typing)}=${one(value, { ...directive, verb: 'v' })})`;
}

/** A value as %v prints it. */
export const formatted = (value: unknown, typing: Typing = 'typed'): string => one(value, { flags: '', width: undefined, precision: undefined, verb: 'v', typing });

const directivePattern = /^([-+# 0]*)(?:\[(\d+)\])?(\*|\d+)?(?:(\.)(?:\[(\d+)\])?(\*|\d+)?)?(?:\[(\d+)\])?/;

/** The arguments of a printf, taken in order or by number. */
class Arguments {
  readonly #values: readonly unknown[];
  #next = 0;
  reordered = false;
  constructor(values: readonly unknown[]) { this.#values = values; }
  goTo(said: string | undefined): void {
    if (said === undefined) return;
    this.#next = Number(said) - 1;
    this.reordered = true;
  }
  get bad(): boolean { return this.reordered && (this.#next < 0 || this.#next >= this.#values.length); }
  get ended(): boolean { return this.#next >= this.#values.length; }
  take(): unknown { return this.#values[this.#next++]; }
  /** What nobody asked for. */
  rest(): readonly unknown[] { return this.reordered ? [] : this.#values.slice(this.#next); }
}

/** Go takes no width or precision beyond. */
const MOST = 1_000_000;

/** A width or precision: a number, or with `*` the next argument. NaN: too large, or no number. */
function sizeOf(said: string | undefined, args: Arguments): number | undefined {
  if (said === undefined) return undefined;
  const size = said === '*' ? args.take() : Number(said);
  return typeof size === 'number' && Number.isInteger(size) && Math.abs(size) <= MOST ? size : NaN;
}

/** Go's Sprintf. */
export function sprintf(format: string, values: readonly unknown[], typing: Typing): string {
  const args = new Arguments(values);
  let out = '';
  for (let at = 0; at < format.length;) {
    const percent = format.indexOf('%', at);
    if (percent < 0) { out += format.slice(at); break; }
    out += format.slice(at, percent);
    const [all, flags, widthIndex, width, point, precisionIndex, precision, index] = directivePattern.exec(format.slice(percent + 1))!;
    args.goTo(widthIndex);
    const wide = sizeOf(width, args);
    args.goTo(precisionIndex);
    const precise = point === undefined ? undefined : sizeOf(precision, args) ?? 0;
    args.goTo(index);
    const code = format.codePointAt(percent + 1 + all.length);
    const verb = code === undefined ? '' : String.fromCodePoint(code);
    at = percent + 1 + all.length + verb.length;
    const left = wide !== undefined && wide < 0 ? '-' : '';
    out += verbText(args, { flags: flags! + left, width: wide === undefined ? undefined : Math.abs(wide), precision: precise, verb, typing });
  }
  const extra = args.rest();
  return extra.length === 0 ? out : `${out}%!(EXTRA ${extra.map((value) => (value === null || value === undefined ? '<nil>' : `${typeName(value, typing)}=${formatted(value, typing)}`)).join(', ')})`;
}

function verbText(args: Arguments, directive: Directive): string {
  if (directive.verb === '') return '%!(NOVERB)';
  if (directive.verb === '%') return '%';
  if (Number.isNaN(directive.width)) return '%!(BADWIDTH)';
  if (Number.isNaN(directive.precision)) return '%!(BADPREC)';
  if (args.bad) return `%!${directive.verb}(BADINDEX)`;
  return args.ended ? `%!${directive.verb}(MISSING)` : one(args.take(), directive);
}

/** Go's Sprint: a blank between two operands of which none is a string. */
export const sprint = (values: readonly unknown[], typing: Typing): string =>
  values.map((value, i) => (i > 0 && typeof value !== 'string' && typeof values[i - 1] !== 'string' ? ' ' : '') + formatted(value, typing)).join('');

/** Go's Sprintln. */
export const sprintln = (values: readonly unknown[], typing: Typing): string => `${values.map((value) => formatted(value, typing)).join(' ')}\n`;

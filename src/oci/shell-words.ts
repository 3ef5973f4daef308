// Words of a Dockerfile instruction: quotes, backslashes and variables, by the rules of Docker's builder (its shlex package and parser).
import { Glob, type GlobPart } from '../base/index.ts';
import { ImageError } from './errors.ts';

export type Variables = (name: string) => string | undefined;

const bad = (text: string, what: string): ImageError => new ImageError('bad-change', `failed to process ${JSON.stringify(text)}: ${what}`);

/** How a Dockerfile is read. */
export interface WordRules {
  /** A backslash, or what the directive `escape` says. */
  readonly escape?: string;
  /** Quotes stay, and escapes of anything but themselves and `$`, as in here-documents of a shell. */
  readonly raw?: boolean;
}

/** The first of `splitWords`; '' when there is none. */
export const firstWord = (text: string, escape = '\\'): string => wordPattern(escape, 's').exec(text)?.[0] ?? '';

/** Splits at white space outside of quotes; quotes and escapes stay (they are read by `expand`). */
export const splitWords = (text: string, escape = '\\'): string[] => text.match(wordPattern(escape, 'gs')) ?? [];

function wordPattern(escape: string, flags: string): RegExp {
  const e = escape === '\\' ? '\\\\' : escape;
  return new RegExp(`(?:${e}.|'[^']*(?:'|$)|"(?:${e}.|[^"${e}])*(?:"|$)|[^\\s${e}'"]|${e}$)+`, flags);
}

/** A word with quotes and escapes taken away and variables replaced. Throws ImageError 'bad-change'. */
export const expand = (text: string, variables: Variables, rules: WordRules = {}): string => new Expansion(text, variables, rules).run();

/** Words may have words inside, so deep. */
const DEEPEST = 500;

class Expansion {
  readonly #text: string;
  readonly #variables: Variables;
  readonly #escape: string;
  readonly #raw: boolean;
  #at = 0;
  #depth = 0;

  constructor(text: string, variables: Variables, { escape = '\\', raw = false }: WordRules) {
    this.#text = text;
    this.#variables = variables;
    this.#escape = escape;
    this.#raw = raw;
  }

  run(): string { return this.#until(''); }

  /** Everything up to a closing character, or the end for ''. `keepEscapes`: of patterns, which have escapes of their own. */
  #until(end: string, keepEscapes = false): string {
    if (++this.#depth > DEEPEST) throw bad(this.#text, 'too many substitutions inside each other');
    try { return this.#upTo(end, keepEscapes); } finally { this.#depth--; }
  }

  #upTo(end: string, keepEscapes: boolean): string {
    let out = '';
    while (this.#at < this.#text.length) {
      const char = this.#text[this.#at]!;
      if (char === end) return out;
      this.#at++;
      if (char === "'" && !this.#raw) out += this.#single();
      else if (char === '"' && !this.#raw) out += this.#double();
      else if (char === '$') out += this.#variable();
      else if (char === this.#escape) out += this.#escaped(keepEscapes);
      else out += char;
    }
    if (end !== '') throw bad(this.#text, `syntax error: missing '${end}'${end === '/' ? ' in ${}' : ''}`);
    return out;
  }

  #escaped(keepEscapes: boolean): string {
    const next = this.#text[this.#at++] ?? '';
    const keeps = keepEscapes || (this.#raw && next !== '$' && next !== this.#escape);
    return (keeps ? this.#escape : '') + next;
  }

  #single(): string {
    const close = this.#text.indexOf("'", this.#at);
    if (close < 0) throw bad(this.#text, 'unexpected end of statement while looking for matching single-quote');
    const inside = this.#text.slice(this.#at, close);
    this.#at = close + 1;
    return inside;
  }

  #double(): string {
    let out = '';
    while (this.#at < this.#text.length) {
      const char = this.#text[this.#at++]!;
      if (char === '"') return out;
      if (char === '$') out += this.#variable();
      else if (char === this.#escape && this.#at < this.#text.length) {
        const next = this.#text[this.#at++]!;
        out += next === '"' || next === '$' || next === this.#escape ? next : this.#escape + next;
      } else out += char;
    }
    throw bad(this.#text, 'unexpected end of statement while looking for matching double-quote');
  }

  /** After a `$`: a name, or braces with a modifier: - + ? with or without a colon, # ## % %% / //. */
  #variable(): string {
    if (this.#text[this.#at] !== '{') {
      const name = this.#name();
      return name === '' ? '$' : this.#variables(name) ?? '';
    }
    this.#at++;
    if (this.#at === this.#text.length) throw bad(this.#text, 'syntax error: missing \'}\'');
    const name = this.#name();
    if (name === '') throw bad(this.#text, 'syntax error: bad substitution');
    const operator = /^(?::?[-+?]|[}#%]|\/\/?)/.exec(this.#text.slice(this.#at))?.[0];
    if (operator === undefined) throw bad(this.#text, this.#at === this.#text.length ? 'syntax error: missing \'}\'' : `unsupported modifier (${/^:?[^]?/.exec(this.#text.slice(this.#at))![0]}) in substitution`);
    this.#at += operator.length;
    if (operator === '}') return this.#variables(name) ?? '';
    if (operator.startsWith('/')) return this.#replaced(name, operator === '//');
    const word = this.#until('}', operator === '#' || operator === '%');
    this.#at++;
    return operator === '#' || operator === '%' ? trimmed(this.#variables(name) ?? '', operator, word) : this.#substitute(name, operator, word);
  }

  #substitute(name: string, operator: string, word: string): string {
    const value = this.#variables(name);
    const set = value !== undefined && !(operator.startsWith(':') && value === '');
    if (operator.endsWith('-')) return set ? value : word;
    if (operator.endsWith('+')) return set ? word : '';
    if (!set) throw bad(this.#text, `${name}: ${word || `is not allowed to be ${value === undefined ? 'unset' : 'empty'}`}`);
    return value;
  }

  /** ${name/pattern/replacement}, or with // for all of them. */
  #replaced(name: string, all: boolean): string {
    const pattern = this.#until('/', true);
    this.#at++;
    const replacement = this.#until('}', true);
    this.#at++;
    return replaced(this.#variables(name) ?? '', pattern, replacement, all);
  }

  #name(): string {
    const name = /^(?:[\p{L}_][\p{L}\p{Nd}_]*|\p{Nd}+|[@*#?$!-])/u.exec(this.#text.slice(this.#at))?.[0] ?? '';
    this.#at += name.length;
    return name;
  }
}

/** ${name#pattern} and ${name%pattern}: the shortest beginning or end that matches is left out, with a doubled sign the longest. */
function trimmed(value: string, sign: string, word: string): string {
  const greedy = word.startsWith(sign);
  const parts = shellPattern(greedy ? word.slice(1) : word);
  const fromEnd = sign === '%';
  const lengths = new Glob(fromEnd ? parts.reverse() : parts).lengths(fromEnd ? [...value].reverse().join('') : value);
  const length = (greedy ? lengths.at(-1) : lengths[0]) ?? 0;
  return fromEnd ? value.slice(0, value.length - length) : value.slice(length);
}

/** ${name/pattern/text}: the first longest match, with two slashes all of them. */
function replaced(value: string, pattern: string, text: string, all: boolean): string {
  const glob = new Glob(shellPattern(pattern));
  let out = '';
  for (let at = 0; at <= value.length;) {
    const length = glob.lengths(value, at).at(-1);
    if (length === undefined) out += value[at++] ?? '';
    else {
      out += text;
      if (!all) return out + value.slice(at + length);
      if (length === 0) out += value[at] ?? '';
      at += Math.max(1, length);
    }
    if (at === value.length) return out;
  }
  return out;
}

/** A pattern of the shell: * and ?, escapes by a backslash. */
const shellPattern = (pattern: string): GlobPart[] =>
  Array.from(pattern.matchAll(/\\(.)|[^]/gs), ([char, escaped]): GlobPart => (escaped === undefined && char === '*' ? { many: () => true } : escaped === undefined && char === '?' ? { one: () => true } : { one: (other) => other === (escaped ?? char) }));

// Words of a Dockerfile instruction: quotes, backslashes and variables, by the rules of Docker's builder (its shlex package and parser).
import { ImageError } from './errors.ts';

export type Variables = (name: string) => string | undefined;

const bad = (text: string, what: string): ImageError => new ImageError('bad-change', `failed to process ${JSON.stringify(text)}: ${what}`);

/** Splits at white space outside of quotes; quotes and backslashes stay (they are read by `expand`). */
export const splitWords = (text: string): string[] => text.match(/(?:\\.|'[^']*(?:'|$)|"(?:\\.|[^"\\])*(?:"|$)|[^\s\\'"]|\\$)+/gs) ?? [];

/** A word with quotes and backslashes taken away and variables replaced. Throws ImageError 'bad-change'. */
export const expand = (text: string, variables: Variables): string => new Expansion(text, variables).run();

class Expansion {
  readonly #text: string;
  readonly #variables: Variables;
  #at = 0;

  constructor(text: string, variables: Variables) {
    this.#text = text;
    this.#variables = variables;
  }

  run(): string { return this.#until(''); }

  /** Everything up to a closing character, or the end for ''. */
  #until(end: string): string {
    let out = '';
    while (this.#at < this.#text.length) {
      const char = this.#text[this.#at]!;
      if (char === end) return out;
      this.#at++;
      if (char === "'") out += this.#single();
      else if (char === '"') out += this.#double();
      else if (char === '$') out += this.#variable();
      else if (char === '\\') out += this.#text[this.#at++] ?? '';
      else out += char;
    }
    if (end !== '') throw bad(this.#text, `unexpected end of statement while looking for matching ${end}`);
    return out;
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
      else if (char === '\\' && this.#at < this.#text.length) {
        const next = this.#text[this.#at++]!;
        out += /["$\\]/.test(next) ? next : `\\${next}`;
      } else out += char;
    }
    throw bad(this.#text, 'unexpected end of statement while looking for matching double-quote');
  }

  /** After a `$`: a name, or braces with `:-`, `:+` or `:?`. */
  #variable(): string {
    if (this.#text[this.#at] !== '{') {
      const name = this.#name();
      return name === '' ? '$' : this.#variables(name) ?? '';
    }
    this.#at++;
    const name = this.#name();
    if (name === '') throw bad(this.#text, 'syntax error: bad substitution');
    const operator = /^:?[-+?]/.exec(this.#text.slice(this.#at))?.[0] ?? '';
    this.#at += operator.length;
    const word = operator === '' ? '' : this.#until('}');
    if (this.#text[this.#at++] !== '}') throw bad(this.#text, 'syntax error: missing \'}\'');
    return this.#substitute(name, operator, word);
  }

  #substitute(name: string, operator: string, word: string): string {
    const value = this.#variables(name);
    const set = value !== undefined && !(operator.startsWith(':') && value === '');
    if (operator.endsWith('-')) return set ? value : word;
    if (operator.endsWith('+')) return set ? word : '';
    if (operator.endsWith('?') && !set) throw bad(this.#text, `${name}: ${word || 'not allowed to be unset'}`);
    return value ?? '';
  }

  #name(): string {
    const name = /^(?:[A-Za-z_]\w*|[0-9@*#])/.exec(this.#text.slice(this.#at))?.[0] ?? '';
    this.#at += name.length;
    return name;
  }
}

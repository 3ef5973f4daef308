// Cuts a Go template into tokens: text, and what lies between {{ and }} (text/template's grammar).

export type TokenKind =
  | 'text' | 'open' | 'close' | 'space' | 'field' | 'variable' | 'identifier' | 'keyword' | 'number' | 'string' | 'character' | 'boolean' | 'nil' | 'dot'
  | 'pipe' | 'declare' | 'assign' | 'left paren' | 'right paren' | 'other' | 'end of file' | 'error';

/** `at` is the place in the template, in UTF-16 units; an 'error' token's text is what is wrong. */
export interface Token { readonly kind: TokenKind; readonly text: string; readonly at: number; readonly line: number }

const keywords = new Set(['block', 'break', 'continue', 'define', 'else', 'end', 'if', 'range', 'template', 'with']);
const constants: Readonly<Record<string, TokenKind>> = { true: 'boolean', false: 'boolean', nil: 'nil' };
const single: Readonly<Record<string, TokenKind>> = { '|': 'pipe', '=': 'assign', '(': 'left paren', ')': 'right paren' };

const word = /[\p{L}\p{Nd}_]/u;
const blank = /[ \t\r\n]/;
/** After the opening braces, or before the closing ones: a minus that takes blanks away. */
const trimOpen = /^-[ \t\r\n]/, trimClose = /^[ \t\r\n]-\}\}/;
const numberPattern = /^[+-]?(?:0[xX][0-9a-fA-F_]*(?:\.[0-9a-fA-F_]*)?(?:[pP][+-]?[0-9_]*)?|0[oO][0-7_]*|0[bB][01_]*|[0-9_]*(?:\.[0-9_]*)?(?:[eE][+-]?[0-9_]*)?)i?/;

/** `U+0021 '!'`, as Go shows a character. */
const shown = (character: string): string => `U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}${/\P{C}/u.test(character) ? ` '${character}'` : ''}`;

class WrongToken extends Error {}

class Lexer {
  readonly tokens: Token[] = [];
  readonly #input: string;
  #at = 0;
  #line = 1;
  #parens = 0;
  constructor(input: string) { this.#input = input; }

  get #rest(): string { return this.#input.slice(this.#at); }
  #peek(): string { return this.#at < this.#input.length ? String.fromCodePoint(this.#input.codePointAt(this.#at)!) : ''; }

  #take(kind: TokenKind, length: number, text = this.#input.slice(this.#at, this.#at + length)): void {
    const covered = this.#input.slice(this.#at, this.#at + length);
    this.tokens.push({ kind, text, at: this.#at, line: this.#line });
    this.#skip(covered.length);
  }

  #skip(length: number): void {
    for (let i = this.#at; i < this.#at + length; i++) if (this.#input[i] === '\n') this.#line++;
    this.#at += length;
  }

  run(): Token[] {
    try {
      while (this.#at < this.#input.length) this.#text();
      this.tokens.push({ kind: 'end of file', text: '', at: this.#at, line: this.#line });
    } catch (error) {
      if (!(error instanceof WrongToken)) throw error;
      this.tokens.push({ kind: 'error', text: error.message, at: this.#at, line: this.#line });
    }
    return this.tokens;
  }

  /** Text up to the next opening braces, then the action. */
  #text(): void {
    const open = this.#input.indexOf('{{', this.#at);
    const end = open < 0 ? this.#input.length : open;
    const trims = open >= 0 && trimOpen.test(this.#input.slice(open + 2));
    const raw = this.#input.slice(this.#at, end);
    const text = trims ? raw.replace(/[ \t\r\n]+$/, '') : raw;
    if (text !== '') this.#take('text', raw.length, text);
    else this.#skip(raw.length);
    if (open < 0) return;
    const marker = trims ? 2 : 0;
    if (this.#input.startsWith('/*', open + 2 + marker)) return this.#comment(2 + marker);
    this.#take('open', 2 + marker);
    this.#parens = 0;
    while (!this.#close()) this.#inside();
  }

  #comment(skipped: number): void {
    const end = this.#input.indexOf('*/', this.#at + skipped + 2);
    if (end < 0) throw new WrongToken('unclosed comment');
    this.#skip(end + 2 - this.#at);
    const trims = trimClose.test(this.#rest);
    if (!trims && !this.#rest.startsWith('}}')) throw new WrongToken('comment ends before closing delimiter');
    this.#skip(trims ? 4 : 2);
    if (trims) this.#skipBlanks();
  }

  #skipBlanks(): void { this.#skip(/^[ \t\r\n]*/.exec(this.#rest)![0].length); }

  /** Takes the closing braces, if they are next. */
  #close(): boolean {
    const trims = trimClose.test(this.#rest);
    if (!trims && !this.#rest.startsWith('}}')) return false;
    if (this.#parens > 0) throw new WrongToken('unclosed left paren');
    this.#take('close', trims ? 4 : 2);
    if (trims) this.#skipBlanks();
    return true;
  }

  #inside(): void {
    const next = this.#peek();
    if (next === '') throw new WrongToken('unclosed action');
    if (blank.test(next)) return this.#take('space', this.#blanks());
    if (next === ':') return this.#declare();
    if (single[next]) return this.#single(next);
    if (next === '"') return this.#quoted(/^"(?:[^"\\\n]|\\[^\n])*"/, 'string', 'unterminated quoted string');
    if (next === '`') return this.#quoted(/^`[^`]*`/, 'string', 'unterminated raw quoted string');
    if (next === '\'') return this.#quoted(/^'(?:[^'\\\n]|\\[^\n])*'/, 'character', 'unterminated character constant');
    if (next === '$') return this.#name('variable');
    if (/^(?:[+-]|\.?[0-9])/.test(this.#rest)) return this.#number();
    if (next === '.') return this.#name('field');
    if (word.test(next)) return this.#name('identifier');
    if (!/^[\x20-\x7e]$/.test(next)) throw new WrongToken(`unrecognized character in action: ${shown(next)}`);
    this.#take('other', 1);
  }

  /** How many blanks are next; the one that belongs to a trimming close is not counted. */
  #blanks(): number {
    const { length } = /^[ \t\r\n]+/.exec(this.#rest)![0];
    return length > 1 && trimClose.test(this.#rest.slice(length - 1)) ? length - 1 : length;
  }

  #declare(): void {
    if (!this.#rest.startsWith(':=')) throw new WrongToken('expected :=');
    this.#take('declare', 2);
  }

  #single(next: string): void {
    if (next === '(') this.#parens++;
    if (next === ')' && --this.#parens < 0) throw new WrongToken('unexpected right paren');
    this.#take(single[next]!, 1);
  }

  #quoted(pattern: RegExp, kind: TokenKind, unterminated: string): void {
    const found = pattern.exec(this.#rest);
    if (!found) throw new WrongToken(unterminated);
    this.#take(kind, found[0].length);
  }

  #number(): void {
    const text = numberPattern.exec(this.#rest)![0];
    const after = this.#input.slice(this.#at + text.length, this.#at + text.length + 1);
    if (word.test(after)) throw new WrongToken(`bad number syntax: ${JSON.stringify(text + after)}`);
    this.#take('number', text.length);
  }

  /** A field with its dot, a variable with its $, or a bare word. */
  #name(kind: 'field' | 'variable' | 'identifier'): void {
    const marker = kind === 'identifier' ? 0 : 1;
    let length = marker;
    for (let c; (c = this.#input[this.#at + length]) !== undefined && word.test(c);) length++;
    const text = this.#input.slice(this.#at, this.#at + length);
    this.#demandTerminator(length);
    if (kind !== 'identifier') return this.#take(text === '.' ? 'dot' : kind, length);
    this.#take(keywords.has(text) ? 'keyword' : constants[text] ?? 'identifier', length);
  }

  /** A name ends at a blank, at punctuation of the language or at the closing braces. */
  #demandTerminator(length: number): void {
    const after = this.#input.slice(this.#at + length);
    if (after === '' || /^[ \t\r\n.,|:()]/.test(after) || after.startsWith('}}')) return;
    throw new WrongToken(`bad character ${shown(String.fromCodePoint(after.codePointAt(0)!))}`);
  }
}

/** The tokens of a template; the last one is 'end of file' or 'error'. */
export const lex = (input: string): Token[] => new Lexer(input).run();

// A Dockerfile's text as instructions: directives, comments, continued lines, here-documents (BuildKit's dockerfile/parser).
import { BuildError, syntaxError } from './errors.ts';
import { type Heredoc, heredocsOf } from './heredoc.ts';

/** One instruction as it was written. */
export interface Instruction {
  /** Of the first line, from 1. */
  readonly line: number;
  /** In capitals. */
  readonly name: string;
  /** What follows the name, continued lines joined. */
  readonly rest: string;
  /** The whole instruction, as progress shows it. */
  readonly text: string;
  readonly heredocs: readonly Heredoc[];
}

export interface Dockerfile { readonly instructions: readonly Instruction[]; /** The character that escapes, and continues lines. */ readonly escape: string; /** Those with empty lines where they are continued. */ readonly warnings: readonly string[] }

/** Those whose bodies may follow. */
const withHeredocs = /^(?:ONBUILD\s+)?(?:RUN|COPY|ADD)$/i;
const directive = /^#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(.+?)\s*$/;
const known = ['escape', 'syntax', 'check'];

/** Reads a Dockerfile. Throws BuildError 'SYNTAX' with the number of the line. */
export const parseDockerfile = (text: string): Dockerfile => new Parser(text).run();

class Parser {
  readonly #lines: readonly string[];
  #at = 0;
  #escape = '\\';
  readonly #warnings: string[] = [];

  constructor(text: string) {
    const lines = text.replace(/^\ufeff/, '').split('\n');
    if (lines.at(-1) === '') lines.pop();
    this.#lines = lines;
  }

  run(): Dockerfile {
    this.#directives();
    const instructions: Instruction[] = [];
    for (let next = this.#next(); next; next = this.#next()) instructions.push(next);
    if (instructions.length === 0) throw new BuildError('SYNTAX', 'failed to parse Dockerfile: file with no instructions');
    return { instructions, escape: this.#escape, warnings: this.#warnings };
  }

  /** Lines `# name=value` at the top; the first other line ends them. */
  #directives(): void {
    const seen = new Set<string>();
    for (const line of this.#lines) {
      const [, said = '', value = ''] = directive.exec(line.trim()) ?? [];
      const name = said.toLowerCase();
      if (!known.includes(name)) return;
      if (seen.has(name)) throw new BuildError('SYNTAX', `failed to parse Dockerfile: only one ${name} parser directive can be used`);
      seen.add(name);
      if (name === 'escape') this.#setEscape(value);
      this.#at++;
    }
  }

  #setEscape(value: string): void {
    if (value !== '\\' && value !== '`') throw new BuildError('SYNTAX', `failed to parse Dockerfile: invalid escape token '${value}' does not match \` or \\`);
    this.#escape = value;
  }

  #next(): Instruction | undefined {
    while (this.#at < this.#lines.length && isEmpty(this.#lines[this.#at]!)) this.#at++;
    if (this.#at === this.#lines.length) return undefined;
    const line = this.#at + 1;
    const text = this.#logicalLine();
    const [, said = '', rest = ''] = /^(\S+)\s*([^]*)$/.exec(text)!;
    const heredocs = withHeredocs.test(said) || /^ONBUILD$/i.test(said) ? this.#heredocs(rest, said, line) : [];
    return { line, name: said.toUpperCase(), rest: rest.trim(), text, heredocs };
  }

  /** A line and those it is continued on; comments and empty lines between them are left out. */
  #logicalLine(): string {
    const e = this.#escape === '\\' ? '\\\\' : '`';
    const continuation = new RegExp(`(^|[^${e}])${e}[ \\t]*\\r?$`);
    let text = '';
    let hasEmpty = false;
    for (let first = true; this.#at < this.#lines.length; first = false) {
      const line = this.#lines[this.#at++]!;
      if (!first && isEmpty(line)) {
        hasEmpty ||= line.trim() === '';
        continue;
      }
      const piece = first ? line.trimStart() : line;
      const isContinued = continuation.test(piece);
      text += isContinued ? piece.replace(continuation, '$1') : piece.replace(/\r$/, '');
      if (!isContinued) break;
    }
    if (hasEmpty) this.#warnings.push(text.trim());
    return text.trim();
  }

  #heredocs(rest: string, name: string, line: number): Heredoc[] {
    const inner = /^ONBUILD$/i.test(name) ? /^(\S+)\s+([^]*)$/.exec(rest) : undefined;
    if (/^ONBUILD$/i.test(name) && !withHeredocs.test(inner?.[1] ?? '')) return [];
    return heredocsOf(inner?.[2] ?? rest, this.#escape).map((heredoc) => ({ ...heredoc, content: this.#body(heredoc, line) }));
  }

  /** The lines up to the one that is the name. */
  #body({ name, chomp }: Heredoc, line: number): string {
    let content = '';
    while (this.#at < this.#lines.length) {
      const text = this.#lines[this.#at++]!;
      const bare = chomp ? text.replace(/^\t+/, '') : text;
      if (bare.replace(/\r$/, '') === name) return content;
      content += `${bare}\n`;
    }
    throw syntaxError(line, 'unterminated heredoc');
  }
}

const isEmpty = (line: string): boolean => /^\s*(#.*)?$/.test(line);

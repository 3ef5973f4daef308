// A command on a real terminal, as a user has it: typed at, looked at, resized, interrupted. Made of script(1), which every Debian has.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import * as assert from 'uvu/assert';

const LONGEST_MS = 60_000;

/** Said before the command runs: the terminal, its modes, the command's process. */
const opening = /tty (\S+)\r?\nmodes (\S+)\r?\npid (\d+)\r?\n/;
/** Said after it: its exit code, and the terminal's modes. */
const closing = /\r?\n?code (\d+)\r?\nmodes (\S+)\r?\n$/;

const quoted = (words: readonly string[]): string => words.map((word) => `'${word.replaceAll('\'', '\'\\\'\'')}'`).join(' ');

export interface Ended { readonly code: number; readonly text: string; readonly restored: boolean }

export class TerminalSession {
  readonly #script: ChildProcess;
  #text = '';
  #looked = 0;
  #waiting: (() => void)[] = [];
  #over = false;

  constructor(words: readonly string[], env: NodeJS.ProcessEnv, { rows = 24, columns = 80 } = {}) {
    const commands = `stty rows ${rows} cols ${columns}; echo tty $(tty); echo modes $(stty -g); sh -c 'echo pid $$; exec "$@"' sh ${quoted(words)}; code=$?; echo; echo code $code; echo modes $(stty -g)`;
    this.#script = spawn('script', ['-qec', commands, '/dev/null'], { env: { ...env, SHELL: '/bin/sh' }, stdio: ['pipe', 'pipe', 'inherit'] });
    this.#script.stdout!.setEncoding('latin1').on('data', (piece: string) => { this.#text += piece; this.#wake(); });
    this.#script.on('close', () => { this.#over = true; this.#wake(); });
  }

  #wake(): void { for (const goOn of this.#waiting.splice(0)) goOn(); }

  async #until<T>(what: () => T | undefined, named: string): Promise<T> {
    for (const last = Date.now() + LONGEST_MS; ;) {
      const found = what();
      if (found !== undefined) return found;
      if (this.#over || Date.now() > last) throw new Error(`${named} was not seen in ${JSON.stringify(this.#text)}`);
      await new Promise<void>((goOn) => {
        const timer = setTimeout(goOn, 1_000);
        this.#waiting.push(() => { clearTimeout(timer); goOn(); });
      });
    }
  }

  async #opening(): Promise<RegExpExecArray> { return this.#until(() => opening.exec(this.#text) ?? undefined, 'the beginning'); }

  /** Where the command's own text begins. */
  async #begin(): Promise<number> {
    const { index, 0: { length } } = await this.#opening();
    return index + length;
  }

  /** Waits for text that was not looked at before; gives the match. */
  async see(what: RegExp): Promise<RegExpExecArray> {
    const begin = await this.#begin();
    return this.#until(() => {
      const from = Math.max(begin, this.#looked);
      const found = what.exec(this.#text.slice(from));
      if (found) this.#looked = from + found.index + found[0].length;
      return found ?? undefined;
    }, String(what));
  }

  type(text: string): void { this.#script.stdin!.write(Buffer.from(text, 'latin1')); }

  /** The command's process. */
  async pid(): Promise<number> { return Number((await this.#opening())[3]); }

  async #stty(...words: string[]): Promise<string> {
    const tty = (await this.#opening())[1]!;
    const { status, stdout, stderr } = spawnSync('stty', ['-F', tty, ...words], { encoding: 'utf8' });
    assert.is(status, 0, stderr);
    return stdout.trim();
  }

  /** Whether the terminal has the modes that it had before the command. */
  async hasItsModes(): Promise<boolean> { return await this.#stty('-g') === (await this.#opening())[2]; }

  /** Waits until it has them, or has not. */
  async awaitModes(own: boolean): Promise<void> {
    for (const last = Date.now() + LONGEST_MS; await this.hasItsModes() !== own; await new Promise((goOn) => setTimeout(goOn, 20))) assert.ok(Date.now() < last, `the terminal has ${own ? 'not ' : ''}its modes`);
  }

  async resize(rows: number, columns: number): Promise<void> { await this.#stty('rows', String(rows), 'cols', String(columns)); }

  /** The terminal is closed, as when its window is. */
  hangUp(): void { this.#script.kill('SIGKILL'); }

  /** Waits for the end of the command. `text`: all that was shown; `restored`: the terminal has the modes that it had. */
  async ended(): Promise<Ended> {
    const [, code, after] = await this.#until(() => closing.exec(this.#text) ?? undefined, 'the end');
    const [begin, before] = [await this.#begin(), (await this.#opening())[2]];
    this.#script.stdin!.end();
    return { code: Number(code), text: this.#text.slice(begin).replace(closing, ''), restored: before === after };
  }
}

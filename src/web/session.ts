// The terminal of the page: one program after the other, each in a container of its own or in one that is started again.
import type { Terminal } from '@xterm/xterm';
import type { Client } from './client.ts';

const SIGKILL = 9;
const dim = (text: string): string => `\x1b[2m${text}\x1b[0m`;
const red = (text: string): string => `\x1b[31m${text}\x1b[0m`;

/** What the terminal is to run: a command in a new container, or a container again. */
export type Wish = { readonly image: string; readonly argv: readonly string[]; readonly name?: string } | { readonly container: string };

const commandLine = (wish: Wish): string => ('image' in wish ? `wherry run -it ${[...(wish.name === undefined ? [] : ['--name', wish.name]), wish.image, ...wish.argv].join(' ')}` : `wherry start -ai ${wish.container}`);

export class Session {
  readonly #client: Client;
  readonly #terminal: Terminal;
  readonly #changed: () => void;
  #last: Wish | undefined;
  #next: Wish | undefined;
  #wake: () => void = () => {};
  #running = false;

  /** `changed` is called when a program has begun and when it has ended. */
  constructor(client: Client, terminal: Terminal, changed: () => void) {
    this.#client = client;
    this.#terminal = terminal;
    this.#changed = changed;
  }

  /** Runs this next; what runs now is killed. */
  wish(wish: Wish): void {
    this.#next = wish;
    if (this.#running) this.kill();
    this.#wake();
  }

  kill(): void { this.#client.send({ type: 'signal', signo: SIGKILL }); }

  /** Runs what is wished for, as long as the page lives. */
  async loop(): Promise<never> {
    for (;;) {
      const wish = await this.#awaitWish();
      this.#last = wish;
      this.#terminal.writeln(dim(`$ ${commandLine(wish)}`));
      try {
        const { code } = await this.#run(wish);
        // A name is given once; what bears it is then started again.
        if ('image' in wish && wish.name !== undefined) this.#last = { container: wish.name };
        this.#terminal.writeln(`\r\n${dim(`exit code ${code}`)}`);
      } catch (error) { this.#terminal.writeln(red((error as Error).message)); }
      this.#changed();
    }
  }

  async #awaitWish(): Promise<Wish> {
    if (!this.#next && this.#last) this.#terminal.writeln(dim('(Enter: once more)'));
    while (!this.#next) await this.#key();
    const wish = this.#next;
    this.#next = undefined;
    return wish;
  }

  /** Waits for a wish, or for Enter, which repeats the last one. */
  #key(): Promise<void> {
    return new Promise((resolve) => {
      const listening = this.#terminal.onData((text) => {
        if (!/[\r\n]/.test(text)) return;
        this.#next ??= this.#last;
        this.#wake();
      });
      this.#wake = () => {
        listening.dispose();
        this.#wake = () => {};
        resolve();
      };
    });
  }

  async #run(wish: Wish): Promise<{ readonly code: number }> {
    const encoder = new TextEncoder();
    const subscriptions = [
      this.#terminal.onData((text) => this.#client.send({ type: 'input', bytes: encoder.encode(text) })),
      this.#terminal.onResize(({ rows, cols }) => this.#client.send({ type: 'resize', rows, columns: cols })),
    ];
    const tty = { rows: this.#terminal.rows, columns: this.#terminal.cols };
    const output = (_: unknown, bytes: Uint8Array): void => this.#terminal.write(bytes);
    this.#running = true;
    try {
      const ended = 'image' in wish ? this.#client.run('run', { ...wish, tty, remove: false }, output) : this.#client.run('start', { ...wish, tty }, output);
      this.#changed();
      return await ended;
    } finally {
      this.#running = false;
      for (const subscription of subscriptions) subscription.dispose();
    }
  }
}

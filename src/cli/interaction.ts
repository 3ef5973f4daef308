// Our standard streams, or our terminal, joined with a program that another process runs: what `run -it`, `attach` and `exec` do.
import { constants } from 'node:os';
import { INPUT_WINDOW, type InputTaken, type SessionEvent } from './session-answers.ts';
import type { Conversation } from './control.ts';
import { DetachScanner } from './detach-keys.ts';
import { type Frame, jsonOf } from './frames.ts';
import { impatience, passedOn } from './passed-signals.ts';
import { rawTerminal } from './raw-terminal.ts';
import { restore, type Shown } from './standard-io.ts';
import type { TerminalSize } from '../engine/index.ts';

export interface InteractionOptions {
  /** The program has a terminal. */
  readonly tty: boolean;
  /** Our standard input is its input. */
  readonly input: boolean;
  /** Key codes; on a terminal alone. */
  readonly detachKeys: readonly number[];
  /** Signals are for the program, and not for us; of SIGHUP both hear when there is a terminal. */
  readonly sigProxy: boolean;
  /** Absent: all that it writes. */
  readonly shown?: Shown | undefined;
}

/** What standard output shows: nothing for one that is no terminal. */
export const terminalSize = (): TerminalSize => ({ rows: process.stdout.rows ?? 0, columns: process.stdout.columns ?? 0 });

class Interaction {
  readonly #conversation: Conversation;
  readonly #options: InteractionOptions;
  readonly #undo: (() => void)[] = [];
  #detached = false;
  /** Input that was sent and is not taken yet, in bytes. */
  #underWay = 0;

  constructor(conversation: Conversation, options: InteractionOptions) {
    this.#conversation = conversation;
    this.#options = options;
  }

  async run(): Promise<unknown> {
    const { tty, input, sigProxy } = this.#options;
    if (tty) this.#followSize();
    if (input) this.#takeInput(tty);
    if (sigProxy) this.#passSignals(tty);
    try {
      return await this.#conversation.result((frame) => this.#show(frame));
    } catch (error) {
      if (!this.#detached) throw error;
      return undefined;
    } finally {
      this.#giveBack();
    }
  }

  #giveBack(): void {
    for (const undo of this.#undo.splice(0)) undo();
    restore();
  }

  #on(emitter: NodeJS.EventEmitter, name: string, listener: (...words: never[]) => void): void {
    emitter.on(name, listener as () => void);
    this.#undo.push(() => { emitter.off(name, listener as () => void); });
  }

  #tell(event: SessionEvent): void { void this.#conversation.send('event', Buffer.from(JSON.stringify(event))); }

  #followSize(): void {
    if (!process.stdout.isTTY) return;
    this.#on(process.stdout, 'resize', () => { this.#tell({ resize: terminalSize() }); });
  }

  #takeInput(tty: boolean): void {
    if (tty && process.stdin.isTTY) this.#undo.push(rawTerminal(() => { this.#tell({ resize: terminalSize() }); }, { signals: !this.#options.sigProxy }));
    const scanner = new DetachScanner(tty ? this.#options.detachKeys : []);
    const { stdin } = process;
    this.#on(stdin, 'data', (bytes: Uint8Array) => {
      const { passed, found } = scanner.take(bytes);
      if (found) this.#detach();
      else if (passed.length > 0) this.#give(passed);
    });
    const end = (): void => { void this.#conversation.send('end'); };
    this.#on(stdin, 'end', end);
    this.#on(stdin, 'error', end);
  }

  /** Reads no more while too much is under way. */
  #give(bytes: Uint8Array): void {
    void this.#conversation.send('data', bytes);
    this.#underWay += bytes.length;
    if (this.#underWay > INPUT_WINDOW) process.stdin.pause();
  }

  #taken({ taken }: InputTaken): void {
    const held = this.#underWay > INPUT_WINDOW;
    this.#underWay -= taken;
    if (held && this.#underWay <= INPUT_WINDOW) process.stdin.resume();
  }

  #detach(): void {
    this.#detached = true;
    this.#conversation.leave();
  }

  /** As the signal does without us. */
  #hangUp(): void {
    this.#giveBack();
    this.#conversation.leave();
    process.kill(process.pid, 'SIGHUP');
  }

  /** A terminal that was closed is told of, and left. */
  #passSignals(tty: boolean): void {
    const getAway = impatience(() => { process.exit(1); });
    for (const name of passedOn) {
      this.#on(process, name, () => {
        getAway(name);
        this.#tell({ signal: constants.signals[name] });
        if (tty && name === 'SIGHUP') this.#hangUp();
      });
    }
  }

  #show(frame: Frame): Promise<void> | void {
    const { kind, content } = frame;
    if (kind === 'event') return this.#taken(jsonOf(frame) as InputTaken);
    if (kind !== 'data' && kind !== 'error') return;
    const name = kind === 'data' ? 'stdout' : 'stderr';
    const stream = process[name];
    if (this.#options.shown?.[name] === false) return;
    if (!stream.write(content)) return new Promise((goOn) => { stream.once('drain', goOn); });
  }
}

/** Joins us to the program until it ends: the result, an exit code; undefined: the user has left it with the detach keys. Throws EngineError 'GONE'. */
export const interact = (conversation: Conversation, options: InteractionOptions): Promise<unknown> => new Interaction(conversation, options).run();

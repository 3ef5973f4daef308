// Conversations about a program's streams, on the side of the process that runs its container: attach, exec, and the command that started it.
import { randomBytes } from 'node:crypto';
import { type ContainerRecord, type ExecRequest, execIn, exitCode, nowhere, SharedIo, type TerminalSize } from '../engine/index.ts';
import type { Machine } from '../machine/index.ts';
import type { Peer } from './control.ts';
import { type Frame, jsonOf } from './frames.ts';

/** What one who is attached tells: the terminal has another size, a signal for the program. */
export interface SessionEvent { readonly resize?: TerminalSize; readonly signal?: number }

/** What it is told: so many bytes of its input were taken, so that it may send more. What it tells is not held up behind input that is not. */
export interface InputTaken { readonly taken: number }

/** So much input may be under way, in bytes. */
export const INPUT_WINDOW = 256 * 1024;

/** A program that others join. */
interface Joinable {
  readonly shared: SharedIo;
  /** Whether the end of one's input is the end of the program's. */
  readonly endsInput: boolean;
  signal(signo: number): void;
}

/** Takes what one who is attached says, until there is no more. */
async function listen(peer: Peer, { shared, endsInput, signal }: Joinable): Promise<void> {
  const heed: Partial<Record<Frame['kind'], (frame: Frame) => void>> = {
    data: ({ content }) => {
      const taken = (): void => { void peer.send('event', Buffer.from(JSON.stringify({ taken: content.length } satisfies InputTaken))); };
      void Promise.resolve(shared.type(content)).then(taken);
    },
    end: () => { if (endsInput) shared.type(null); },
    event: (frame) => {
      const event = jsonOf(frame) as SessionEvent;
      if (event.resize) shared.resize(event.resize);
      if (event.signal !== undefined) signal(event.signal);
    },
  };
  let ended = false;
  try {
    for (let next = await peer.frames.next(); !next.done; next = await peer.frames.next()) {
      ended ||= next.value.kind === 'end';
      heed[next.value.kind]?.(next.value);
    }
  } catch { /* it is gone */ }
  if (endsInput && !ended) shared.type(null);
}

/** One joins a program, to its end or until it leaves. Returns what ends that. */
export function joinSession(peer: Peer, joinable: Joinable): () => void {
  peer.stays?.();
  const leave = joinable.shared.join((stream, bytes) => peer.send(stream === 'stderr' ? 'error' : 'data', bytes));
  void listen(peer, joinable).finally(leave);
  return leave;
}

/** What `exec` sends. */
export interface ExecAsk extends ExecRequest { readonly interactive: boolean; readonly detach: boolean; readonly size?: TerminalSize }

/** Tells of an event of the container. */
type TellEvent = (action: string, attributes: Readonly<Record<string, string>>) => void;

/** The programs that run beside a container's first one, by Docker's exec ids. */
export class Execs {
  readonly #machine: Machine;
  readonly #record: ContainerRecord;
  readonly #running = new Set<string>();
  readonly #tell: TellEvent;

  constructor(machine: Machine, record: ContainerRecord, tell: TellEvent) {
    this.#tell = tell;
    this.#machine = machine;
    this.#record = record;
  }

  get ids(): string[] { return [...this.#running]; }

  /** Its exit code; with `detach` nothing, when it has begun. Throws EngineError 'EXEC_FAILED'. */
  async run(ask: ExecAsk, peer: Peer): Promise<number | null> {
    const tty = ask.tty === true;
    const { Config, HostConfig } = this.#record;
    const shared = new SharedIo(nowhere({ tty, open: ask.interactive, ...(ask.size ? { size: ask.size } : {}) }));
    const { exit, signal } = execIn(this.#machine, Config, { ...ask, groupAdd: HostConfig.GroupAdd ?? [] }, shared.io);
    const id = randomBytes(32).toString('hex');
    this.#running.add(id);
    for (const action of ['exec_create', 'exec_start']) this.#tell(`${action}: ${ask.command.join(' ')}`, { execID: id });
    const ended = exit.then((how) => {
      this.#running.delete(id);
      this.#tell('exec_die', { execID: id, exitCode: String(exitCode(how)) });
      return exitCode(how);
    });
    if (ask.detach) return null;
    joinSession(peer, { shared, endsInput: !tty, signal });
    return ended;
  }
}

/** What `attach` sends. */
export interface AttachAsk { readonly size?: TerminalSize }

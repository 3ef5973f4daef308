// The process's own standard streams as ports of a container: byte streams, or the terminal in raw mode.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { rawTerminal } from './raw-terminal.ts';
import type { Sink, Streams, Tty } from '../host/ports.ts';

/** A stream's consumer went away (`wherry run … | head`): the command ends as a program that got SIGPIPE; or SIGHUP, when it was a terminal. */
export function endOnBrokenPipe(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(141);
      if (error.code === 'EIO') process.exit(129);
      throw error;
    });
  }
}

/** The next line of standard input without its end; undefined when there is none. */
export async function nextLine(): Promise<string | undefined> {
  const { createInterface } = createRequire(import.meta.url)('node:readline') as typeof import('node:readline');
  const lines = createInterface({ input: process.stdin, terminal: false });
  try {
    for await (const line of lines) return line;
    return undefined;
  } finally {
    lines.close();
    process.stdin.pause();
  }
}

/** The next line of the terminal, which does not show it; empty when there is none. */
export async function secretLine(): Promise<string> {
  const stty = (...words: string[]): void => { spawnSync('stty', words, { stdio: ['inherit', 'ignore', 'ignore'] }); };
  const ends = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
  const giveUp = (signal: keyof typeof ends): void => { stty('echo'); process.exit(ends[signal]); };
  const signals = Object.keys(ends) as (keyof typeof ends)[];
  for (const signal of signals) process.once(signal, giveUp);
  stty('-echo');
  try { return await nextLine() ?? ''; } finally {
    stty('echo');
    for (const signal of signals) process.off(signal, giveUp);
  }
}

/** Reads no more while the consumer asks for that. */
const patient = (consumer: Sink) => (bytes: Uint8Array): void => {
  const later = consumer(bytes);
  if (!later) return;
  process.stdin.pause();
  void later.then(() => { if (process.stdin.listenerCount('data') > 0) process.stdin.resume(); });
};

/** Which of them show what the program writes. */
export interface Shown { readonly stdout: boolean; readonly stderr: boolean }

const both: Shown = { stdout: true, stderr: true };

/** Byte streams; standard input only when it is wanted (-i). */
export function hostStreams(interactive: boolean, shown = both): Streams {
  return {
    stdout: (bytes) => { if (shown.stdout) process.stdout.write(bytes); },
    stderr: (bytes) => { if (shown.stderr) process.stderr.write(bytes); },
    ...(interactive ? { stdin: (consumer) => {
      process.stdin.on('data', patient(consumer));
      process.stdin.on('end', () => consumer(null));
      process.stdin.on('error', () => consumer(null));
    } } : {}),
  };
}

/** The terminal. Raw mode begins with the first consumer of input and ends with `restore`. */
export function hostTty(interactive: boolean, shown = both): Tty {
  return {
    write: (bytes) => { if (shown.stdout) process.stdout.write(bytes); },
    input: (consumer) => {
      if (!interactive) return;
      rawTerminal(() => { process.stdout.emit('resize'); }, { signals: false });
      process.stdin.on('data', patient(consumer));
    },
    size: () => ({ rows: process.stdout.rows ?? 24, columns: process.stdout.columns ?? 80 }),
    onResize: (listener) => { process.stdout.on('resize', listener); },
  };
}

/** Gives the terminal and standard input back, so that the process can end. */
export function restore(): void {
  if (process.stdin.isTTY && process.stdin.isRaw) process.stdin.setRawMode(false);
  process.stdin.removeAllListeners('data');
  process.stdin.pause();
  if ('unref' in process.stdin) (process.stdin as { unref(): void }).unref();
}

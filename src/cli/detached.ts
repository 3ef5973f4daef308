// Containers in the background: each is run by a process of its own, started here, that tells when the first program is loaded or why it could not be.
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { type ContainerRecord, EngineError, type TerminalSize } from '../engine/index.ts';
import { Conversation } from './control.ts';
import { rootFolder } from './setup.ts';
import type { Terminal } from './verb.ts';

/** The descriptors on which the new process tells how it went, and talks with the one that started it. */
const TELL = 3, TALK = 4;
/** Said to it when there is somebody to talk with. */
export const ATTACHED = '--attached';

interface Told { readonly error?: { readonly code: string; readonly message: string; readonly exitCode: number } }

/** Runs a container in the background; returns when its first program is loaded. Throws the EngineError that hinders the start. */
export async function startDetached(record: ContainerRecord, terminal: Terminal): Promise<void> { await startProcess(record, terminal, [], []); }

/** The same with a conversation about its streams, which misses nothing. The result is the exit code, told when the container has left its files and its record in order. */
export async function startAttached(record: ContainerRecord, terminal: Terminal, size: TerminalSize | undefined): Promise<Conversation> {
  const child = await startProcess(record, terminal, [ATTACHED, ...(size ? [`--rows=${size.rows}`, `--columns=${size.columns}`] : [])], ['pipe']);
  return new Conversation(child.stdio[TALK] as Socket);
}

async function startProcess({ Id }: ContainerRecord, terminal: Terminal, flags: readonly string[], more: readonly 'pipe'[]): Promise<ChildProcess> {
  const child = spawn(process.execPath, [...process.execArgv, process.argv[1]!, 'supervise', ...flags, Id], {
    detached: true, stdio: ['ignore', 'ignore', 'ignore', 'pipe', ...more], cwd: '/', env: { ...terminal.env, WHERRY_ROOT: rootFolder(terminal) },
  });
  let text = '';
  const pipe = child.stdio[TELL] as Readable;
  pipe.setEncoding('utf8').on('data', (piece: string) => { text += piece; });
  const exit = await new Promise<number | string | null>((done, failed) => {
    child.once('error', failed);
    child.once('exit', (code, signal) => { done(signal ?? code); });
    pipe.once('close', () => { if (text !== '') done(null); });
  });
  child.unref();
  const failed = (error: EngineError): EngineError => {
    for (const stream of child.stdio) stream?.destroy();
    return error;
  };
  if (text === '') throw failed(new EngineError('START_FAILED', `the process that was to run container ${Id} ended at once (${exit})`));
  const { error } = JSON.parse(text) as Told;
  if (error) throw failed(new EngineError(error.code, error.message, error.exitCode));
  return child;
}

/** In the new process: the conversation with the one that started it. */
export const starter = (): Socket => new Socket({ fd: TALK, allowHalfOpen: true });

/** In the new process: tells the one that started it how it went; only the first time counts. */
export function teller(): (error?: unknown) => void {
  let told = false;
  return (error) => {
    if (told) return;
    told = true;
    const { code = 'INTERNAL', message = String(error), exitCode = 125 } = (error ?? {}) as Partial<EngineError>;
    try {
      writeSync(TELL, JSON.stringify(error === undefined ? {} : { error: { code, message, exitCode } } satisfies Told));
      closeSync(TELL);
    } catch { /* the one that started it is gone */ }
  };
}

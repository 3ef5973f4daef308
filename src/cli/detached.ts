// Containers in the background: each is run by a process of its own, started here, that tells when the first program is loaded or why it could not be.
import { spawn } from 'node:child_process';
import { closeSync, writeSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { type ContainerRecord, EngineError } from '../engine/index.ts';
import { rootFolder } from './setup.ts';
import type { Terminal } from './verb.ts';

/** The descriptor on which the new process tells how it went. */
const TELL = 3;

interface Told { readonly error?: { readonly code: string; readonly message: string; readonly exitCode: number } }

/** Runs a container in the background; returns when its first program is loaded. Throws the EngineError that hinders the start. */
export async function startDetached({ Id }: ContainerRecord, terminal: Terminal): Promise<void> {
  const child = spawn(process.execPath, [...process.execArgv, process.argv[1]!, 'supervise', Id], {
    detached: true, stdio: ['ignore', 'ignore', 'ignore', 'pipe'], cwd: '/', env: { ...terminal.env, WHERRY_ROOT: rootFolder(terminal) },
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
  if (text === '') throw new EngineError('START_FAILED', `the process that was to run container ${Id} ended at once (${exit})`);
  const { error } = JSON.parse(text) as Told;
  if (error) throw new EngineError(error.code, error.message, error.exitCode);
}

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

// Where an archive goes that a verb makes: a file that is there whole or not at all, or standard output.
import { closeSync, fstatSync, fsyncSync, openSync, renameSync, rmSync, type Stats, statSync } from 'node:fs';
import { constants } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { writeOut } from '../host/node/write-out.ts';
import { systemMessage } from './errors.ts';
import type { Terminal } from './verb.ts';

/** What docker says when archives cannot be written; `code` is stable. */
export class OutputError extends Error { readonly code = 'OUTPUT'; }

export interface Output { readonly file: string | undefined; /** For messages: `save image`. */ readonly what: string; /** For messages: `save`. */ readonly verb: string }

/** What lies at a path, or why nothing does. */
function found(path: string): Stats | string {
  try { return statSync(path); } catch (error) { return systemMessage(error) ?? (error as Error).message; }
}

/** Throws OutputError when the archive cannot go where it shall. To be asked before the archive is made. */
export function demandOutput({ file, what, verb }: Output, terminal: Terminal): void {
  const fail = (why: string): never => { throw new OutputError(`failed to ${what}: ${why}`); };
  if (file === undefined || file === '') {
    if (terminal.outIsTty) throw new OutputError(`cowardly refusing to ${verb} to a terminal. Use the -o flag or redirect`);
    return;
  }
  const folder = found(dirname(file));
  if (typeof folder === 'string') fail(`invalid output path: stat ${dirname(file)}: ${folder}`);
  const there = statSync(file, { throwIfNoEntry: false });
  if (there?.isDirectory()) fail('cannot write to a directory');
  if (there?.isCharacterDevice()) fail('cannot write to a character device file');
  if (there?.isBlockDevice()) fail('cannot write to a block device file');
}

/** Writes the archive; a chunk is written when the next one is asked for. Throws OutputError, or what the host's file system says. */
export async function writeOutput(chunks: AsyncIterable<Uint8Array>, output: Output, terminal: Terminal): Promise<void> {
  demandOutput(output, terminal);
  await (output.file ? writeFile(chunks, output.file) : writeStandardOutput(chunks));
}

/** What ends the command while it writes; nothing half-made stays. */
const endings = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** A pipe or socket is written as it is; a regular file gets its name when it is whole, and is on the disk before it takes the place of another one: a power cut must not cost both. */
async function writeFile(chunks: AsyncIterable<Uint8Array>, file: string): Promise<void> {
  const old = statSync(file, { throwIfNoEntry: false });
  const isSpecial = old?.isFile() === false;
  const path = isSpecial ? file : join(dirname(file), `.tmp-${process.pid}-${basename(file)}`);
  const fd = openSync(path, isSpecial ? 'w' : 'wx', 0o600);
  const interrupted = (signal: NodeJS.Signals): void => {
    if (!isSpecial) rmSync(path, { force: true });
    process.exit(128 + constants.signals[signal]);
  };
  for (const signal of endings) process.once(signal, interrupted);
  try {
    await writeOut(fd, chunks);
    if (old && !isSpecial) fsyncSync(fd);
  } catch (error) {
    if (!isSpecial) rmSync(path, { force: true });
    throw error;
  } finally {
    closeSync(fd);
    for (const signal of endings) process.off(signal, interrupted);
  }
  if (!isSpecial) renameSync(path, file);
}

async function writeStandardOutput(chunks: AsyncIterable<Uint8Array>): Promise<void> {
  if (fstatSync(process.stdout.fd).isFile()) return writeOut(process.stdout.fd, chunks);
  for await (const chunk of chunks) await new Promise<void>((done) => { process.stdout.write(chunk, () => done()); });
}

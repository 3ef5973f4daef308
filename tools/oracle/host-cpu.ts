// Runs test cases on the host CPU through oracle.c, which is compiled when first needed.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { IMAGE_SIZE, image, type Case, type Outcome, type Patch } from './image.ts';

const SOURCE = 'tools/oracle/oracle.c';
const BINARY = '.cache/oracle';
const REQUEST_SIZE = 16 + 128 + 8 + 512;
const ANSWER_SIZE = 24 + 16 + 128 + 8 + 512;
const BATCH = 4096;

/** Why the host CPU cannot be asked, or undefined when it can. */
export function hostCpuMissing(): string | undefined {
  if (process.platform !== 'linux' || process.arch !== 'x64') return `not an x86-64 Linux host (${process.platform} ${process.arch})`;
  if (!existsSync(BINARY) && spawnSync('gcc', ['--version']).status !== 0) return 'no gcc to build tools/oracle/oracle.c';
  return undefined;
}

function build(): void {
  if (existsSync(BINARY) && statSync(BINARY).mtimeMs > statSync(SOURCE).mtimeMs) return;
  mkdirSync('.cache', { recursive: true });
  const temporary = `${BINARY}-${process.pid}`;
  const gcc = spawnSync('gcc', ['-O2', '-Wall', '-o', temporary, SOURCE], { encoding: 'utf8' });
  if (gcc.status !== 0) throw new Error(`gcc cannot build ${SOURCE}:\n${gcc.stderr}`);
  renameSync(temporary, BINARY);
}

/** Runs the cases in order and returns what each did. Takes about 20 µs a case. */
export function runOnHost(cases: readonly Case[]): Outcome[] {
  build();
  const outcomes: Outcome[] = [];
  for (let i = 0; i < cases.length; i += BATCH) outcomes.push(...runBatch(cases.slice(i, i + BATCH)));
  return outcomes;
}

/** The first case runs twice and its first outcome is dropped: under some hypervisors the very first run of a process disturbs a register. */
function runBatch(cases: readonly Case[]): Outcome[] {
  const run = spawnSync(BINARY, { input: encode([cases[0]!, ...cases]), maxBuffer: 1 << 30, timeout: 300_000 });
  if (run.status !== 0) throw new Error(`oracle failed (${run.status ?? run.signal}): ${run.stderr.toString()}`);
  const outcomes = decode(run.stdout).slice(1);
  if (outcomes.length !== cases.length) throw new Error(`oracle answered ${outcomes.length} of ${cases.length} cases`);
  return outcomes;
}

function encode(cases: readonly Case[]): Uint8Array {
  const size = (c: Case) => REQUEST_SIZE + c.code.length + c.memory.reduce((sum, p) => sum + 8 + p.bytes.length, 0);
  const out = new Uint8Array(cases.reduce((sum, c) => sum + size(c), 0));
  const view = new DataView(out.buffer);
  let at = 0;
  for (const [id, c] of cases.entries()) {
    for (const word of [c.code.length, c.codeOffset, c.memory.length, id]) { view.setUint32(at, word, true); at += 4; }
    out.set(c.registers, at);
    at += REQUEST_SIZE - 16;
    out.set(c.code, at);
    at += c.code.length;
    for (const p of c.memory) {
      view.setUint32(at, p.at, true);
      view.setUint32(at + 4, p.bytes.length, true);
      out.set(p.bytes, at + 8);
      at += 8 + p.bytes.length;
    }
  }
  return out;
}

/** RF is an artefact of the trap that ended the case; the upper half of RFLAGS is reserved. */
const RFLAGS_SEEN = 0xfffe_ffff;

function decode(bytes: Uint8Array): Outcome[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const outcomes: Outcome[] = [];
  for (let at = 0; at < bytes.length;) {
    const word = (n: number) => view.getUint32(at + 4 * n, true);
    const patches = word(4);
    const registers = bytes.slice(at + 40, at + 40 + IMAGE_SIZE);
    const flags = new DataView(registers.buffer);
    flags.setUint32(image.rflags, flags.getUint32(image.rflags, true) & RFLAGS_SEEN, true);
    const outcome: Outcome = { signal: word(1), trap: word(2), error: word(3), rip: Number(view.getBigUint64(at + 24, true)), fault: view.getBigUint64(at + 32, true), registers, memory: [] };
    at += ANSWER_SIZE;
    for (let i = 0; i < patches; i++) {
      const length = view.getUint32(at + 4, true);
      outcome.memory.push({ at: view.getUint32(at, true), bytes: bytes.slice(at + 8, at + 8 + length) } satisfies Patch);
      at += 8 + length;
    }
    outcomes.push(outcome);
  }
  return outcomes;
}

// The built command for tests: run to its end, in a store of its own.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';

export interface Outcome { readonly code: number | null; readonly out: string; readonly err: string }

/** A store with the small image in it. */
export class Store {
  readonly root: string;
  readonly env: NodeJS.ProcessEnv;

  constructor(name: string) {
    this.root = mkdtempSync(join(tmpdir(), `wherry-${name}-`));
    this.env = { ...process.env, WHERRY_ROOT: this.root, TZ: 'UTC' };
    this.out('load', '-q', '-i', 'images/busybox.tar');
  }

  wherry(...args: string[]): Outcome {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['bin/wherry.mjs', ...args], { env: this.env, input: '', encoding: 'utf8', timeout: 120_000 });
    return { code: status, out: stdout, err: stderr };
  }

  /** Standard output of a command that must go well. */
  out(...args: string[]): string {
    const { code, out, err } = this.wherry(...args);
    assert.is(code, 0, `${args.join(' ')}: ${err}`);
    return out;
  }

  start(...args: string[]): ChildProcess { return spawn(process.execPath, ['bin/wherry.mjs', ...args], { env: this.env }); }

  /** The same while others run. */
  async later(...args: string[]): Promise<Outcome> {
    const child = this.start(...args);
    let out = '';
    let err = '';
    child.stdout!.on('data', (text) => { out += String(text); });
    child.stderr!.on('data', (text) => { err += String(text); });
    const code = await new Promise<number | null>((done) => { child.once('close', done); });
    return { code, out, err };
  }

  state(name: string, field = 'Status'): string { return this.out('inspect', '-f', `{{.State.${field}}}`, name).trim(); }

  remove(): void {
    for (const id of this.wherry('ps', '-aq', '--no-trunc').out.split('\n').filter(Boolean)) this.wherry('rm', '-f', id);
    rmSync(this.root, { recursive: true });
  }
}

/** Asks again until the answer is as wanted; the last answer when that takes too long. */
export async function eventually<T>(ask: () => T | Promise<T>, isWanted: (answer: T) => boolean, longestMs = 60_000): Promise<T> {
  for (const until = Date.now() + longestMs; ; await new Promise((goOn) => { setTimeout(goOn, 50); })) {
    const answer = await ask();
    if (isWanted(answer) || Date.now() >= until) return answer;
  }
}

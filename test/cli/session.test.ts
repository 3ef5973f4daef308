// Commands about images, and about containers that do not run, as docker's client and daemon answered them, recorded (test/cli/*-session.json, tools/record-session.py), and as ours answer them: output, errors and exit codes word for word.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { runLine } from '../../src/cli/command-line.ts';
import type { Terminal } from '../../src/cli/verb.ts';

// The recordings were made there.
process.env['TZ'] = 'UTC';

type Step = [line: string, code: number, out: string, err: string];
const sessions = ['image', 'container'].map((name) => ({ name, steps: JSON.parse(readFileSync(`test/cli/${name}-session.json`, 'utf8')) as Step[] }));
const folder = mkdtempSync(join(tmpdir(), 'wherry-session-'));

/** Words as a shell makes them, as far as the session uses it: single quotes. */
const wordsOf = (line: string): string[] => Array.from(line.matchAll(/'([^']*)'|(\S+)/g), ([, quoted, plain]) => quoted ?? plain!);

async function answer(line: string, root: string): Promise<{ code: number; out: string; err: string }> {
  let out = '';
  let err = '';
  const terminal: Terminal = {
    env: { WHERRY_ROOT: root }, out: (text) => { out += text; }, err: (text) => { err += text; }, outIsTty: false, errIsTty: false, inIsTty: false, columns: () => 80, line: async () => undefined,
  };
  return { code: await runLine(wordsOf(line), terminal), out, err };
}

/** What differs for good reasons: the product's name, ages, containers' IDs, a slip of docker's client, words of its old daemon, space on the disk, progress on a slow machine, a flag for images of several platforms, a variable of ours. */
const comparable = (text: string): string => text.replaceAll('docker', 'wherry').replace(/(?!c493011240f3)\b(?<!sha256:)([0-9a-f]{64}|[0-9a-f]{12})\b/g, (id) => `id of ${id.length}`).replace(/(\d+ seconds?|Less than a second|About a minute|\d+ minutes) ago/g, 'now').replaceAll('SRun \'', 'Run \'').replace(/\d+ (years|months) ago/g, 'some $1 ago').replace(/no such image: \S+: No such/g, 'No such')
  .replace(/(invalid reference format): "[^\n]*"$/gm, '$1').replace(/(repository name) \(\S+\) (must be)/, '$1 $2').replace(/(reclaimed space: )[1-9].*/, '$1some').replace(/^(?:[0-9a-f]{12}|id of 12): (Loading layer|Extracting) .*\n/gm, '').replace(/^ +--tree .*\n/m, '').replace(/Compressed archives[^]*? limit\.\n\n/, '');

test.after(() => { rmSync(folder, { recursive: true }); });

for (const { name, steps } of sessions) {
  for (const [line, code, out, err] of steps) {
    test(`${name}: ${line}`, async () => {
      const ours = await answer(line, join(folder, name));
      assert.is(comparable(ours.out), comparable(out));
      assert.is(comparable(ours.err), comparable(err));
      assert.is(ours.code, code);
    });
  }
}

test.run();

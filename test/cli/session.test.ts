// Commands about images, and about containers that do not run, as docker's client and daemon answered them, recorded (test/cli/*-session.json, tools/record-session.py), and as ours answer them: output, errors and exit codes word for word.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { answer, comparable, recording } from './sessions.ts';

const sessions = ['image', 'container', 'exec', 'network', 'volume', 'system'].map((name) => ({ name, steps: recording(name) }));
const folder = mkdtempSync(join(tmpdir(), 'wherry-session-'));

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

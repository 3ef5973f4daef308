// Commands about containers that run, as docker's client and daemon answered them, recorded (test/cli/life-session.json, tools/record-session.py), and as the built command answers them: output, errors and exit codes word for word.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { comparable, recording, wordsOf } from './sessions.ts';
import { Store } from './wherry-command.ts';

const test = suite('life session');
const store = new Store('life-session');
test.after(() => { store.remove(); });

/** A first process that does not handle a signal from outside ends by it. */
const signalled = (text: string): string => text.replace(/^143$/m, '137');

for (const [line, code, out, err] of recording('life')) {
  test(line, () => {
    const ours = store.wherry(...wordsOf(line));
    assert.is(signalled(comparable(ours.out)), comparable(out));
    assert.is(comparable(ours.err), comparable(err));
    assert.is(ours.code, code);
  });
}

test.run();

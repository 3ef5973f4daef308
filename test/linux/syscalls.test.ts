// File system calls against what Linux answers: the calls and results of syscalls.txt and random-syscalls.txt, recorded on a real kernel by tools/record-syscalls.py, made again here.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { FakeMachine } from './fake-machine.ts';
import { Script, blocksOf, prepare } from './syscall-script.ts';

for (const { title, lines } of ['syscalls', 'random-syscalls'].flatMap((name) => blocksOf(`test/linux/${name}.txt`))) {
  test(title, () => {
    const script = new Script(prepare(new FakeMachine()));
    const ours = lines.map((line) => { const result = script.run(line); return result === undefined ? line : line.replace(/ = .*/, ` = ${result}`); });
    assert.is(ours.join('\n'), lines.join('\n'));
  });
}

test.run();

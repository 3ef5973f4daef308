// wherry demo: what `npm start` shows: loads the embedded BusyBox image and runs commands in it.
import { createReadStream, openSync } from 'node:fs';
import { join } from 'node:path';
import { createContainer, exitCode } from '../../engine/index.ts';
import { installation, openCpu, openHost, openImages } from '../setup.ts';
import { hostStreams } from '../standard-io.ts';
import type { Verb } from '../verb.ts';

const commands = ['uname -a', 'cat /etc/passwd | sort | head -3', 'for i in 1 2 3; do echo $((i * i)); done | awk \'{ s += $1 } END { print "sum", s }\'', 'ps', 'echo hello | sha256sum; exit 3'];

export const demo: Verb = {
  name: 'demo',
  usage: '',
  help: 'Load the embedded BusyBox image and run commands in it',
  flags: [],
  words: [0, 0],
  interspersed: true,
  failure: 1,
  async run(_parsed, terminal) {
    const file = join(installation(), 'images/busybox.tar');
    const images = openImages(terminal);
    terminal.out('$ wherry load -i images/busybox.tar\n');
    const [loaded] = await images.store.load(createReadStream(file, { fd: openSync(file, 'r') }), file);
    terminal.out(`Loaded image: ${loaded!.names[0]}\n`);
    const host = openHost(terminal);
    const cpu = openCpu(host, {});
    for (const line of commands) {
      terminal.out(`\n$ wherry run --rm busybox sh -c '${line}'\n`);
      const started = performance.now();
      const { machine } = createContainer({ images, host, cpu, io: { streams: hostStreams(false) } }, loaded!.image, { command: ['sh', '-c', line], env: [], tty: false, callerEnv: {} });
      const exit = await machine.run();
      terminal.out(`[exit code ${exitCode(exit)}, ${(performance.now() - started).toFixed(0)} ms]\n`);
    }
    terminal.out('\nThat was an unmodified amd64 program, run without root, daemon or kernel features. Next:\n  npx wherry run --rm -it busybox sh\n  npx wherry --help\n');
    return 0;
  },
};

// The proof: an amd64 program of the BusyBox image that comes with us runs, and says what it should.
import { createReadStream, openSync } from 'node:fs';
import { join } from 'node:path';
import { createContainer, exitCode, Images } from '../../engine/index.ts';
import { memoryFolder } from '../../host/memory-folder.ts';
import { nodeCodecs } from '../../host/node/store.ts';
import { installation, openCpu, openHost } from '../setup.ts';
import type { Terminal } from '../verb.ts';
import { type Check, ok, problem } from './check.ts';

const script = 'uname -m; echo $((6 * 7)) | tr 0-9 a-j; echo kept > /tmp/file; cat /tmp/file; exit 3';
const expected = 'x86_64\nec\nkept\n[exit code 3]';

/** What the script writes, and its exit code. */
async function runScript(terminal: Terminal): Promise<string> {
  const file = join(installation(), 'images/busybox.tar');
  const images = new Images(memoryFolder(), nodeCodecs, async () => memoryFolder());
  const [loaded] = await images.store.load(createReadStream(file, { fd: openSync(file, 'r') }), file);
  const host = openHost(terminal);
  let output = '';
  const keep = (bytes: Uint8Array): void => { output += Buffer.from(bytes).toString('latin1'); };
  const { machine } = createContainer({ images, host, cpu: openCpu(host, { cache: false }), io: { streams: { stdout: keep, stderr: keep } } }, loaded!.image, { command: ['sh', '-c', script], env: [], tty: false, callerEnv: {} });
  const exit = await machine.run();
  return `${output}[exit code ${exitCode(exit)}]`;
}

const selfTest: Check = {
  name: 'Self test',
  async look(terminal) {
    const started = performance.now();
    const output = await runScript(terminal);
    const took = `${((performance.now() - started) / 1000).toFixed(1)} s`;
    return [output === expected ? ok(`a BusyBox shell ran in ${took}`) : problem(`a BusyBox shell wrote ${JSON.stringify(output)} in the place of ${JSON.stringify(expected)}`, 'this is a fault of Wherry or of the JavaScript engine: please report it with the line "Node.js" above')];
  },
};

export const selfTests: readonly Check[] = [selfTest];

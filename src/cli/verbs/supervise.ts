// wherry supervise: the process that runs a container in the background. `start` and `run -d` start it.
import type { MachineParts } from '../../machine/index.ts';
import { patiently } from '../container-operations.ts';
import { teller } from '../detached.ts';
import { runContainer } from '../run-container.ts';
import { openCpu, openEngine } from '../setup.ts';
import type { Verb } from '../verb.ts';

/** Output goes to the log alone; input that is kept open never comes. */
function nowhere(tty: boolean, open: boolean): MachineParts['io'] {
  if (tty) return { tty: { write: () => {}, input: () => {}, size: () => ({ rows: 24, columns: 80 }), onResize: () => {} } };
  return { streams: { stdout: () => {}, stderr: () => {}, ...(open ? { stdin: () => {} } : {}) } };
}

export const supervise: Verb = {
  name: 'supervise',
  hidden: true,
  usage: 'CONTAINER',
  help: 'Run a container in the background',
  flags: [],
  words: [1, 1],
  interspersed: false,
  failure: 1,
  async run(parsed, terminal) {
    const tell = teller();
    try {
      const engine = openEngine(terminal);
      const before = engine.containers.find(parsed.words[0]!);
      const { Config } = before;
      const record = await patiently(() => engine.containers.begin(before.Id));
      return await runContainer(engine, record, before.State, { cpu: openCpu(engine.host, {}), io: nowhere(Config.Tty, Config.OpenStdin), started: tell });
    } catch (error) {
      tell(error);
      throw error;
    }
  },
};

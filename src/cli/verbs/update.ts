// wherry update: other limits or another restart policy for containers, also for those that run.
import { hasPrograms } from '../../engine/index.ts';
import { containerFlags } from '../container-flags.ts';
import { flagValues } from '../container-request.ts';
import { forEachWord } from '../each.ts';
import { PlainError } from '../flags.ts';
import { openEngine } from '../setup.ts';
import { askRunning } from '../supervisor.ts';
import type { Verb } from '../verb.ts';

const names = ['blkio-weight', 'cpu-period', 'cpu-quota', 'cpu-rt-period', 'cpu-rt-runtime', 'cpu-shares', 'cpus', 'cpuset-cpus', 'cpuset-mems', 'memory', 'memory-reservation', 'memory-swap', 'pids-limit', 'restart'];
/** Worded otherwise than for `run`. */
const words: Readonly<Record<string, string>> = {
  'cpu-rt-period': 'Limit the CPU real-time period in microseconds', 'cpu-rt-runtime': 'Limit the CPU real-time runtime in microseconds', 'memory-swap': 'Swap limit equal to memory plus swap: -1 to enable unlimited swap',
};
const flags = containerFlags.filter(({ name }) => names.includes(name)).map(({ initial, ...flag }) => ({ ...flag, help: words[flag.name] ?? flag.help, ...(flag.name === 'restart' || initial === undefined ? {} : { initial }) }));

export const update: Verb = {
  name: 'update',
  aliases: ['container update'],
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  help: 'Update configuration of one or more containers',
  flags,
  words: [1, Infinity],
  interspersed: true,
  failure: 1,
  async run(parsed, terminal) {
    if (!flags.some(({ name }) => parsed.has(name))) throw new PlainError('you must provide one or more flags when using this command');
    const { host } = flagValues(flags, parsed);
    const engine = openEngine(terminal);
    const failed = await forEachWord(parsed.words, terminal, async (word) => {
      const record = engine.containers.update(engine.containers.find(word).Id, host);
      if (hasPrograms(record)) await askRunning(engine, record, 'limits');
    });
    return failed.length > 0 ? 1 : 0;
  },
};

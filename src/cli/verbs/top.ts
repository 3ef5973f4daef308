// wherry top: the processes of a container, as ps(1) shows them. Their numbers are those inside the container.
import { EngineError, hasPrograms } from '../../engine/index.ts';
import type { ProcessRow } from '../../linux/index.ts';
import type { UsageAnswer } from '../life-answers.ts';
import { processLines } from '../process-columns.ts';
import { openEngine } from '../setup.ts';
import { askRunning } from '../supervisor.ts';
import type { Verb } from '../verb.ts';

export const top: Verb = {
  name: 'top',
  aliases: ['container top'],
  usage: 'CONTAINER [ps OPTIONS]',
  help: 'Display the running processes of a container',
  flags: [],
  words: [1, Infinity],
  interspersed: false,
  failure: 1,
  async run(parsed, terminal) {
    const [word = '', ...options] = parsed.words;
    const engine = openEngine(terminal);
    const record = engine.containers.find(word);
    if (record.State.Status === 'restarting') throw new EngineError('RESTARTING', `Container ${record.Id} is restarting, wait until the container is running`);
    if (!hasPrograms(record)) throw new EngineError('NOT_RUNNING', `Container ${record.Id} is not running`);
    const rows = await askRunning(engine, record, 'processes') as ProcessRow[];
    const { limitBytes } = await askRunning(engine, record, 'usage') as UsageAnswer;
    for (const line of processLines(rows, options, { nowMs: Date.now(), memoryBytes: limitBytes })) terminal.out(`${line}\n`);
    engine.containers.events.ofContainer(record, 'top');
    return 0;
  },
};

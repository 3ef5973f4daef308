// wherry kill: a signal for running containers.
import { SIGKILL } from '../../abi/index.ts';
import { type ContainerRecord, EngineError, isUp, signalNumber } from '../../engine/index.ts';
import { forEachWord } from '../each.ts';
import { string } from '../flags.ts';
import { type Engine, openEngine } from '../setup.ts';
import { kill as killNow, signalContainer } from '../supervisor.ts';
import type { Verb } from '../verb.ts';

/** Throws EngineError 'NO_CONTAINER', 'NOT_RUNNING' in Docker's words. */
function runningContainer(word: string, { containers }: Engine): ContainerRecord {
  let record: ContainerRecord;
  try { record = containers.find(word); } catch (error) { throw error instanceof EngineError ? new EngineError(error.code, `Cannot kill container: ${word}: ${error.message}`) : error; }
  if (!isUp(record)) throw new EngineError('NOT_RUNNING', `Cannot kill container: ${word}: Container ${record.Id} is not running`);
  return record;
}

export const kill: Verb = {
  name: 'kill',
  aliases: ['container kill'],
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  help: 'Kill one or more running containers',
  flags: [string('signal', 'Signal to send to the container', 's')],
  words: [1, Infinity],
  interspersed: true,
  failure: 1,
  async run(parsed, terminal) {
    const engine = openEngine(terminal);
    const signal = signalNumber(parsed.string('signal') ?? 'KILL');
    const failed = await forEachWord(parsed.words, terminal, async (word) => {
      const record = runningContainer(word, engine);
      await (signal === SIGKILL ? killNow(engine, record) : signalContainer(engine, record, signal));
    });
    return failed.length > 0 ? 1 : 0;
  },
};

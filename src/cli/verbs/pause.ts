// wherry pause and unpause: no program of a container runs, until they go on.
import { type ContainerRecord, EngineError, hasPrograms } from '../../engine/index.ts';
import { forEachWord } from '../each.ts';
import { openEngine } from '../setup.ts';
import { askRunning } from '../supervisor.ts';
import type { Verb } from '../verb.ts';

/** Throws EngineError in dockerd's words. */
type Demand = (record: ContainerRecord) => void;

const pausable: Demand = ({ Id, State }) => {
  if (State.Status === 'paused') throw new EngineError('PAUSED', `Container ${Id} is already paused`);
  if (State.Status === 'restarting') throw new EngineError('RESTARTING', `Container ${Id} is restarting, wait until the container is running`);
  if (!hasPrograms({ State })) throw new EngineError('NOT_RUNNING', `Container ${Id} is not running`);
};

const unpausable: Demand = ({ Id, State }) => { if (State.Status !== 'paused') throw new EngineError('NOT_PAUSED', `Container ${Id} is not paused`); };

function pausing(name: 'pause' | 'unpause', help: string, demand: Demand): Verb {
  return {
    name,
    aliases: [`container ${name}`],
    usage: 'CONTAINER [CONTAINER...]',
    help,
    flags: [],
    words: [1, Infinity],
    interspersed: true,
    failure: 1,
    async run(parsed, terminal) {
      const engine = openEngine(terminal);
      const failed = await forEachWord(parsed.words, terminal, async (word) => {
        const record = engine.containers.find(word);
        demand(record);
        await askRunning(engine, record, name);
      });
      return failed.length > 0 ? 1 : 0;
    },
  };
}

export const pause = pausing('pause', 'Pause all processes within one or more containers', pausable);
export const unpause = pausing('unpause', 'Unpause all processes within one or more containers', unpausable);

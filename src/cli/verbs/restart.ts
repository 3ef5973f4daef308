// wherry restart: ends containers and starts them again, in the background.
import { hasPrograms } from '../../engine/index.ts';
import { startDetached } from '../detached.ts';
import { forEachWord } from '../each.ts';
import { openEngine } from '../setup.ts';
import { restartInPlace, stopContainer } from '../supervisor.ts';
import type { Verb } from '../verb.ts';
import { stopFlags, stopRequest } from './stop.ts';

export const restart: Verb = {
  name: 'restart',
  aliases: ['container restart'],
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  help: 'Restart one or more containers',
  flags: stopFlags,
  words: [1, Infinity],
  interspersed: true,
  failure: 1,
  async run(parsed, terminal) {
    const engine = openEngine(terminal);
    const request = stopRequest(parsed);
    const failed = await forEachWord(parsed.words, terminal, async (word) => {
      const record = engine.containers.find(word);
      if (record.HostConfig.AutoRemove && hasPrograms(record)) await restartInPlace(engine, record, request);
      else {
        await stopContainer(engine, record, request);
        await startDetached(engine.containers.find(record.Id), terminal);
      }
      engine.containers.events.ofContainer(record, 'restart');
    });
    return failed.length > 0 ? 1 : 0;
  },
};

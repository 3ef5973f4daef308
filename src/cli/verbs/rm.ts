// wherry rm: takes containers away with all they changed.
import { EngineError, hasPrograms } from '../../engine/index.ts';
import { forEachWord } from '../each.ts';
import { bool } from '../flags.ts';
import { openEngine } from '../setup.ts';
import { stopNow } from '../supervisor.ts';
import type { Verb } from '../verb.ts';

export const rm: Verb = {
  name: 'rm',
  aliases: ['container rm', 'container remove'],
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  help: 'Remove one or more containers',
  flags: [bool('force', 'Force the removal of a running container (uses SIGKILL)', 'f'), bool('link', 'Remove the specified link', 'l'), bool('volumes', 'Remove anonymous volumes associated with the container', 'v')],
  words: [1, Infinity],
  interspersed: true,
  failure: 1,
  async run(parsed, terminal) {
    const { containers } = openEngine(terminal);
    if (parsed.bool('link')) throw new EngineError('NO_LINK', 'links are kept with the containers that have them: none can be removed alone');
    const force = parsed.bool('force');
    const volumes = parsed.bool('volumes');
    const failed = await forEachWord(parsed.words, terminal, async (word) => {
      try {
        const record = containers.find(word);
        if (force && record.State.Supervisor) {
          if (hasPrograms(record)) containers.events.ofContainer(record, 'kill', { signal: '9' });
          await stopNow(record.State.Supervisor);
        }
        if (containers.exists(record.Id)) containers.remove(record.Id, { volumes });
        return true;
      } catch (error) {
        if (!force || !(error instanceof EngineError && error.code === 'NO_CONTAINER')) throw error;
        terminal.err(`Error response from daemon: ${error.message}\n`);
        return false;
      }
    });
    return failed.length > 0 ? 1 : 0;
  },
};

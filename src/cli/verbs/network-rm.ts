// wherry network rm: takes networks away that no running container is on.
import { EngineError } from '../../engine/index.ts';
import { messageOf } from '../errors.ts';
import { bool } from '../flags.ts';
import { openEngine } from '../setup.ts';
import type { Verb } from '../verb.ts';

const isMissing = (error: unknown): boolean => error instanceof EngineError && error.code === 'NO_NETWORK';

export const networkRm: Verb = {
  name: 'network rm',
  aliases: ['network remove'],
  usage: 'NETWORK [NETWORK...]',
  help: 'Remove one or more networks',
  flags: [bool('force', 'Do not error if the network does not exist', 'f')],
  words: [1, Infinity],
  interspersed: true,
  failure: 1,
  async run(parsed, terminal) {
    const { networks, endpoints, events } = openEngine(terminal).containers;
    const force = parsed.bool('force');
    let failed = false;
    for (const word of parsed.words) {
      try {
        const network = networks.find(word);
        networks.remove(network, () => endpoints.on(network).length > 0);
        terminal.out(`${word}\n`);
        events.tell('network', 'destroy', network.Id, { name: network.Name, type: network.Driver });
      } catch (error) {
        if (force && isMissing(error)) continue;
        terminal.err(`${messageOf(error)}\n`);
        failed = true;
      }
    }
    if (failed) terminal.err('exit status 1\n');
    return failed ? 1 : 0;
  },
};

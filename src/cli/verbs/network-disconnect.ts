// wherry network disconnect: takes a container off a network, while it runs, too.
import { bool } from '../flags.ts';
import { tellOfNetworks } from '../network-change.ts';
import { openEngine } from '../setup.ts';
import type { Verb } from '../verb.ts';

export const networkDisconnect: Verb = {
  name: 'network disconnect',
  usage: '[OPTIONS] NETWORK CONTAINER',
  help: 'Disconnect a container from a network',
  flags: [bool('force', 'Force the container to disconnect from a network', 'f')],
  words: [2, 2],
  interspersed: true,
  failure: 1,
  async run(parsed, terminal) {
    const engine = openEngine(terminal);
    const [network = '', container = ''] = parsed.words;
    const found = engine.containers.networks.find(network);
    await tellOfNetworks(engine, engine.containers.disconnect(engine.containers.find(container).Id, found));
    return 0;
  },
};

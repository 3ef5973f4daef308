// wherry network inspect: all that is known of networks.
import { bool } from '../flags.ts';
import { inspect, inspectFormatFlag } from '../inspect.ts';
import { networkDocument } from '../network-document.ts';
import { openEngine } from '../setup.ts';
import type { Verb } from '../verb.ts';

export const networkInspect: Verb = {
  name: 'network inspect',
  usage: '[OPTIONS] NETWORK [NETWORK...]',
  help: 'Display detailed information on one or more networks',
  flags: [inspectFormatFlag, bool('verbose', 'Verbose output for diagnostics', 'v')],
  words: [1, Infinity],
  interspersed: true,
  failure: 1,
  async run(parsed, terminal) {
    const engine = openEngine(terminal);
    return inspect(parsed, terminal, (word) => networkDocument(engine.containers.networks.find(word), engine));
  },
};

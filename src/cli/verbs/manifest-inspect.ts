// wherry manifest inspect: a manifest, or an index of manifests, as the registry has it.
import { bool } from '../flags.ts';
import type { Verb } from '../verb.ts';

export const manifestInspect: Verb = {
  name: 'manifest inspect',
  usage: '[OPTIONS] MANIFEST',
  help: 'Display an image manifest, or manifest list',
  flags: [bool('insecure', 'Allow communication with an insecure registry')],
  words: [1, 1],
  interspersed: true,
  failure: 1,
  run: async (parsed, terminal) => (await import('../remote-manifest.ts')).showRemoteManifest(parsed, terminal),
};

// wherry push: an image to a registry.
import type { Reference } from '../../oci/index.ts';
import { bool, string } from '../flags.ts';
import { demandName, InputError } from '../input.ts';
import { demandOwnPlatform } from '../platform-flag.ts';
import { openEvents, openImages } from '../setup.ts';
import { onOutput } from '../transfer-progress.ts';
import type { Terminal, Verb } from '../verb.ts';

/** As it was said, in full. */
const spoken = ({ domain, path, tag }: Reference): string => `${domain}/${path}${tag === undefined ? '' : `:${tag}`}`;

export const push: Verb = {
  name: 'push',
  aliases: ['image push'],
  common: true,
  usage: '[OPTIONS] NAME[:TAG]',
  help: 'Upload an image to a registry',
  flags: [
    bool('all-tags', 'Push all tags of an image to the repository', 'a'), { ...bool('disable-content-trust', 'Skip image signing'), initial: 'true' },
    string('platform', 'Push a platform-specific manifest as a single-platform image to the registry.\nImage index won\'t be pushed, meaning that other manifests, including attestations won\'t be preserved.\n\'os[/arch[/variant]]\': Explicit platform (eg. linux/amd64)'),
    bool('quiet', 'Suppress verbose output', 'q'),
  ],
  words: [1, 1],
  interspersed: true,
  failure: 1,
  async run(parsed, terminal) {
    const [text] = parsed.words as [string];
    const said = demandName(text);
    const all = parsed.bool('all-tags');
    if (said.digest !== undefined) throw new InputError('cannot push a digest reference');
    if (all && said.tag !== undefined) throw new InputError('tag can\'t be used with --all-tags/-a');
    demandOwnPlatform(parsed, `image with reference ${text}`);
    const reference = all ? said : { ...said, tag: said.tag ?? 'latest' };
    const quiet = parsed.bool('quiet');
    if (!all && said.tag === undefined && !quiet) terminal.out('Using default tag: latest\n');
    await pushAll(reference, all, terminal, quiet);
    if (quiet) terminal.out(`${spoken(reference)}\n`);
    return 0;
  },
};

/** What goes wrong is said without docker's introduction, as its client does. */
async function pushAll(reference: Reference, all: boolean, terminal: Terminal, quiet: boolean): Promise<void> {
  const [{ pushImage, RegistryError, tagsToPush }, { openRegistry }, { TransferDisplay }] = await Promise.all([import('../../oci/registry/index.ts'), import('../registries.ts'), import('../transfer-progress.ts')]);
  const { store } = openImages(terminal);
  const { show } = quiet ? { show: undefined } : new TransferDisplay(onOutput(terminal));
  show?.({ status: `The push refers to repository [${reference.domain}/${reference.path}]` });
  try {
    const registry = openRegistry(reference.domain, terminal);
    const events = openEvents(terminal);
    for (const one of tagsToPush(store, reference, all)) {
      await pushImage(store, registry, one, show);
      events.tell('image', 'push', spoken(one), { name: `${one.domain}/${one.path}` });
    }
  } catch (error) {
    throw error instanceof RegistryError ? new InputError(error.message) : error;
  }
}

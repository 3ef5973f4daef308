// wherry pull: an image from a registry.
import { fullName, parseReference } from '../../oci/index.ts';
import { bool, string } from '../flags.ts';
import { demandName, InputError } from '../input.ts';
import { platformOf } from '../platform-flag.ts';
import { openImages } from '../setup.ts';
import { onOutput } from '../transfer-progress.ts';
import { unpackLimitHelp } from '../unpack-limit.ts';
import type { Verb } from '../verb.ts';

export const pull: Verb = {
  name: 'pull',
  aliases: ['image pull'],
  common: true,
  usage: '[OPTIONS] NAME[:TAG|@DIGEST]',
  help: 'Download an image from a registry',
  details: unpackLimitHelp,
  flags: [
    bool('all-tags', 'Download all tagged images in the repository', 'a'), { ...bool('disable-content-trust', 'Skip image verification'), initial: 'true' }, string('platform', 'Set platform if server is multi-platform capable'),
    bool('quiet', 'Suppress verbose output', 'q'),
  ],
  words: [1, 1],
  interspersed: true,
  failure: 1,
  async run(parsed, terminal) {
    const [text] = parsed.words as [string];
    const reference = demandName(text);
    const { tag, digest } = reference;
    const quiet = parsed.bool('quiet');
    const platform = platformOf(parsed);
    if (parsed.bool('all-tags') && (tag !== undefined || digest !== undefined)) throw new InputError('tag can\'t be used with --all-tags/-a');
    const images = openImages(terminal);
    const { showPull, showPullAll } = await import('../pull-image.ts');
    const output = quiet ? undefined : onOutput(terminal);
    if (parsed.bool('all-tags')) {
      await showPullAll(images, reference, terminal, { platform, output });
      terminal.out(`${reference.domain}/${reference.path}\n`);
      return 0;
    }
    if (tag === undefined && digest === undefined && !quiet) terminal.out('Using default tag: latest\n');
    await showPull(images, text, terminal, { platform, output });
    terminal.out(`${fullName(parseReference(text))}\n`);
    return 0;
  },
};

// The image that `run` and `create` name: from the store, else pulled, as `--pull` says.
import { EngineError } from '../engine/index.ts';
import { type Image, ImageError } from '../oci/index.ts';
import { ClientError, type Parsed } from './flags.ts';
import type { Engine } from './setup.ts';
import type { Terminal } from './verb.ts';

/** An image ready to run. Throws ClientError, EngineError 'NO_IMAGE', ImageError, RegistryError. */
export async function findImage(parsed: Parsed, { images }: Engine, terminal: Terminal): Promise<Image> {
  const name = parsed.words[0]!;
  const platform = parsed.string('platform');
  if (platform) (await import('./platform-flag.ts')).demandRunnablePlatform(platform, name);
  const image = await wanted(name, parsed, images, terminal);
  await images.store.adopt(image);
  return image;
}

async function wanted(name: string, parsed: Parsed, images: Engine['images'], terminal: Terminal): Promise<Image> {
  const policy = parsed.string('pull') || 'missing';
  const image = policy === 'always' ? undefined : resolved(name, images);
  if (image) return image;
  const shown = /[:@]/.test(name.slice(name.lastIndexOf('/') + 1)) ? name : `${name}:latest`;
  if (policy === 'never') throw new EngineError('NO_IMAGE', `No such image: ${shown}`);
  const quiet = parsed.bool('quiet');
  if (policy === 'missing' && !quiet) terminal.err(`Unable to find image '${shown}' locally\n`);
  const [{ showPull }, { onError }, { platformOf }] = await Promise.all([import('./pull-image.ts'), import('./transfer-progress.ts'), import('./platform-flag.ts')]);
  return showPull(images, name, terminal, { platform: platformOf(parsed), output: quiet ? undefined : onError(terminal) });
}

/** Throws ClientError for what names nothing. */
function resolved(name: string, { store }: Engine['images']): Image | undefined {
  try { return store.resolve(name); } catch (error) { throw error instanceof ImageError && error.code === 'bad-reference' ? new ClientError(error.message) : error; }
}

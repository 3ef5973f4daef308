// An image from its registry, with the progress that docker shows: for `pull`, and for the verbs that need an image that is not here.
import type { Images } from '../engine/index.ts';
import { familiarName, fullName, type Image, parseReference, type Reference } from '../oci/index.ts';
import { type Platform, type Pulled, pullImage, RegistryError, type TransferProgress } from '../oci/registry/index.ts';
import { InputError } from './input.ts';
import { openRegistry } from './registries.ts';
import { type TransferOutput, TransferDisplay } from './transfer-progress.ts';
import { unpackLimit } from './unpack-limit.ts';
import type { Terminal } from './verb.ts';

export interface PullRequest { readonly platform?: Platform | undefined; readonly progress?: TransferProgress }

/** Pulls what a reference names. Throws RegistryError, ImageError. */
export function pullReference({ store }: Images, reference: Reference, terminal: Terminal, { platform, progress }: PullRequest = {}): Promise<Pulled> {
  return pullImage(store, openRegistry(reference.domain, terminal), reference, { ...unpackLimit(terminal), ...(platform ? { platform } : {}), ...(progress ? { progress } : {}) });
}

/** The same, shown; the last line says whether it was new. What goes wrong behind the first line is said without docker's introduction, as its client does. */
export async function showPull(images: Images, text: string, terminal: Terminal, { platform, output }: { platform?: Platform | undefined; output?: TransferOutput | undefined } = {}): Promise<Image> {
  const reference = parseReference(text);
  if (!output) return (await pullReference(images, reference, terminal, { platform })).image;
  const display = new TransferDisplay(output);
  try {
    const { image, isNew } = await pullReference(images, reference, terminal, { platform, progress: display.show });
    const shown = reference.digest === undefined ? familiarName(parseReference(fullName(reference))) : text;
    display.show({ status: `Status: ${isNew ? 'Downloaded newer image' : 'Image is up to date'} for ${shown}` });
    return image;
  } catch (error) {
    throw display.begun && error instanceof RegistryError ? new InputError(error.message) : error;
  }
}

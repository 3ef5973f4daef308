// An image from its registry, with the progress that docker shows: for `pull`, and for the verbs that need an image that is not here.
import type { Images } from '../engine/index.ts';
import { familiarName, familiarRepository, fullName, type Image, parseReference, type Reference } from '../oci/index.ts';
import { type Platform, type Pulled, pullImage, RegistryError, tagsOf, type TransferProgress } from '../oci/registry/index.ts';
import { InputError } from './input.ts';
import { openRegistry, registriesOf } from './registries.ts';
import { openEvents } from './setup.ts';
import { type TransferOutput, TransferDisplay } from './transfer-progress.ts';
import { unpackLimit } from './unpack-limit.ts';
import type { Terminal } from './verb.ts';

export interface PullRequest { readonly platform?: Platform | undefined; readonly progress?: TransferProgress }

/** Pulls what a reference names; where there are mirrors, from the first that has it. Throws RegistryError, ImageError. */
export async function pullReference({ store }: Images, reference: Reference, terminal: Terminal, { platform, progress }: PullRequest = {}): Promise<Pulled> {
  const registries = registriesOf(reference.domain, terminal);
  for (const registry of registries) {
    try { return await pullImage(store, registry, reference, { ...unpackLimit(terminal), ...(platform ? { platform } : {}), ...(progress ? { progress } : {}) }); } catch (error) {
      if (registry === registries.at(-1) || !(error instanceof RegistryError)) throw error;
    }
  }
  throw new Error('a domain without a registry');
}

/** Every tag of a repository, shown. Throws RegistryError, ImageError. */
export async function showPullAll({ store }: Images, repository: Reference, terminal: Terminal, { platform, output }: PullShow): Promise<void> {
  const registry = openRegistry(repository.domain, terminal);
  const display = output && new TransferDisplay(output);
  const tags = await tagsOf(registry, repository.path).catch((error: unknown) => {
    throw error instanceof RegistryError && error.said === 'NAME_UNKNOWN' ? new RegistryError(error.code, `repository ${familiarRepository(repository)} not found: ${error.message}`, error.said) : error;
  });
  let isNew = false;
  try {
    for (const tag of tags) {
      const pulled = await pullImage(store, registry, { ...repository, tag }, { ...unpackLimit(terminal), ...(platform ? { platform } : {}), ...(display ? { progress: display.show } : {}) });
      isNew ||= pulled.isNew;
    }
  } catch (error) { throw plain(error, display); }
  display?.show({ status: statusLine(isNew, familiarRepository(repository)) });
}

const statusLine = (isNew: boolean, name: string): string => `Status: ${isNew ? 'Downloaded newer image' : 'Image is up to date'} for ${name}`;

/** What goes wrong behind the first line is said without docker's introduction, as its client does. */
const plain = (error: unknown, display: TransferDisplay | undefined): unknown => (display?.begun && error instanceof RegistryError ? new InputError(error.message) : error);

/** `output` absent: nothing is shown. */
export interface PullShow { readonly platform?: Platform | undefined; readonly output?: TransferOutput | undefined }

/** One image, shown; the last line says whether it was new. Throws RegistryError, ImageError. */
export async function showPull(images: Images, text: string, terminal: Terminal, { platform, output }: PullShow = {}): Promise<Image> {
  const reference = parseReference(text);
  const pulled = (image: Image): Image => {
    openEvents(terminal).tell('image', 'pull', familiarName(parseReference(fullName(reference))), { ...image.config.config?.Labels, name: familiarRepository(reference) });
    return image;
  };
  if (!output) return pulled((await pullReference(images, reference, terminal, { platform })).image);
  const display = new TransferDisplay(output);
  try {
    const { image, isNew } = await pullReference(images, reference, terminal, { platform, progress: display.show });
    display.show({ status: statusLine(isNew, reference.digest === undefined ? familiarName(parseReference(fullName(reference))) : `${familiarRepository(reference)}@${reference.digest}`) });
    return pulled(image);
  } catch (error) { throw plain(error, display); }
}

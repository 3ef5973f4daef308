// What removing an image means, by Docker's rules: which names go, whether the image goes with them, and the conflicts that forbid it.
import { ImageError } from './errors.ts';
import type { Digest } from './image.ts';
import { familiarName, fullName, parseReference, repositoryOf } from './reference.ts';
import type { Image } from './store-view.ts';

/** A container that was made from an image. */
export interface ImageUser { readonly container: string; readonly running: boolean }

/** The containers made from an image, running ones first. */
export type InUse = (id: Digest) => readonly ImageUser[];

export interface RemoveOptions { readonly force?: boolean; readonly inUse?: InUse }

/** One line of Docker's answer: a name as shown, or the ID of an image or the chain ID of its layers. */
export type Removed = { readonly untagged: string } | { readonly deleted: Digest };

/** Full names that go, and whether the image goes. */
export interface Removal { readonly names: readonly string[]; readonly whole: boolean }

const short = (id: string): string => id.replace('sha256:', '').slice(0, 12);
const conflict = (message: string): ImageError => new ImageError('conflict', `conflict: ${message}`);
const isTag = (name: string): boolean => parseReference(name).digest === undefined;

/** At most one tag, and every name in one repository: one `rmi` of the ID takes them all. */
const isSingle = (names: readonly string[]): boolean => names.length <= 1 || (new Set(names.map(repositoryOf)).size === 1 && names.filter(isTag).length <= 1);

/** What `rmi text` does to `image`, which `text` stands for; `names` are all names of its ID. Throws ImageError 'conflict'. */
export function planRemoval(text: string, image: Image, names: readonly string[], { force = false, inUse = () => [] }: RemoveOptions): Removal {
  const byName = !isIdOf(text, image);
  const users = inUse(image.id);
  if (byName) return removalOfName(text, image, names, users, force);
  if (!isSingle(names) && !force) throw conflict(`unable to delete ${short(image.id)} (must be forced) - image is referenced in multiple repositories`);
  demandUnused(image, users, force);
  return { names, whole: users.length === 0 };
}

const isIdOf = (text: string, { id, manifestDigest }: Image): boolean => {
  const start = text.startsWith('sha256:') ? text : `sha256:${text}`;
  return id.startsWith(start) || manifestDigest.startsWith(start);
};

function removalOfName(text: string, image: Image, names: readonly string[], users: readonly ImageUser[], force: boolean): Removal {
  if (!force && isSingle(names) && users.length > 0) {
    throw conflict(`unable to remove repository reference ${JSON.stringify(text)} (must force) - container ${short(users[0]!.container)} is using its referenced image ${short(image.id)}`);
  }
  const name = fullName(parseReference(text));
  // A digest may be said of what has only tags: it means all of them in that repository.
  if (!names.includes(name)) {
    const gone = names.filter((other) => repositoryOf(other) === repositoryOf(name));
    return { names: gone, whole: gone.length === names.length && users.length === 0 };
  }
  const left = names.filter((other) => other !== name);
  const digests = left.filter((other) => !isTag(other) && repositoryOf(other) === repositoryOf(name));
  const alone = isTag(name) && !left.some((other) => isTag(other) && repositoryOf(other) === repositoryOf(name));
  const gone = [name, ...(alone ? digests : [])];
  return { names: gone, whole: names.every((other) => gone.includes(other)) && users.length === 0 };
}

/** A running container keeps its image whatever is said, a stopped one unless it is forced. */
function demandUnused(image: Image, users: readonly ImageUser[], force: boolean): void {
  const running = users.find((user) => user.running);
  if (running) throw conflict(`unable to delete ${short(image.id)} (cannot be forced) - image is being used by running container ${short(running.container)}`);
  const stopped = users[0];
  if (!stopped) return;
  if (!force) throw conflict(`unable to delete ${short(image.id)} (must be forced) - image is being used by stopped container ${short(stopped.container)}`);
  if (image.names.length === 0) throw conflict(`unable to delete ${short(image.id)} (cannot be forced) - image is being used by stopped container ${short(stopped.container)}`);
}

export const untagged = (name: string): Removed => ({ untagged: familiarName(parseReference(name)) });

// The directory part of a path under the restrictions of openat2(2): no links, no way out of a directory, no other mount. One component at a time, through walk().
import { ELOOP, ENOENT, EXDEV, S_IFLNK, S_IFMT } from '../abi/index.ts';
import type { Place } from './types.ts';
import { find } from './seek.ts';
import { walk, type WalkContext } from './walk.ts';

/** As in struct open_how. */
export const RESOLVE = { NO_XDEV: 1, NO_MAGICLINKS: 2, NO_SYMLINKS: 4, BENEATH: 8, IN_ROOT: 16, CACHED: 32 } as const;
const SCOPED = RESOLVE.BENEATH | RESOLVE.IN_ROOT;
const MAX_LINKS = 40;

/** What is left to look up, in which directory and by whose view: one name, or `.`. */
export interface Rest { readonly context: WalkContext; readonly base: Place; readonly path: string }

/** Walks all of `path` but its last name, which is no link any more when `follow`. Throws EXDEV and ELOOP for what `restrictions` (RESOLVE bits) forbid. */
export function walkRestricted(context: WalkContext, base: Place, path: string, restrictions: number, follow: boolean): Rest {
  const scope = restrictions & SCOPED ? { ...context, root: base } : context;
  if (path.startsWith('/') && restrictions & RESOLVE.BENEATH) throw EXDEV;
  return new RestrictedWalk(scope, path.startsWith('/') ? scope.root : base, path, restrictions, follow).run();
}

class RestrictedWalk {
  readonly #context: WalkContext;
  readonly #restrictions: number;
  readonly #follow: boolean;
  #at: Place;
  #rest: string;
  #links = 0;

  constructor(context: WalkContext, start: Place, path: string, restrictions: number, follow: boolean) {
    this.#context = context;
    this.#at = start;
    this.#rest = path;
    this.#restrictions = restrictions;
    this.#follow = follow;
  }

  #forbids(restriction: number): boolean { return (this.#restrictions & restriction) !== 0; }

  run(): Rest {
    for (;;) {
      const [, name, slashes, rest] = /^\/*([^/]*)(\/*)(.*)$/s.exec(this.#rest)!;
      if (name === '') return { context: this.#context, base: this.#at, path: '.' };
      const isLast = rest === '';
      if (name === '..' && this.#isTop()) this.#goTo(this.#top());
      else if (this.#isLink(name!) && (!isLast || slashes !== '' || this.#follow)) {
        if (this.#enterLink(name!, slashes! + rest!)) continue;
        if (isLast && slashes === '') return { context: this.#context, base: this.#at, path: name! };
        this.#goTo(find(this.#context, this.#at, name!));
      } else if (isLast && name !== '..') {
        this.#demandSameMount(walk(this.#context, this.#at, name!, { follow: false }).place);
        return { context: this.#context, base: this.#at, path: name! + slashes! };
      } else this.#goTo(find(this.#context, this.#at, `${name!}${isLast ? '' : '/'}`));
      this.#rest = rest!;
    }
  }

  #goTo(place: Place): void {
    this.#demandSameMount(place);
    this.#at = place;
  }

  #demandSameMount(place: Place | undefined): void {
    if (place && this.#forbids(RESOLVE.NO_XDEV) && place.mount !== this.#at.mount) throw EXDEV;
  }

  #isTop(): boolean { return this.#forbids(SCOPED) && this.#at.inode === this.#context.root.inode && this.#at.mount === this.#context.root.mount; }

  /** Where `..` of the top leads: nowhere else, or out. */
  #top(): Place {
    if (this.#forbids(RESOLVE.BENEATH)) throw EXDEV;
    return this.#context.root;
  }

  #isLink(name: string): boolean {
    const inode = walk(this.#context, this.#at, name, { follow: false, nameOnly: true }).place?.inode;
    return inode !== undefined && (inode.mode & S_IFMT) === S_IFLNK;
  }

  /** Puts a link's target before what is left; false for a magic link, which has no target to walk. */
  #enterLink(name: string, rest: string): boolean {
    if (this.#forbids(RESOLVE.NO_SYMLINKS) || ++this.#links > MAX_LINKS) throw ELOOP;
    const { inode } = find(this.#context, this.#at, name, { follow: false });
    if (inode.follow) {
      if (this.#forbids(RESOLVE.NO_MAGICLINKS)) throw ELOOP;
      if (this.#forbids(SCOPED)) throw EXDEV;
      this.#demandSameMount(inode.follow());
      return false;
    }
    const target = inode.readlink!();
    if (target === '') throw ENOENT;
    if (target.startsWith('/')) this.#goTo(this.#top());
    this.#rest = target + rest;
    return true;
  }
}

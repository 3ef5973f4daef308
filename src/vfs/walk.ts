// HOT: (bench/lookup.ts) The only place that knows paths, with seek.ts for the usual ones: from the bytes of a path and a starting directory to an inode, through symbolic links, mounts, `..`, search permission and the limits of Linux.
import { EACCES, EISDIR, ELOOP, ENAMETOOLONG, ENOENT, ENOTDIR, Errno, NAME_MAX, PATH_MAX, S_IFDIR, S_IFLNK, S_IFMT, X_OK } from '../abi/index.ts';
import { latin1 } from '../base/index.ts';
import type { Mount, MountTable } from './mounts.ts';
import { HASH_START, hashByte } from './name-hash.ts';
import { isAbsolutePath, isEmptyPath, PathBuffer, type PathBytes, type PathLike } from './path-bytes.ts';
import type { Remembered } from './path-cache.ts';
import { allowed } from './permissions.ts';
import type { Credentials, Inode, Name, Place } from './types.ts';

const MAX_LINKS = 40;
const SLASH = 47, DOT = 46;
/** Search permission for everybody. */
export const ANY_SEARCH = 0o111;

/** Whose view of the tree: one per task (root and cwd change). */
export interface WalkContext {
  readonly mounts: MountTable;
  /** Where absolute paths start and `..` stops. */
  readonly root: Place;
  readonly cwd: Place;
  /** An object that never changes: other rights are another object. */
  readonly credentials: Credentials;
  /** For calls that write: whether a process runs the file, which is ETXTBSY. */
  readonly isRunning?: (inode: Inode) => boolean;
}

export interface WalkOptions {
  /** Whether a symbolic link at the end is followed. Default true; a trailing slash follows always. */
  readonly follow?: boolean;
  /** AT_EMPTY_PATH: an empty path is the base itself. */
  readonly emptyPath?: boolean;
  /** For calls about the name itself (create, remove, rename): what it names is looked up, but links and mounts there are left alone and a trailing slash is not judged. */
  readonly nameOnly?: boolean;
  /** O_CREAT: a last component with a slash behind it is EISDIR, whatever is there. */
  readonly create?: boolean;
}

export const plainly: WalkOptions = {};

/** Where a walk ended. */
export interface Found {
  /** The directory of the last component; for a path that ends in `/`, `.` or `..` the place itself. */
  readonly parent: Place;
  /** The last component; '' when the path ends in a place that has no name of its own here (`/`, `.`, `..`, an empty path, a magic link). */
  readonly name: Name;
  /** What is there, or undefined: the name is free. */
  readonly place: Place | undefined;
  /** Written with a slash at the end: only a directory will do. */
  readonly trailingSlash: boolean;
  /** How the path ended when `name` is ''. */
  readonly last: 'name' | 'root' | 'dot' | 'dotdot' | 'magic';
}

const typeOf = (inode: Inode): number => inode.mode & S_IFMT;

/** Finds `path` from `base` (ignored for absolute paths). Throws ENOENT, ENOTDIR, EACCES, EISDIR, ELOOP, ENAMETOOLONG for what lies before the last component. */
export function walk(context: WalkContext, base: Place, path: PathLike, options: WalkOptions = plainly): Found {
  const found = through(context, base, path, options, (ended) => ended.found());
  if (found instanceof Errno) throw found;
  return found;
}

/** What should be at the end. */
export const placeOf = (ended: Walk): Place | Errno => ended.place ?? ENOENT;

/** Where the last component begins; the end when the path ends in a slash. */
export function behindLastSlash({ bytes, start, end }: PathBytes): number {
  let at = end;
  while (at > start && bytes[at - 1] !== SLASH) at--;
  return at;
}

/** Walks, and makes what is asked for of where it ended. */
export function through<T>(context: WalkContext, base: Place, path: PathLike, options: WalkOptions, result: (ended: Walk) => T): T | Errno {
  if (typeof path !== 'string') return walkBytes(context, base, path, options, result);
  if (path.length >= PATH_MAX) return ENAMETOOLONG;
  const buffer = PathBuffer.of(path);
  try { return walkBytes(context, base, buffer, options, result); } finally { buffer.release(); }
}

function walkBytes<T>(context: WalkContext, base: Place, path: PathBytes, options: WalkOptions, result: (ended: Walk) => T): T | Errno {
  const cut = behindLastSlash(path);
  const { root, credentials, mounts } = context;
  const known = cut === path.end ? undefined : mounts.paths.find(path.view, path.start, cut, isAbsolutePath(path) ? root : base, root, credentials);
  return walked(context, base, path, options, result, cut, known);
}

/** Walks what lies behind `cut` when it is known where the part before it leads, else all of it. */
export function walked<T>(context: WalkContext, base: Place, path: PathBytes, options: WalkOptions, result: (ended: Walk) => T, cut: number, known: Remembered | undefined): T | Errno {
  if (path.end - path.start >= PATH_MAX) return ENAMETOOLONG;
  const walk = new Walk(context, base, path, options);
  return (isEmptyPath(path) ? walk.stay() : walk.run(cut, known)) ?? result(walk);
}

/** A place by a name that is its file's only one: the file knows it, and keeps it when it is renamed. */
export class NamedPlace implements Place {
  readonly mount: Mount;
  readonly inode: Inode;
  readonly parent: Inode;
  constructor(mount: Mount, inode: Inode, parent: Inode) {
    this.mount = mount;
    this.inode = inode;
    this.parent = parent;
  }
  get name(): Name | undefined { return this.inode.name; }
}

/** One walk under way: where it stands, and what is left of the path. */
export class Walk {
  readonly #context: WalkContext;
  readonly #options: WalkOptions;
  readonly #path: PathBytes;
  readonly #startAt: Place;
  /** What is walked: the path, or a link's target and the rest of the path. */
  #bytes: Uint8Array;
  #at: number;
  #end: number;
  #mount: Mount;
  #inode: Inode;
  #links = 0;
  /** How many bytes are left when the directory part of the path has been walked and may be remembered; -1: it may not. */
  #tail = -1;
  /** The rights of nobody in particular have been enough. */
  #anybody = true;
  #last: Found['last'] = 'root';
  /** When the last component is a name: its directory, its bytes, and what is there. */
  #directory: Place | undefined;
  #nameFrom = 0;
  #nameTo = 0;
  #trailingSlash = false;
  place: Place | undefined;

  constructor(context: WalkContext, base: Place, path: PathBytes, options: WalkOptions) {
    this.#context = context;
    this.#options = options;
    this.#path = path;
    this.#bytes = path.bytes;
    this.#at = path.start;
    this.#end = path.end;
    this.#startAt = isAbsolutePath(path) ? context.root : base;
    this.#mount = this.#startAt.mount;
    this.#inode = this.#startAt.inode;
  }

  found(): Found {
    const trailingSlash = this.#trailingSlash;
    if (this.#directory) return { parent: this.#directory, name: this.#name(), place: this.place, trailingSlash, last: 'name' };
    return { parent: this.place!, name: '', place: this.place, trailingSlash, last: this.#last };
  }

  #name(): Name { return latin1(this.#bytes.subarray(this.#nameFrom, this.#nameTo)); }

  /** An empty path: the base itself, where that is allowed. */
  stay(): Errno | undefined {
    if (!this.#options.emptyPath) return ENOENT;
    this.place = this.#startAt;
    this.#last = 'dot';
    return undefined;
  }

  /** Begins behind the last slash when it is known where the part before it leads. */
  #begin(cut: number, known: Remembered | undefined): void {
    if (!known) {
      if (cut < this.#end) this.#tail = this.#end - cut;
      return;
    }
    this.#mount = known.mount;
    this.#inode = known.inode;
    this.#links = known.links;
    this.#at = cut;
  }

  /** Returns what is wrong, or undefined: the walk has ended, and a free name at the end is none of its errors. */
  run(cut: number, known: Remembered | undefined): Errno | undefined {
    this.#begin(cut, known);
    for (;;) {
      const bytes = this.#bytes;
      const end = this.#end;
      let at = this.#at;
      while (at < end && bytes[at] === SLASH) at++;
      if (end - at === this.#tail) this.#remember();
      if (at >= end) return this.#endAtPlace();
      const refused = this.#searchError();
      if (refused) return refused;
      const from = at;
      let hash = HASH_START;
      for (; at < end; at++) {
        const byte = bytes[at]!;
        if (byte === SLASH) break;
        hash = hashByte(hash, byte);
      }
      this.#at = at;
      const length = at - from;
      if (bytes[from] === DOT && length === 1) this.#last = 'dot';
      else if (bytes[from] === DOT && length === 2 && bytes[from + 1] === DOT) this.#up();
      else {
        if (length > NAME_MAX) return ENAMETOOLONG;
        this.#nameFrom = from;
        this.#nameTo = at;
        const refused = this.#step(hash);
        if (refused) return refused;
        if (this.place || this.#directory) return undefined;
      }
    }
  }

  /** Only directories: names of other files go without notice. */
  #remember(): void {
    if (typeOf(this.#inode) !== S_IFDIR) return;
    const { start, end, view } = this.#path;
    const { mounts, root, credentials } = this.#context;
    mounts.paths.remember(view, start, end - this.#tail, this.#startAt, root, this.#anybody ? undefined : credentials, { mount: this.#mount, inode: this.#inode, links: this.#links });
    this.#tail = -1;
  }

  /** What keeps the task from looking up names here. */
  #searchError(): Errno | undefined {
    const inode = this.#inode;
    const { mode } = inode;
    if ((mode & S_IFMT) !== S_IFDIR) return ENOTDIR;
    if (!inode.fs.announces) this.#tail = -1;
    if ((mode & ANY_SEARCH) === ANY_SEARCH) return undefined;
    this.#anybody = false;
    return allowed(inode, X_OK, this.#context.credentials) ? undefined : EACCES;
  }

  #here(): Place { return { mount: this.#mount, inode: this.#inode }; }

  #endAtPlace(): Errno | undefined {
    this.#trailingSlash = this.#bytes[this.#end - 1] === SLASH;
    if (this.#trailingSlash && typeOf(this.#inode) !== S_IFDIR) return ENOTDIR;
    this.place = this.#here();
    return undefined;
  }

  /** `..`: stays at the root of the task, and leaves a mount for what it covers. */
  #up(): void {
    this.#last = 'dotdot';
    const { root } = this.#context;
    while (!(this.#mount === root.mount && this.#inode === root.inode)) {
      if (this.#inode !== this.#mount.root) {
        if (this.#inode.parent) this.#inode = this.#inode.parent;
        this.#coverUp();
        return;
      }
      const on = this.#mount.on;
      if (!on) return;
      this.#mount = on.mount;
      this.#inode = on.inode;
    }
  }

  /** Goes on to the root of what is mounted here. */
  #coverUp(): void {
    if (!this.#inode.covered) return;
    const { mounts } = this.#context;
    for (let mount = mounts.covering(this.#mount, this.#inode); mount; mount = mounts.covering(mount, mount.root)) {
      this.#mount = mount;
      this.#inode = mount.root;
    }
  }

  /** One named component; the walk ends when it is the last. */
  #step(hash: number): Errno | undefined {
    const options = this.#options;
    const directory = this.#inode;
    const isLast = this.#isLast();
    const trailingSlash = isLast && this.#nameTo < this.#end;
    if (trailingSlash && options.create) return EISDIR;
    const child = directory.lookupBytes ? directory.lookupBytes(this.#bytes, this.#nameFrom, this.#nameTo, hash) : directory.lookup!(this.#name());
    if (isLast) return this.#finish(child, trailingSlash);
    if (!child) return ENOENT;
    if (typeOf(child) === S_IFLNK) return this.#enterLink(child, false);
    this.#inode = child;
    this.#coverUp();
    return undefined;
  }

  /** The last component. */
  #finish(child: Inode | undefined, trailingSlash: boolean): Errno | undefined {
    const { follow = true, nameOnly = false } = this.#options;
    if (child && !nameOnly && typeOf(child) === S_IFLNK && (trailingSlash || follow)) return this.#enterLink(child, !trailingSlash);
    this.#trailingSlash = trailingSlash;
    const parent = this.#directory = this.#here();
    if (!child) return undefined;
    this.#inode = child;
    if (!nameOnly) {
      this.#coverUp();
      if (trailingSlash && typeOf(this.#inode) !== S_IFDIR) return ENOTDIR;
    }
    this.place = child.soleName && this.#inode === child && child.parent === parent.inode
      ? new NamedPlace(this.#mount, child, parent.inode)
      : { mount: this.#mount, inode: this.#inode, parent: parent.inode, name: this.#name() };
    return undefined;
  }

  /** Whether nothing but slashes follows. */
  #isLast(): boolean {
    let at = this.#at;
    while (at < this.#end && this.#bytes[at] === SLASH) at++;
    return at >= this.#end;
  }

  #enterLink(link: Inode, isEnd: boolean): Errno | undefined {
    if (++this.#links > MAX_LINKS) return ELOOP;
    if (link.follow) return this.#followMagic(link, isEnd);
    const target = link.readlink!();
    if (target === '') return ENOENT;
    this.#insert(target);
    if (target.startsWith('/')) this.#goTo(this.#context.root, 'root');
    return undefined;
  }

  /** Puts a link's target before what is left. */
  #insert(target: string): void {
    const rest = this.#bytes.subarray(this.#at, this.#end);
    const bytes = new Uint8Array(target.length + rest.length);
    for (let i = 0; i < target.length; i++) bytes[i] = target.charCodeAt(i);
    bytes.set(rest, target.length);
    this.#bytes = bytes;
    this.#at = 0;
    this.#end = bytes.length;
  }

  #goTo(place: Place, last: Found['last']): void {
    this.#mount = place.mount;
    this.#inode = place.inode;
    this.#last = last;
  }

  #followMagic(link: Inode, isEnd: boolean): Errno | undefined {
    const place = link.follow!();
    if (!place) return ENOENT;
    this.#goTo(place, 'magic');
    if (isEnd) this.place = place;
    return undefined;
  }
}

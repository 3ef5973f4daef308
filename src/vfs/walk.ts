// The only place that knows paths: from a path and a starting directory to an inode, through symbolic links, mounts, `..`, search permission and the limits of Linux.
import { EACCES, EISDIR, ELOOP, ENAMETOOLONG, ENOENT, ENOTDIR, NAME_MAX, PATH_MAX, S_IFDIR, S_IFLNK, S_IFMT, X_OK } from '../abi/index.ts';
import { assert } from '../base/index.ts';
import type { Mount, MountTable } from './mounts.ts';
import { allowed } from './permissions.ts';
import type { Credentials, Inode, Name, Place } from './types.ts';

const MAX_LINKS = 40;

/** Whose view of the tree: one per task (root and cwd change). */
export interface WalkContext {
  readonly mounts: MountTable;
  /** Where absolute paths start and `..` stops. */
  readonly root: Place;
  readonly cwd: Place;
  readonly credentials: Credentials;
}

export interface WalkOptions {
  /** Whether a symbolic link at the end is followed. Default true; a trailing slash follows always. */
  follow?: boolean;
  /** AT_EMPTY_PATH: an empty path is the base itself. */
  emptyPath?: boolean;
  /** For calls about the name itself (create, remove, rename): what it names is looked up, but links and mounts there are left alone and a trailing slash is not judged. */
  nameOnly?: boolean;
  /** O_CREAT: a last component with a slash behind it is EISDIR, whatever is there. */
  create?: boolean;
}

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
export function walk(context: WalkContext, base: Place, path: string, options: WalkOptions = {}): Found {
  if (path.length >= PATH_MAX) throw ENAMETOOLONG;
  if (path === '') {
    if (!options.emptyPath) throw ENOENT;
    return { parent: base, name: '', place: base, trailingSlash: false, last: 'dot' };
  }
  return new Walk(context, base, path, options).run();
}

/** Finds what must exist. */
export function find(context: WalkContext, base: Place, path: string, options: WalkOptions = {}): Place {
  const found = walk(context, base, path, options);
  if (!found.place) throw ENOENT;
  return found.place;
}

/** One walk under way: where it stands, and what is left of the path. */
class Walk {
  readonly #context: WalkContext;
  readonly #follow: boolean;
  readonly #nameOnly: boolean;
  readonly #create: boolean;
  #mount: Mount;
  #inode: Inode;
  #rest: string;
  /** Where in #rest the next component begins. */
  #at = 0;
  #links = 0;
  #last: Found['last'] = 'root';

  constructor(context: WalkContext, base: Place, path: string, options: WalkOptions) {
    this.#context = context;
    this.#follow = options.follow ?? true;
    this.#nameOnly = options.nameOnly ?? false;
    this.#create = options.create ?? false;
    this.#rest = path;
    const start = path.startsWith('/') ? context.root : base;
    this.#mount = start.mount;
    this.#inode = start.inode;
  }

  run(): Found {
    for (;;) {
      this.#skipSlashes();
      if (this.#at >= this.#rest.length) return this.#atPlace();
      this.#demandSearch();
      const slash = this.#rest.indexOf('/', this.#at);
      const name = slash < 0 ? this.#rest.slice(this.#at) : this.#rest.slice(this.#at, slash);
      this.#at += name.length;
      if (name === '.') this.#last = 'dot';
      else if (name === '..') this.#up();
      else {
        const end = this.#step(name);
        if (end) return end;
      }
    }
  }

  #skipSlashes(): void { while (this.#rest.charCodeAt(this.#at) === 47) this.#at++; }

  #demandSearch(): void {
    if (typeOf(this.#inode) !== S_IFDIR) throw ENOTDIR;
    if (!allowed(this.#inode, X_OK, this.#context.credentials)) throw EACCES;
  }

  #here(): Place { return { mount: this.#mount, inode: this.#inode }; }

  #atPlace(): Found {
    const here = this.#here();
    if (this.#rest.endsWith('/') && typeOf(this.#inode) !== S_IFDIR) throw ENOTDIR;
    return { parent: here, name: '', place: here, trailingSlash: this.#rest.endsWith('/'), last: this.#last };
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
    for (let mount = this.#context.mounts.covering(this.#mount, this.#inode); mount; mount = this.#context.mounts.covering(mount, mount.root)) {
      this.#mount = mount;
      this.#inode = mount.root;
    }
  }

  /** One named component; returns where the walk ended, or undefined to go on. */
  #step(name: Name): Found | undefined {
    if (name.length > NAME_MAX) throw ENAMETOOLONG;
    assert(this.#inode.lookup, 'a directory has lookup');
    const directory = this.#inode;
    const isLast = this.#isLast();
    const trailingSlash = isLast && this.#at < this.#rest.length;
    if (trailingSlash && this.#create) throw EISDIR;
    const child = directory.lookup!(name);
    if (!child) {
      if (!isLast) throw ENOENT;
      return { parent: this.#here(), name, place: undefined, trailingSlash, last: 'name' };
    }
    if (isLast && this.#nameOnly) return { parent: this.#here(), name, place: { mount: this.#mount, inode: child, parent: directory, name }, trailingSlash, last: 'name' };
    if (typeOf(child) === S_IFLNK && (!isLast || trailingSlash || this.#follow)) return this.#enterLink(child, isLast && !trailingSlash);
    const parent = isLast ? this.#here() : undefined;
    this.#inode = child;
    this.#last = 'name';
    this.#coverUp();
    if (!parent) return undefined;
    const place: Place = { mount: this.#mount, inode: this.#inode, parent: directory, name };
    if (trailingSlash && typeOf(place.inode) !== S_IFDIR) throw ENOTDIR;
    return { parent, name, place, trailingSlash, last: 'name' };
  }

  /** Whether nothing but slashes follows. */
  #isLast(): boolean {
    let at = this.#at;
    while (this.#rest.charCodeAt(at) === 47) at++;
    return at >= this.#rest.length;
  }

  #enterLink(link: Inode, isEnd: boolean): Found | undefined {
    if (++this.#links > MAX_LINKS) throw ELOOP;
    if (link.follow) return this.#followMagic(link, isEnd);
    const target = link.readlink!();
    if (target === '') throw ENOENT;
    const rest = this.#rest.slice(this.#at);
    if (target.length + rest.length >= 2 * PATH_MAX) throw ENAMETOOLONG;
    this.#rest = target + rest;
    this.#at = 0;
    if (target.startsWith('/')) this.#goTo(this.#context.root, 'root');
    return undefined;
  }

  #goTo(place: Place, last: Found['last']): void {
    this.#mount = place.mount;
    this.#inode = place.inode;
    this.#last = last;
  }

  #followMagic(link: Inode, isEnd: boolean): Found | undefined {
    const place = link.follow!();
    if (!place) throw ENOENT;
    this.#goTo(place, 'magic');
    return isEnd ? { parent: place, name: '', place, trailingSlash: false, last: 'magic' } : undefined;
  }
}

/** The path of a place as the task sees it: from its root; `(unreachable)` before what lies outside, ` (deleted)` after what has no name any more. */
export function pathOf(root: Place, place: Place): string {
  const names: Name[] = [];
  let { mount, inode } = place;
  let deleted = false;
  if (typeOf(inode) !== S_IFDIR && inode !== mount.root) {
    const at = nameNow(place);
    deleted = at.deleted;
    if (!at.parent) return `/${at.name}${deleted ? ' (deleted)' : ''}`;
    names.push(at.name);
    inode = at.parent;
  }
  for (;;) {
    if (mount === root.mount && inode === root.inode) break;
    if (inode === mount.root) {
      if (!mount.on) return (mount === root.mount ? '' : '(unreachable)') + join(names, deleted);
      const on: NonNullable<Mount['on']> = mount.on;
      mount = on.mount;
      if (typeOf(inode) === S_IFDIR) inode = on.inode;
      else { names.push(on.name ?? ''); inode = on.parent ?? on.inode; }
      continue;
    }
    const { parent, name = '' }: Inode = inode;
    names.push(name);
    if (parent?.lookup?.(name) !== inode) deleted = true;
    if (!parent) break;
    inode = parent;
  }
  return join(names, deleted);
}

const join = (names: readonly Name[], deleted: boolean): string => `/${names.toReversed().join('/')}${deleted ? ' (deleted)' : ''}`;

/** Where a file lies now: where it was found, else where it knows itself to be. */
function nameNow(place: Place): { parent: Inode | undefined; name: Name; deleted: boolean } {
  const { inode } = place;
  const candidates = [{ parent: place.parent, name: place.name }, { parent: inode.parent, name: inode.name }];
  for (const { parent, name } of candidates) {
    if (parent && name !== undefined && parent.lookup?.(name) === inode) return { parent, name, deleted: false };
  }
  return { parent: place.parent ?? inode.parent, name: place.name ?? inode.name ?? '', deleted: true };
}

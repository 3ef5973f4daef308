// What file system calls do to the tree, with Linux's checks in Linux's order (fs/namei.c): open, create, remove, rename, link, and changes of attributes.
import {
  CAP_MKNOD, CAP_SETFCAP, CAP_SYS_ADMIN, E2BIG, EACCES, EBUSY, EEXIST, EINVAL, EISDIR, ELOOP, ENAMETOOLONG, ENODATA, ENOENT, ENOTDIR, ENOTEMPTY, ENXIO, Errno, EOPNOTSUPP, EPERM, IN_ACCESS, IN_ATTRIB, IN_MODIFY,
  ERANGE, EROFS, ETXTBSY, EXDEV, O_ACCMODE, O_CREAT, O_DIRECTORY, O_EXCL, O_NOATIME, O_NOFOLLOW, O_PATH, O_RDONLY, O_TMPFILE, O_TRUNC, O_WRONLY, PATH_MAX, R_OK, RENAME_EXCHANGE,
  RENAME_NOREPLACE, S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFMT, S_IFREG, S_IFSOCK, S_ISGID, S_ISUID, S_ISVTX, W_OK, X_OK, XATTR_CREATE, XATTR_REPLACE,
} from '../abi/index.ts';
import { allowed, capable, creationAttr, demand, demandRemoval, modeChange, ownerChange, owns, privilegeDrop } from './permissions.ts';
import type { Credentials, Inode, Name, Place, SetAttr } from './types.ts';
import type { PathLike } from './path-bytes.ts';
import { find, seek } from './seek.ts';
import { type Found, walk, type WalkContext, type WalkOptions } from './walk.ts';

const FILE_CAPABILITIES = 'security.capability';

const typeOf = (inode: Inode): number => inode.mode & S_IFMT;
const isDirectory = (inode: Inode): boolean => typeOf(inode) === S_IFDIR;
const canWriteTo = (place: Place): void => { if (place.mount.readonly) throw EROFS; };

/** The rights that open flags ask for. */
export const accessOf = (flags: number): number => {
  const mode = flags & O_ACCMODE;
  return (mode === O_RDONLY ? R_OK : mode === O_WRONLY ? W_OK : R_OK | W_OK) | (flags & O_TRUNC ? W_OK : 0);
};

/** What open found or made. The caller opens the inode by its type. */
export interface Opened { readonly place: Place; readonly created: boolean }

/**
 * open(2) up to the inode: finds or creates, checks rights, truncates. `mode` has the umask taken out already.
 * The caller opens what it gets: regular files through inode.open, directories through readdir, devices, fifos and sockets by their type.
 */
export function open(context: WalkContext, base: Place, path: PathLike, flags: number, mode: number): Opened {
  const opened = seekOpen(context, base, path, flags, mode);
  if (opened instanceof Errno) throw opened;
  return opened;
}

/** The same, with the errno as a value when nothing is there. */
export function seekOpen(context: WalkContext, base: Place, path: PathLike, flags: number, mode: number): Opened | Errno {
  if (flags & O_PATH) return { place: openPath(context, base, path, flags), created: false };
  if ((flags & O_TMPFILE) === O_TMPFILE) return { place: openUnnamed(context, base, path, flags, mode), created: true };
  if (flags & O_CREAT) return openCreate(context, base, path, flags, mode);
  const place = seek(context, base, path, flags & O_NOFOLLOW ? unfollowed : followed);
  if (place instanceof Errno) return place;
  openExisting(context, place, flags);
  return { place, created: false };
}

const followed: WalkOptions = { follow: true };
const unfollowed: WalkOptions = { follow: false };

function openPath(context: WalkContext, base: Place, path: PathLike, flags: number): Place {
  const place = find(context, base, path, { follow: !(flags & O_NOFOLLOW) });
  if (flags & O_DIRECTORY && !isDirectory(place.inode)) throw ENOTDIR;
  return place;
}

function openUnnamed(context: WalkContext, base: Place, path: PathLike, flags: number, mode: number): Place {
  if (!(accessOf(flags) & W_OK)) throw EINVAL;
  const directory = find(context, base, path, {});
  if (!isDirectory(directory.inode)) throw ENOTDIR;
  canWriteTo(directory);
  demand(directory.inode, W_OK | X_OK, context.credentials);
  if (!directory.inode.createUnnamed) throw EOPNOTSUPP;
  const inode = directory.inode.createUnnamed(creationAttr(directory.inode, S_IFREG | (mode & 0o7777), context.credentials), !(flags & O_EXCL));
  return { mount: directory.mount, inode, parent: directory.inode, name: `#${inode.ino}` };
}

function openCreate(context: WalkContext, base: Place, path: PathLike, flags: number, mode: number): Opened {
  if (flags & O_DIRECTORY) throw EINVAL;
  const found = walk(context, base, path, { follow: !(flags & (O_NOFOLLOW | O_EXCL)), create: true });
  if (found.place) {
    if (flags & O_EXCL) throw EEXIST;
    if (isDirectory(found.place.inode)) throw EISDIR;
    openExisting(context, found.place, flags);
    return { place: found.place, created: false };
  }
  const inode = createIn(context, found, S_IFREG | (mode & 0o7777), EACCES);
  return { place: { mount: found.parent.mount, inode, parent: found.parent.inode, name: found.name }, created: true };
}

/** may_open, do_open and O_TRUNC of the kernel. */
export function openExisting(context: WalkContext, place: Place, flags: number): void {
  const { inode } = place;
  const type = typeOf(inode);
  if (flags & O_DIRECTORY && type !== S_IFDIR) throw ENOTDIR;
  if (type === S_IFLNK) throw ELOOP;
  const special = type === S_IFCHR || type === S_IFBLK || type === S_IFIFO || type === S_IFSOCK;
  const wanted = accessOf(special ? flags & ~O_TRUNC : flags);
  if (type === S_IFDIR && wanted & W_OK) throw EISDIR;
  if ((type === S_IFCHR || type === S_IFBLK) && place.mount.options.nodev) throw EACCES;
  if (wanted & W_OK && !special) canWriteTo(place);
  demand(inode, wanted, context.credentials);
  if (flags & O_NOATIME && !owns(inode, context.credentials)) throw EPERM;
  if (wanted & W_OK) demandNotRunning(context, inode);
  if (type === S_IFSOCK) throw ENXIO;
  if (!(flags & O_TRUNC) || type !== S_IFREG) return;
  inode.setattr?.({ size: 0, ...privilegeDrop(inode, context.credentials) });
  forgetCapabilities(inode);
}

function demandNotRunning(context: WalkContext, inode: Inode): void {
  if (typeOf(inode) === S_IFREG && context.isRunning?.(inode)) throw ETXTBSY;
}

/** Makes a file where the walk found a free name. `absent`: the errno of a directory that cannot create. */
function createIn(context: WalkContext, found: Found, mode: number, absent: unknown, extra: { rdev?: number; target?: string } = {}): Inode {
  const directory = found.parent.inode;
  canWriteTo(found.parent);
  demand(directory, W_OK | X_OK, context.credentials);
  if (!directory.create) throw absent;
  const made = directory.create(found.name, { ...creationAttr(directory, mode, context.credentials), ...extra });
  context.mounts.events.created(directory, found.name, made);
  return made;
}

/** Whether a directory was removed: nothing is found in it any more, before anything else is checked. */
const isRemoved = (directory: Inode): boolean => directory.stat().nlink === 0;

/** A free name to create; EEXIST, and ENOENT for "name/" of what is no directory and in a removed directory. */
function freeName(context: WalkContext, base: Place, path: string, directory: boolean): Found {
  const found = walk(context, base, path, { nameOnly: true });
  if (found.place) throw EEXIST;
  if ((found.trailingSlash && !directory) || isRemoved(found.parent.inode)) throw ENOENT;
  return found;
}

/** mkdir(2); `mode` without the umask's bits. */
export function mkdir(context: WalkContext, base: Place, path: string, mode: number): Inode {
  return createIn(context, freeName(context, base, path, true), S_IFDIR | (mode & (0o777 | S_ISVTX)), EPERM);
}

/** mknod(2): a file of any type but a directory or a link. */
export function mknod(context: WalkContext, base: Place, path: string, mode: number, rdev: number): Inode {
  const type = mode & S_IFMT || S_IFREG;
  if (type === S_IFDIR) throw EPERM;
  if (type === S_IFLNK || ![S_IFREG, S_IFCHR, S_IFBLK, S_IFIFO, S_IFSOCK].includes(type)) throw EINVAL;
  const found = freeName(context, base, path, false);
  const device = type === S_IFCHR || type === S_IFBLK;
  if (device && !capable(context.credentials, CAP_MKNOD)) {
    demand(found.parent.inode, W_OK | X_OK, context.credentials);
    throw EPERM;
  }
  return createIn(context, found, type | (mode & 0o7777), EPERM, device ? { rdev } : {});
}

/** symlink(2). */
export function symlink(context: WalkContext, target: string, base: Place, path: string): Inode {
  if (target === '') throw ENOENT;
  if (target.length >= PATH_MAX) throw ENAMETOOLONG;
  return createIn(context, freeName(context, base, path, false), S_IFLNK | 0o777, EPERM, { target });
}

/** What distributions set in /proc/sys/fs/protected_hardlinks: others than the owner link only files that they may read and write and that give no rights (proc_sys_fs(5)). */
function mayLink(inode: Inode, who: Credentials): boolean {
  if (owns(inode, who)) return true;
  const givesRights = (inode.mode & S_ISUID) !== 0 || (inode.mode & (S_ISGID | 0o010)) === (S_ISGID | 0o010);
  return typeOf(inode) === S_IFREG && !givesRights && allowed(inode, R_OK | W_OK, who);
}

/** linkat(2): a further name for `old`. */
export function link(context: WalkContext, old: Place, base: Place, path: string): void {
  const found = freeName(context, base, path, false);
  if (old.mount !== found.parent.mount) throw EXDEV;
  canWriteTo(found.parent);
  if (!mayLink(old.inode, context.credentials)) throw EPERM;
  demand(found.parent.inode, W_OK | X_OK, context.credentials);
  if (!found.parent.inode.link || isDirectory(old.inode)) throw EPERM;
  found.parent.inode.link(found.name, old.inode);
  context.mounts.events.linked(found.parent.inode, found.name, old.inode);
}

/** What a walk for removal found: a name with something behind it that may go. */
function removable(context: WalkContext, found: Found, directory: boolean): Inode {
  const child = found.place;
  if (!child) throw ENOENT;
  if (found.trailingSlash && !directory) throw isDirectory(child.inode) ? EISDIR : ENOTDIR;
  demandRemoval(found.parent.inode, child.inode, context.credentials);
  if (directory !== isDirectory(child.inode)) throw directory ? ENOTDIR : EISDIR;
  if (context.mounts.isMountpoint(child.inode)) throw EBUSY;
  return child.inode;
}

function remove(context: WalkContext, found: Found, directory: boolean): void {
  canWriteTo(found.parent);
  const child = removable(context, found, directory);
  if (!found.parent.inode.unlink) throw EPERM;
  found.parent.inode.unlink(found.name, directory);
  context.mounts.events.removed(found.parent.inode, found.name, child);
}

/** unlink(2). */
export function unlink(context: WalkContext, base: Place, path: string): void {
  const found = walk(context, base, path, { nameOnly: true });
  if (found.last !== 'name') throw EISDIR;
  remove(context, found, false);
}

/** rmdir(2). */
export function rmdir(context: WalkContext, base: Place, path: string): void {
  const found = walk(context, base, path, { nameOnly: true });
  if (found.last === 'dot') throw EINVAL;
  if (found.last === 'dotdot') throw ENOTEMPTY;
  if (found.last !== 'name') throw EBUSY;
  remove(context, found, true);
}

/** Whether `inode` is `ancestor` or lies below it. */
function liesIn(inode: Inode, ancestor: Inode): boolean {
  for (let at: Inode | undefined = inode; at; at = at.parent) if (at === ancestor) return true;
  return false;
}

/** renameat2(2) with RENAME_NOREPLACE and RENAME_EXCHANGE. */
export function rename(context: WalkContext, oldBase: Place, oldPath: string, newBase: Place, newPath: string, flags = 0): void {
  if (flags & ~(RENAME_NOREPLACE | RENAME_EXCHANGE) || flags === (RENAME_NOREPLACE | RENAME_EXCHANGE)) throw EINVAL;
  const from = walk(context, oldBase, oldPath, { nameOnly: true });
  const to = walk(context, newBase, newPath, { nameOnly: true });
  if (from.parent.mount !== to.parent.mount) throw EXDEV;
  if (from.last !== 'name') throw EBUSY;
  if (to.last !== 'name') throw flags & RENAME_NOREPLACE ? EEXIST : EBUSY;
  canWriteTo(from.parent);
  if (!from.place) throw ENOENT;
  if (to.place && flags & RENAME_NOREPLACE) throw EEXIST;
  if (!to.place && (flags & RENAME_EXCHANGE || isRemoved(to.parent.inode))) throw ENOENT;
  checkRenameShape(from, to, flags);
  if (from.place.inode === to.place?.inode) return;
  checkRenameRights(context, from, to, flags);
  const directory = from.parent.inode;
  const move = flags & RENAME_EXCHANGE ? directory.exchange : directory.rename;
  if (!move) throw flags ? EINVAL : EPERM;
  move.call(directory, from.name, to.parent.inode, to.name);
  tellRename(context, from, to, (flags & RENAME_EXCHANGE) !== 0);
}

function tellRename({ mounts: { events } }: WalkContext, from: Found, to: Found, exchange: boolean): void {
  const [oldDirectory, newDirectory] = [from.parent.inode, to.parent.inode];
  const target = to.place?.inode;
  events.renamed(oldDirectory, from.name, newDirectory, to.name, from.place!.inode, exchange ? undefined : target);
  if (exchange) events.renamed(newDirectory, to.name, oldDirectory, from.name, target!, undefined);
}

/** Trailing slashes, and directories that would come to lie in themselves. */
function checkRenameShape(from: Found, to: Found, flags: number): void {
  const source = from.place!.inode;
  if (!isDirectory(source) && (from.trailingSlash || (to.trailingSlash && !(flags & RENAME_EXCHANGE)))) throw ENOTDIR;
  if (flags & RENAME_EXCHANGE && to.trailingSlash && !isDirectory(to.place!.inode)) throw ENOTDIR;
  if (isDirectory(source) && liesIn(to.parent.inode, source)) throw EINVAL;
  if (to.place && isDirectory(to.place.inode) && liesIn(from.parent.inode, to.place.inode)) throw flags & RENAME_EXCHANGE ? EINVAL : ENOTEMPTY;
}

function checkRenameRights(context: WalkContext, from: Found, to: Found, flags: number): void {
  const who = context.credentials;
  const source = from.place!.inode;
  const target = to.place?.inode;
  demandRemoval(from.parent.inode, source, who);
  if (target) demandRemoval(to.parent.inode, target, who);
  else demand(to.parent.inode, W_OK | X_OK, who);
  if (target && !(flags & RENAME_EXCHANGE) && isDirectory(source) !== isDirectory(target)) throw isDirectory(source) ? ENOTDIR : EISDIR;
  if (from.parent.inode !== to.parent.inode) {
    if (isDirectory(source)) demand(source, W_OK, who);
    if (flags & RENAME_EXCHANGE && isDirectory(target!)) demand(target!, W_OK, who);
  }
  if (context.mounts.isMountpoint(source) || (target && context.mounts.isMountpoint(target))) throw EBUSY;
}

/** readlink(2): the target's bytes. */
export function readlink(context: WalkContext, base: Place, path: string): string {
  const target = targetOf(find(context, base, path, { follow: false, emptyPath: true }));
  if (target instanceof Errno) throw path === '' ? ENOENT : target;
  return target;
}

/** The same for what was found, with EINVAL as a value when it is no link: who resolves a path by hand asks about every part of it. */
export const targetOf = ({ inode }: Place): string | Errno => (typeOf(inode) === S_IFLNK && inode.readlink ? inode.readlink() : EINVAL);

/** access(2): `mode` is R_OK | W_OK | X_OK or 0; the context's credentials are those to ask for (the real ids for access). */
export function access(context: WalkContext, base: Place, path: PathLike, mode: number, options: WalkOptions = {}): void {
  accessPlace(context, find(context, base, path, options), mode);
}

/** The same for what was found. */
export function accessPlace(context: WalkContext, place: Place, mode: number): void {
  const type = typeOf(place.inode);
  if (mode & X_OK && type === S_IFREG && place.mount.options.noexec) throw EACCES;
  demand(place.inode, mode, context.credentials);
  if (mode & W_OK && (type === S_IFREG || type === S_IFDIR || type === S_IFLNK)) canWriteTo(place);
}

/** What execve demands of a file: regular, executable, and not on a noexec mount. */
export function demandExecutable(place: Place, who: Credentials): void {
  if (typeOf(place.inode) !== S_IFREG || place.mount.options.noexec || !allowed(place.inode, X_OK, who)) throw EACCES;
}

function apply(context: WalkContext, place: Place, change: SetAttr): void {
  if (!place.inode.setattr) throw EPERM;
  place.inode.setattr(change);
  context.mounts.events.happened(eventOf(change), place);
}

/** Which event a change of attributes is (fsnotify_change). */
function eventOf({ mode, uid, gid, size, atimeNs, mtimeNs }: SetAttr): number {
  const owner = mode !== undefined || uid !== undefined || gid !== undefined;
  const times = atimeNs !== undefined && mtimeNs !== undefined ? IN_ATTRIB : atimeNs !== undefined ? IN_ACCESS : mtimeNs !== undefined ? IN_MODIFY : 0;
  return (owner ? IN_ATTRIB : 0) | (size !== undefined ? IN_MODIFY : 0) | times;
}

/** chmod(2) on what was found. */
export function chmod(context: WalkContext, place: Place, mode: number): void {
  canWriteTo(place);
  if (typeOf(place.inode) === S_IFLNK) throw EOPNOTSUPP;
  apply(context, place, modeChange(place.inode, mode & 0o7777, context.credentials));
}

/** chown(2) on what was found; undefined ids stay. */
export function chown(context: WalkContext, place: Place, uid: number | undefined, gid: number | undefined): void {
  canWriteTo(place);
  apply(context, place, ownerChange(place.inode, uid, gid, context.credentials));
  if (!isDirectory(place.inode)) forgetCapabilities(place.inode);
}

/** What a file may do when it is executed goes when its content or its owner changes, whoever changes it (capabilities(7)). */
export function forgetCapabilities(inode: Inode): void {
  if (inode.getxattr?.(FILE_CAPABILITIES)) inode.removexattr?.(FILE_CAPABILITIES);
}

/** utimensat(2): absent times stay. `bothNow`: the times are both the current time, which whoever may write may set. */
export function setTimes(context: WalkContext, place: Place, times: { atimeNs?: bigint; mtimeNs?: bigint }, bothNow: boolean): void {
  canWriteTo(place);
  if (!owns(place.inode, context.credentials)) {
    if (!bothNow) throw EPERM;
    demand(place.inode, W_OK, context.credentials);
  }
  apply(context, place, times);
}

/** truncate(2) on what was found. */
export function truncate(context: WalkContext, place: Place, size: number): void {
  if (isDirectory(place.inode)) throw EISDIR;
  if (typeOf(place.inode) !== S_IFREG) throw EINVAL;
  canWriteTo(place);
  demand(place.inode, W_OK, context.credentials);
  demandNotRunning(context, place.inode);
  apply(context, place, { size, ...privilegeDrop(place.inode, context.credentials) });
  forgetCapabilities(place.inode);
}

const XATTR_NAME_MAX = 255, XATTR_SIZE_MAX = 65536;

interface Namespace { prefix: string; /** Throws when the attribute may not be read (write false) or changed. */ check(inode: Inode, who: Credentials, write: boolean): void }

/** Who may use which namespace (xattr(7)). */
const namespaces: readonly Namespace[] = [
  { prefix: 'user.', check: (inode, who, write) => {
    if (typeOf(inode) !== S_IFREG && !isDirectory(inode)) throw write ? EPERM : ENODATA;
    if (write && isDirectory(inode) && inode.mode & S_ISVTX && !owns(inode, who)) throw EPERM;
    demand(inode, write ? W_OK : R_OK, who);
  } },
  { prefix: 'trusted.', check: (_inode, who, write) => { if (!capable(who, CAP_SYS_ADMIN)) throw write ? EPERM : ENODATA; } },
  { prefix: 'security.', check: (_inode, who, write) => { if (write && !capable(who, CAP_SETFCAP) && !capable(who, CAP_SYS_ADMIN)) throw EPERM; } },
];

function checkXattr(context: WalkContext, place: Place, name: string, write: boolean): void {
  if (name === '' || name.length > XATTR_NAME_MAX) throw ERANGE;
  if (write) canWriteTo(place);
  const namespace = namespaces.find((n) => name.startsWith(n.prefix));
  if (!namespace || !place.inode.getxattr) throw EOPNOTSUPP;
  namespace.check(place.inode, context.credentials, write);
  if (name === namespace.prefix) throw EINVAL;
}

/** getxattr(2); ENODATA when there is none. */
export function getxattr(context: WalkContext, place: Place, name: string): Uint8Array {
  checkXattr(context, place, name, false);
  const value = place.inode.getxattr!(name);
  if (!value) throw ENODATA;
  return value;
}

/** setxattr(2). */
export function setxattr(context: WalkContext, place: Place, name: string, value: Uint8Array, flags: number): void {
  if (flags & ~(XATTR_CREATE | XATTR_REPLACE)) throw EINVAL;
  if (value.length > XATTR_SIZE_MAX) throw E2BIG;
  checkXattr(context, place, name, true);
  if (!place.inode.setxattr) throw EOPNOTSUPP;
  place.inode.setxattr(name, value, flags);
  context.mounts.events.happened(IN_ATTRIB, place);
}

/** removexattr(2). */
export function removexattr(context: WalkContext, place: Place, name: string): void {
  checkXattr(context, place, name, true);
  if (!place.inode.removexattr) throw EOPNOTSUPP;
  place.inode.removexattr(name);
  context.mounts.events.happened(IN_ATTRIB, place);
}

/** listxattr(2): the names this task may know of. */
export function listxattr(context: WalkContext, place: Place): Name[] {
  const names = place.inode.listxattr?.() ?? [];
  return capable(context.credentials, CAP_SYS_ADMIN) ? names : names.filter((n) => !n.startsWith('trusted.'));
}

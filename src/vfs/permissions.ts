// Who may do what to an inode: the owner, group and other bits, and the capabilities that override them (path_resolution(7), capabilities(7)).
import {
  CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER, CAP_FSETID, EACCES, EPERM, R_OK, S_IFDIR, S_IFMT, S_ISGID, S_ISUID, S_ISVTX, W_OK, X_OK,
} from '../abi/index.ts';
import type { Credentials, Inode, SetAttr } from './types.ts';

/** The credentials of the first task of a container that runs as root. */
export const rootCredentials: Credentials = { uid: 0, gid: 0, groups: [], capabilities: -1 };

export const capable = (who: Credentials, capability: number): boolean => (who.capabilities & (1 << capability)) !== 0;

const inGroup = (who: Credentials, gid: number): boolean => who.gid === gid || who.groups.includes(gid);

/** Whether `who` has all rights of `wanted` (R_OK | W_OK | X_OK) on the inode. */
export function allowed(inode: Inode, wanted: number, who: Credentials): boolean {
  const directory = (inode.mode & S_IFMT) === S_IFDIR;
  if (capable(who, CAP_DAC_OVERRIDE) && (directory || !(wanted & X_OK) || (inode.mode & 0o111) !== 0)) return true;
  if (capable(who, CAP_DAC_READ_SEARCH) && (wanted === R_OK || (directory && !(wanted & W_OK)))) return true;
  const { uid, gid } = ownersOf(inode);
  const shift = uid === who.uid ? 6 : inGroup(who, gid) ? 3 : 0;
  return ((inode.mode >> shift) & wanted) === wanted;
}

const ownersOf = (inode: Inode): { uid: number; gid: number } => {
  const { uid, gid } = inode;
  return uid === undefined || gid === undefined ? inode.stat() : { uid, gid };
};

/** Throws EACCES unless `who` has all rights of `wanted`. */
export function demand(inode: Inode, wanted: number, who: Credentials): void {
  if (!allowed(inode, wanted, who)) throw EACCES;
}

/** Whether `who` counts as the file's owner. */
export const owns = (inode: Inode, who: Credentials): boolean => capable(who, CAP_FOWNER) || inode.stat().uid === who.uid;

/** Whether a name for `child` may be taken out of the directory: write and search permission, and in a sticky directory ownership of one of the two. */
export function demandRemoval(directory: Inode, child: Inode, who: Credentials): void {
  demand(directory, W_OK | X_OK, who);
  if (!(directory.mode & S_ISVTX) || capable(who, CAP_FOWNER)) return;
  if (child.stat().uid !== who.uid && directory.stat().uid !== who.uid) throw EPERM;
}

/** chmod(2): EPERM for others than the owner; setgid goes when the owner is not of the file's group. */
export function modeChange(inode: Inode, mode: number, who: Credentials): SetAttr {
  if (!owns(inode, who)) throw EPERM;
  const keepsSetgid = capable(who, CAP_FSETID) || inGroup(who, inode.stat().gid);
  return { mode: keepsSetgid ? mode : mode & ~S_ISGID };
}

/** chown(2); undefined ids stay as they are. Set-id bits of files go, whoever does it. */
export function ownerChange(inode: Inode, uid: number | undefined, gid: number | undefined, who: Credentials): SetAttr {
  const now = inode.stat();
  if (!capable(who, CAP_CHOWN)) {
    if (uid !== undefined && (uid !== now.uid || now.uid !== who.uid)) throw EPERM;
    if (gid !== undefined && (now.uid !== who.uid || (gid !== now.gid && !inGroup(who, gid)))) throw EPERM;
  }
  const change: SetAttr = {};
  if (uid !== undefined) change.uid = uid;
  if (gid !== undefined) change.gid = gid;
  const mode = (now.mode & S_IFMT) === S_IFDIR ? now.mode : withoutSetIds(now.mode);
  if (mode !== now.mode) change.mode = mode & 0o7777;
  return change;
}

/** Set-user-id goes; set-group-id goes when the group may execute (without that it once meant mandatory locks). */
const withoutSetIds = (mode: number): number => mode & ~S_ISUID & ~(mode & 0o010 ? S_ISGID : 0);

/** What writing to a file takes away from it: the set-id bits, unless the writer has CAP_FSETID. undefined: nothing to change. */
export function privilegeDrop(inode: Inode, who: Credentials): SetAttr | undefined {
  const mode = withoutSetIds(inode.mode);
  return mode === inode.mode || capable(who, CAP_FSETID) ? undefined : { mode: mode & 0o7777 };
}

/** Mode and owner of a new file: group and setgid come from a setgid directory (inode(7)). */
export function creationAttr(directory: Inode, mode: number, who: Credentials): { mode: number; uid: number; gid: number } {
  if (!(directory.mode & S_ISGID)) return { mode, uid: who.uid, gid: who.gid };
  const gid = directory.stat().gid;
  const isDirectory = (mode & S_IFMT) === S_IFDIR;
  const loses = !isDirectory && (mode & (S_ISGID | 0o010)) === (S_ISGID | 0o010) && !inGroup(who, gid) && !capable(who, CAP_FSETID);
  return { mode: isDirectory ? mode | S_ISGID : loses ? mode & ~S_ISGID : mode, uid: who.uid, gid };
}

// A folder of the host as the context of a build: read when it is asked for, through no link.
import { closeSync, constants, lstatSync, openSync, readdirSync, readlinkSync, readSync } from 'node:fs';
import { S_IFDIR, S_IFMT, S_IFREG, S_IFSOCK } from '../abi/index.ts';
import type { ContextEntry, ContextFiles } from '../build/index.ts';
import { errorCode } from '../host/fs-like.ts';
import { InputError } from './input.ts';

const BLOCK = 512;

/** Paths are the host's; those below are latin1 bytes. */
export function hostContext(root: string): ContextFiles {
  const at = (path: string): Buffer => Buffer.concat([Buffer.from(`${root}/`), Buffer.from(path, 'latin1')]);
  const readable = <T>(path: string, read: () => T): T => {
    try { return read(); } catch (error) {
      throw errorCode(error) === 'EACCES' ? new InputError(`error checking context: no permission to read from '${at(path).toString().replace(/\/+$/, '')}'`) : error;
    }
  };
  const entryOf = (path: string): Omit<ContextEntry, 'name'> => {
    const { mode, size, mtimeNs } = lstatSync(at(path), { bigint: true });
    return { mode: Number(mode), size: Number(size), mtimeNs };
  };
  return {
    root: { ...entryOf(''), mode: S_IFDIR | 0o755 },
    list: (path) => readable(path, () => readdirSync(at(path), { encoding: 'buffer' })).map((name) => name.toString('latin1')).flatMap((name) => {
      const entry = entryOf(path === '' ? name : `${path}/${name}`);
      return (entry.mode & S_IFMT) === S_IFSOCK ? [] : [{ name, ...entry }];
    }),
    link: (path) => readlinkSync(at(path), { encoding: 'buffer' }).toString('latin1'),
    open: (path) => {
      const fd = readable(path, () => openSync(at(path), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK));
      return { read: (into, offset) => readSync(fd, into, 0, into.length, offset), close: () => { closeSync(fd); } };
    },
  };
}

interface Node { readonly mode: number; readonly isImplied?: boolean; stat(): { readonly size: number }; readdir?(): readonly { readonly name: string }[]; lookup?(name: string): Node | undefined }

/** Whether a path fits a header of a tar that has nothing before it: 100 bytes of ASCII, or 155 more where it can be cut at a slash. */
const fitsHeader = (path: string): boolean => !/[^\x20-\x7e]/.test(path) && (path.length <= 100 || /^.{1,155}\/.{1,100}$/.test(path));

/** How large a tar of a context is, in bytes: what docker's client would send. */
export function sizeAsTar(root: Node, path = ''): number {
  const size = (node: Node, at: string): number => {
    const type = node.mode & S_IFMT;
    const headers = node.isImplied ? 0 : fitsHeader(type === S_IFDIR ? `${at}/` : at) ? BLOCK : 3 * BLOCK;
    if (type === S_IFDIR) return headers + node.readdir!().reduce((sum, { name }) => sum + size(node.lookup!(name)!, at === '' ? name : `${at}/${name}`), 0);
    return headers + (type === S_IFREG ? Math.ceil(node.stat().size / BLOCK) * BLOCK : 0);
  };
  // The root has no header; two empty blocks are the end.
  return size(root, path) + BLOCK;
}

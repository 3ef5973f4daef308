// The tree of a machine's root file system below /w as the tar of a layer: what a test made becomes the read-only beginning of an overlay.
import { S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFMT, S_IFREG, S_IFSOCK, major, minor } from '../../src/abi/index.ts';
import type { Inode } from '../../src/vfs/index.ts';
import { type Member, tarOf } from '../layers/tars.ts';
import type { FakeMachine } from '../linux/fake-machine.ts';

const types: Record<number, NonNullable<Member['type']>> = {
  [S_IFREG]: 'file', [S_IFDIR]: 'directory', [S_IFLNK]: 'symlink', [S_IFCHR]: 'character-device', [S_IFBLK]: 'block-device', [S_IFIFO]: 'fifo',
};

export async function layerOf({ root }: FakeMachine): Promise<Uint8Array> {
  const names = new Map<Inode, string>();
  const members: Member[] = [];
  const visit = (path: string, inode: Inode): void => {
    const first = names.get(inode);
    if (first !== undefined) { members.push({ name: path, type: 'link', linkname: first }); return; }
    names.set(inode, path);
    members.push(memberOf(path, inode));
    if ((inode.mode & S_IFMT) === S_IFDIR) for (const { name } of inode.readdir!()) visit(`${path}/${name}`, inode.lookup!(name)!);
  };
  visit('w', root.root.lookup!('w')!);
  return tarOf(members);
}

function memberOf(path: string, inode: Inode): Member {
  const { mode, uid, gid, size, rdev, mtimeNs } = inode.stat();
  const type = mode & S_IFMT;
  if (type === S_IFSOCK) throw new Error(`${path}: a tar holds no sockets`);
  const pax: Record<string, string> = { uid: String(uid), gid: String(gid), mtime: `${mtimeNs / 1_000_000_000n}.${String(mtimeNs % 1_000_000_000n).padStart(9, '0')}` };
  if ([...path].some((c) => c > '~' || c < ' ')) throw new Error(`${path}: not a name for this tar`);
  for (const name of inode.listxattr!()) pax[`SCHILY.xattr.${name}`] = Buffer.from(inode.getxattr!(name)!).toString('latin1');
  const member: Member = { name: path, type: types[type]!, mode: mode & 0o7777, uid, gid, pax };
  if (type === S_IFLNK) member.linkname = inode.readlink!();
  if (type === S_IFCHR || type === S_IFBLK) Object.assign(member, { devmajor: major(rdev), devminor: minor(rdev) });
  if (type === S_IFREG) member.content = contentOf(inode, size);
  return member;
}

function contentOf(inode: Inode, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  const file = inode.open!(0);
  for (let done = 0; done < size;) done += file.read!(bytes.subarray(done), done, false) as number;
  file.close?.();
  return bytes;
}

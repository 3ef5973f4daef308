// Trees as text, one line a file, so that what a tool unpacked can be compared with ours: type, rights, owner, size, time, link count, target or content, xattrs.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { major, minor, S_IFBLK, S_IFCHR, S_IFDIR, S_IFLNK, S_IFMT, S_IFREG } from '../../src/abi/index.ts';
import type { Inode } from '../../src/vfs/index.ts';

export interface Shown { readonly times?: boolean; readonly xattrs?: boolean; readonly links?: boolean }

interface Facts { mode: number; uid: number; gid: number; size: number; nlink: number; rdev: number; mtimeNs: bigint; content: () => Uint8Array; target: () => string; xattrs: () => string }

/** Sockets are no files a tar can hold: `fits` leaves them out. */
const fits = (mode: number): boolean => [S_IFDIR, S_IFREG, S_IFLNK, S_IFCHR, S_IFBLK, 0o010000].includes(mode & S_IFMT);

function line(path: string, f: Facts, { times = true, xattrs = true, links = true }: Shown): string {
  const type = f.mode & S_IFMT;
  const words = [Buffer.from(path, 'latin1').toString('latin1'), f.mode.toString(8), `${f.uid}:${f.gid}`];
  if (type === S_IFREG) words.push(`${f.size} ${createHash('sha256').update(f.content()).digest('hex').slice(0, 16)}`);
  if (type === S_IFREG && links) words.push(`links ${f.nlink}`);
  if (type === S_IFLNK) words.push(`-> ${f.target()}`);
  if (type === S_IFCHR || type === S_IFBLK) words.push(`${major(f.rdev)},${minor(f.rdev)}`);
  if (times) words.push(String(f.mtimeNs));
  if (xattrs && type !== S_IFLNK) words.push(f.xattrs());
  return words.join(' ');
}

/** Every file below one of our directories. */
export function linesOfInode(root: Inode, shown: Shown = {}): string[] {
  const lines: string[] = [];
  const walk = (directory: Inode, prefix: string): void => {
    for (const { name } of directory.readdir!()) {
      const inode = directory.lookup!(name)!;
      if (!fits(inode.mode)) continue;
      const stat = inode.stat();
      const content = (): Uint8Array => {
        const bytes = new Uint8Array(stat.size);
        const file = inode.open!(0);
        for (let at = 0; at < bytes.length;) at += file.read!(bytes.subarray(at), at, true) as number;
        file.close?.();
        return bytes;
      };
      const xattrs = (): string => (inode.listxattr?.() ?? []).sort().map((x) => `${x}=${Buffer.from(inode.getxattr!(x)!).toString('hex')}`).join(' ');
      lines.push(line(prefix + name, { ...stat, content, target: () => inode.readlink!(), xattrs }, shown));
      if ((inode.mode & S_IFMT) === S_IFDIR) walk(inode, `${prefix}${name}/`);
    }
  };
  walk(root, '');
  return lines.sort();
}

/** Every file below a folder of the real file system. */
export function linesOfFolder(folder: string, shown: Shown = {}): string[] {
  const all = shown.xattrs === false ? new Map<string, string>() : xattrsBelow(folder);
  const lines: string[] = [];
  const walk = (at: Buffer, prefix: string): void => {
    for (const name of readdirSync(at, { encoding: 'buffer' })) {
      const path = Buffer.concat([at, Buffer.from('/'), name]);
      const s = lstatSync(path, { bigint: true });
      const mode = Number(s.mode);
      if (!fits(mode)) continue;
      const shownPath = prefix + name.toString('latin1');
      lines.push(line(shownPath, {
        mode, uid: Number(s.uid), gid: Number(s.gid), size: Number(s.size), nlink: Number(s.nlink), rdev: Number(s.rdev), mtimeNs: s.mtimeNs,
        content: () => readFileSync(path), target: () => readlinkSync(path, { encoding: 'buffer' }).toString('latin1'), xattrs: () => all.get(shownPath) ?? '',
      }, shown));
      if ((mode & S_IFMT) === S_IFDIR) walk(path, `${shownPath}/`);
    }
  };
  walk(Buffer.from(folder), '');
  return lines.sort();
}

/** What getfattr prints, by path. */
function xattrsBelow(folder: string): Map<string, string> {
  const text = spawnSync('getfattr', ['-Rhd', '-m', '-', '-e', 'hex', '.'], { cwd: folder, maxBuffer: 1 << 28 }).stdout.toString('latin1');
  const found = new Map<string, string>();
  for (const block of text.split('\n\n')) {
    const [head = '', ...values] = block.trim().split('\n');
    const path = head.replace(/^# file: (\.\/)?/, '').replace(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
    found.set(path, values.map((v) => v.replace('=0x', '=').replace(/^([^=]*)$/, '$1=')).sort().join(' '));
  }
  return found;
}

// The normaliser of the tar writer: what a member is, and which of it goes into a pax extended header of our own, byte for byte, because a ustar header (or tar-stream, which writes it) cannot say it.
import { latin1, latin1Bytes } from '../base/index.ts';
import { major, minor, S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFMT, S_IFREG } from '../abi/index.ts';

/** One member to write. Text is latin1: one char a byte. */
export interface TarMember {
  /** Relative; directories may go without their trailing slash. */
  readonly path: string;
  /** Type and permission bits. Sockets cannot be in a tar. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Of regular files, in bytes. */
  readonly size: number;
  readonly mtimeNs: bigint;
  /** Devices: Linux's encoding. */
  readonly rdev?: number;
  /** A symbolic link's target, or the path of a hard link's first name. */
  readonly link?: string;
  readonly hardLink?: boolean;
  readonly xattrs?: Iterable<readonly [string, Uint8Array]>;
  /** Where a sparse file has data, in order; what lies between is a hole. Absent: everywhere. */
  readonly extents?: readonly Extent[];
}

/** `length` bytes at `at` of a file. */
export interface Extent { readonly at: number; readonly length: number }

/** tar-stream's header, always one that fits a single ustar block. */
export interface UstarHeader {
  name: string; type: keyof typeof typeFlags; mode: number; uid: number; gid: number; size: number; mtime: Date; linkname?: string; devmajor?: number; devminor?: number;
}

export interface PreparedMember {
  /** Blocks that go out before the header; for a member that tar-stream cannot write at all they are everything. */
  readonly before: Uint8Array | undefined;
  readonly header: UstarHeader | undefined;
  /** What stands before the data of a sparse file: its map. */
  readonly map: Uint8Array | undefined;
}

const BLOCK = 512;
const typeFlags = { 'file': '0', 'link': '1', 'symlink': '2', 'character-device': '3', 'block-device': '4', 'directory': '5', 'fifo': '6' } as const;
const typeNames: Readonly<Record<number, UstarHeader['type']>> = {
  [S_IFREG]: 'file', [S_IFLNK]: 'symlink', [S_IFCHR]: 'character-device', [S_IFBLK]: 'block-device', [S_IFDIR]: 'directory', [S_IFIFO]: 'fifo',
};
/** The largest numbers that tar-stream's fields hold: six octal digits, eleven for sizes, 31 bits for times. */
const ID_MAX = 0o777777, SIZE_MAX = 0o77777777777, TIME_MAX = 0x7fff_ffff, NAME_LENGTH = 100, PREFIX_LENGTH = 155;

/** Whether a tar can hold a file of this type (S_IFMT bits): all but sockets. */
export const fitsTar = (mode: number): boolean => (mode & S_IFMT) in typeNames;

/** Turns a member into blocks. */
export function prepareMember(member: TarMember): PreparedMember {
  const type = member.hardLink ? 'link' : typeNames[member.mode & S_IFMT]!;
  const path = type === 'directory' && !member.path.endsWith('/') ? `${member.path}/` : member.path;
  const records = new Map<string, string>();
  const isFile = type === 'file';
  const map = isFile && member.extents ? sparseMap(member.extents) : undefined;
  const size = !isFile ? 0 : map ? map.length + member.extents!.reduce((sum, e) => sum + e.length, 0) : member.size;
  if (map) for (const [key, value] of [['major', '1'], ['minor', '0'], ['name', path], ['realsize', String(member.size)]] as const) records.set(`GNU.sparse.${key}`, value);
  else if (!fitsUstar(path)) records.set('path', path);
  const link = member.link ?? '';
  if (link.length > NAME_LENGTH || !isAscii(link)) records.set('linkpath', link);
  if (member.uid > ID_MAX) records.set('uid', String(member.uid));
  if (member.gid > ID_MAX) records.set('gid', String(member.gid));
  if (size > SIZE_MAX) records.set('size', String(size));
  const seconds = floorSeconds(member.mtimeNs);
  if (BigInt(seconds) * 1_000_000_000n !== member.mtimeNs || seconds < 0 || seconds > TIME_MAX) records.set('mtime', paxTime(member.mtimeNs));
  for (const [name, value] of member.xattrs ?? []) records.set(`SCHILY.xattr.${name.replace(/[%=]/g, escaped)}`, latin1(value));
  const header: UstarHeader = {
    name: map ? plainName(`GNUSparseFile.0/${baseName(path)}`) : records.has('path') ? plainName(path) : path, type,
    // tar-stream takes mode 0 for "not said"; the type bits keep it from being 0 and are masked off.
    mode: (member.mode & 0o7777) | S_IFREG, uid: member.uid, gid: member.gid, size, mtime: new Date(Math.min(Math.max(seconds, 0), TIME_MAX) * 1000),
  };
  if (type === 'link' || type === 'symlink') header.linkname = records.has('linkpath') ? plainName(link) : link;
  if (type === 'character-device' || type === 'block-device') {
    header.devmajor = major(member.rdev ?? 0);
    header.devminor = minor(member.rdev ?? 0);
  }
  const extension = records.size > 0 ? paxExtension(path, records) : undefined;
  if ((header.devminor ?? 0) <= ID_MAX) return { before: extension, header, map };
  return { before: joined([extension ?? new Uint8Array(0), ustarBlock(header, typeFlags[type])]), header: undefined, map };
}

const escaped = (char: string): string => (char === '%' ? '%25' : '%3D');
const isAscii = (text: string): boolean => !/[^\x01-\x7f]/.test(text);
const baseName = (path: string): string => path.replace(/\/+$/, '').split('/').at(-1)!;
/** A short name in ASCII for readers that know no pax headers. */
const plainName = (text: string): string => text.replace(/[^\x20-\x7e]/g, '_').slice(0, NAME_LENGTH);

/** Whether a path fits the name field, or name and prefix as tar-stream divides them. */
function fitsUstar(path: string): boolean {
  if (!isAscii(path)) return false;
  let name = path;
  while (name.length > NAME_LENGTH) {
    const slash = name.indexOf('/');
    if (slash < 0) return false;
    name = name.slice(slash + 1);
  }
  return name === path || (name !== '' && path.length - name.length - 1 <= PREFIX_LENGTH && !path.startsWith('/'));
}

export const floorSeconds = (ns: bigint): number => Number(ns >= 0n ? ns / 1_000_000_000n : -((-ns + 999_999_999n) / 1_000_000_000n));

/** Seconds with as many decimals as there are (pax(1), "mtime"). */
function paxTime(ns: bigint): string {
  const positive = ns < 0n ? -ns : ns;
  const decimals = String(positive % 1_000_000_000n).padStart(9, '0').replace(/0+$/, '');
  return `${ns < 0n ? '-' : ''}${positive / 1_000_000_000n}${decimals && `.${decimals}`}`;
}

/** GNU tar's sparse format 1.0: a count, then offset and length of each extent, in lines of decimals, padded to whole blocks. A hole at the end needs an empty extent there; GNU tar always writes one. */
function sparseMap(extents: readonly Extent[]): Uint8Array {
  const text = `${extents.length}\n${extents.map(({ at, length }) => `${at}\n${length}\n`).join('')}`;
  return latin1Bytes(text.padEnd(padded(text.length), '\0'));
}

const padded = (length: number): number => Math.ceil(length / BLOCK) * BLOCK;

/** A pax extended header with its records. Names are bytes, UTF-8 or not: all readers keep them, while the record that announces it (hdrcharset=BINARY) makes GNU tar complain. */
function paxExtension(path: string, records: ReadonlyMap<string, string>): Uint8Array {
  const text = Array.from(records, ([key, value]) => record(key, value)).join('');
  const content = new Uint8Array(padded(text.length));
  content.set(latin1Bytes(text));
  const header = ustarBlock({ name: plainName(`PaxHeaders.0/${baseName(path)}`), type: 'file', mode: 0o644, uid: 0, gid: 0, size: text.length, mtime: new Date(0) }, 'x');
  return joined([header, content]);
}

/** `length key=value\n`, where the length counts its own digits. */
function record(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return `${length}${rest}`;
}

/** One ustar header block (pax(1)). Only for what tar-stream cannot write: type flags it does not know, device numbers of more than six octal digits. */
function ustarBlock(header: UstarHeader, flag: string): Uint8Array {
  const block = new Uint8Array(BLOCK);
  const put = (at: number, text: string): void => block.set(latin1Bytes(text), at);
  const octal = (at: number, value: number, digits: number): void => put(at, value.toString(8).padStart(digits, '0'));
  put(0, header.name);
  octal(100, header.mode & 0o7777, 7);
  octal(108, Math.min(header.uid, 0o7777777), 7);
  octal(116, Math.min(header.gid, 0o7777777), 7);
  octal(124, header.size, 11);
  octal(136, header.mtime.getTime() / 1000, 11);
  put(148, ' '.repeat(8));
  put(156, flag);
  put(257, 'ustar\x0000');
  octal(329, header.devmajor ?? 0, 7);
  octal(337, header.devminor ?? 0, 7);
  octal(148, block.reduce((sum, byte) => sum + byte), 6);
  put(154, '\0 ');
  return block;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((at, part) => { all.set(part, at); return at + part.length; }, 0);
  return all;
}

// The header blocks of one member: ustar (pax(1)), with what its fields cannot say in a pax extended header, byte for byte; sparse files as GNU tar's format 1.0.
import { latin1, latin1Bytes } from '../base/index.ts';
import type { Extent } from './tar.ts';
import { BLOCK, padded } from './tar-fields.ts';
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
  readonly rdev?: number | undefined;
  /** A symbolic link's target, or the path of a hard link's first name. */
  readonly link?: string | undefined;
  readonly hardLink?: boolean | undefined;
  readonly xattrs?: Iterable<readonly [string, Uint8Array]> | undefined;
  /** Where a sparse file has data, in order; what lies between is a hole. Absent: everywhere. */
  readonly extents?: readonly Extent[] | undefined;
}

/** A member as it is written: headers, then perhaps the map of a sparse file, then `stored` bytes of content in all. */
export interface PreparedMember {
  /** Valid until the next member is prepared. */
  readonly header: Uint8Array;
  readonly map: Uint8Array | undefined;
  /** With the map, without padding. */
  readonly stored: number;
}

const typeFlags: Readonly<Record<number, string>> = { [S_IFREG]: '0', [S_IFLNK]: '2', [S_IFCHR]: '3', [S_IFBLK]: '4', [S_IFDIR]: '5', [S_IFIFO]: '6' };
/** The largest numbers that ustar's fields hold: seven octal digits, eleven for sizes and times. */
const ID_MAX = 0o7777777, LONG_MAX = 0o77777777777, NAME_LENGTH = 100, PREFIX_LENGTH = 155;
const SECOND = 1_000_000_000n;

/** Whether a tar can hold a file of this type (S_IFMT bits): all but sockets. */
export const fitsTar = (mode: number): boolean => (mode & S_IFMT) in typeFlags;

/** Used for each member's header: an allocation for each would be felt. */
const ownBlock = new Uint8Array(BLOCK);

/** Turns a member into blocks. */
export function prepareMember(member: TarMember): PreparedMember {
  const flag = member.hardLink ? '1' : typeFlags[member.mode & S_IFMT]!;
  const path = flag === '5' && !member.path.endsWith('/') ? `${member.path}/` : member.path;
  const map = flag === '0' && member.extents ? sparseMap(member.extents) : undefined;
  const stored = flag !== '0' ? 0 : map ? member.extents!.reduce((sum, extent) => sum + extent.length, map.length) : member.size;
  const name = map ? placed(`GNUSparseFile.0/${plainName(baseName(path))}`.slice(0, NAME_LENGTH), true) : placed(path, true);
  const link = placed(member.link ?? '', false);
  const isDevice = flag === '3' || flag === '4';
  const header = ustarBlock({
    flag, name, link: link.field, mode: member.mode & 0o7777, uid: member.uid, gid: member.gid, size: stored, seconds: floorSeconds(member.mtimeNs), major: isDevice ? major(member.rdev ?? 0) : 0, minor: isDevice ? minor(member.rdev ?? 0) : 0,
  }, ownBlock.fill(0));
  let records = map ? sparseRecords(path, member.size) : name.pax === undefined ? '' : record('path', name.pax);
  if (link.pax !== undefined) records += record('linkpath', link.pax);
  records += otherRecords(member, stored);
  if (records === '' && name.gnu === undefined && link.gnu === undefined) return { header, map, stored };
  const before = [
    ...(name.gnu === undefined ? [] : [extension('L', '././@LongLink', `${name.gnu}\0`)]), ...(link.gnu === undefined ? [] : [extension('K', '././@LongLink', `${link.gnu}\0`)]),
    ...(records === '' ? [] : [extension('x', `PaxHeaders.0/${plainName(baseName(path))}`.slice(0, NAME_LENGTH), records)]),
  ];
  return { header: joined([...before, header]), map, stored };
}

/** Where a name goes: into its field (with `prefix` bytes of it in the prefix field), or with a stand-in there into a pax record or a GNU long name. */
interface Placed { readonly field: string; readonly prefix: number; readonly pax?: string; readonly gnu?: string }

/**
 * UTF-8 that is not ASCII is only certain to be understood in a pax record, which is UTF-8 by definition. Other bytes are only certain to be kept outside of one: in the field, or in GNU's long name.
 */
function placed(name: string, mayPrefix: boolean): Placed {
  const ascii = isAscii(name);
  const raw = !ascii && !isUtf8(name);
  const prefix = ascii || raw ? mayPrefix ? prefixLength(name) : name.length <= NAME_LENGTH ? 0 : -1 : -1;
  if (prefix >= 0) return { field: name, prefix };
  return { field: plainName(name).slice(0, NAME_LENGTH), prefix: 0, ...(raw ? { gnu: name } : { pax: name }) };
}

const sparseRecords = (path: string, size: number): string =>
  record('GNU.sparse.major', '1') + record('GNU.sparse.minor', '0') + record('GNU.sparse.name', path) + record('GNU.sparse.realsize', String(size));

/** What else the fields cannot say. */
function otherRecords({ uid, gid, mtimeNs, xattrs }: TarMember, stored: number): string {
  let text = '';
  if (uid > ID_MAX) text += record('uid', String(uid));
  if (gid > ID_MAX) text += record('gid', String(gid));
  if (stored > LONG_MAX) text += record('size', String(stored));
  if (mtimeNs < 0n || mtimeNs % SECOND !== 0n || mtimeNs > BigInt(LONG_MAX) * SECOND) text += record('mtime', paxTime(mtimeNs));
  for (const [name, value] of xattrs ?? []) text += record(`SCHILY.xattr.${name.replace(/[%=]/g, escaped)}`, latin1(value));
  return text;
}

/** A header that speaks about the next one, with its text. */
function extension(flag: string, name: string, text: string): Uint8Array {
  const blocks = new Uint8Array(BLOCK + padded(text.length));
  ustarBlock({ flag, name: { field: name, prefix: 0 }, link: '', mode: 0o644, uid: 0, gid: 0, size: text.length, seconds: 0, major: 0, minor: 0 }, blocks);
  blocks.set(latin1Bytes(text), BLOCK);
  return blocks;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((at, part) => { all.set(part, at); return at + part.length; }, 0);
  return all;
}

function isUtf8(text: string): boolean { try { new TextDecoder('utf-8', { fatal: true }).decode(latin1Bytes(text)); return true; } catch { return false; } }

const escaped = (char: string): string => (char === '%' ? '%25' : '%3D');
const isAscii = (text: string): boolean => !/[^\x01-\x7f]/.test(text);
const baseName = (path: string): string => path.replace(/\/+$/, '').split('/').at(-1)!;
/** A stand-in for readers that know no extended headers. */
const plainName = (text: string): string => text.replace(/[^\x20-\x7e]/g, '_');

/** How much of a path goes into the prefix field: 0 when the name field holds it all, -1 when both together cannot. */
function prefixLength(path: string): number {
  if (path.length <= NAME_LENGTH) return 0;
  const slash = path.indexOf('/', path.length - NAME_LENGTH - 1);
  return slash > 0 && slash <= PREFIX_LENGTH && slash < path.length - 1 ? slash : -1;
}

const floorSeconds = (ns: bigint): number => Number(ns >= 0n ? ns / SECOND : -((-ns + SECOND - 1n) / SECOND));

/** Seconds with as many decimals as there are (pax(1), "mtime"). */
function paxTime(ns: bigint): string {
  const positive = ns < 0n ? -ns : ns;
  const decimals = String(positive % SECOND).padStart(9, '0').replace(/0+$/, '');
  return `${ns < 0n ? '-' : ''}${positive / SECOND}${decimals && `.${decimals}`}`;
}

/** GNU tar's sparse format 1.0: a count, then offset and length of each extent, in lines of decimals, padded to whole blocks. A hole at the end needs an empty extent there; GNU tar always writes one. */
function sparseMap(extents: readonly Extent[]): Uint8Array {
  const text = `${extents.length}\n${extents.map(({ at, length }) => `${at}\n${length}\n`).join('')}`;
  return latin1Bytes(text.padEnd(padded(text.length), '\0'));
}


/** `length key=value\n`, where the length counts its own digits. */
function record(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return `${length}${rest}`;
}

interface UstarFields { flag: string; name: Placed; link: string; mode: number; uid: number; gid: number; size: number; seconds: number; major: number; minor: number }

/** One ustar header block (pax(1)) into `block`, which holds zeros. Numbers that do not fit are in pax records, and here the nearest that does; a size also in base 256, so that readers without pax find the next member. */
function ustarBlock(fields: UstarFields, block: Uint8Array): Uint8Array {
  const { field, prefix } = fields.name;
  putText(block, 0, prefix > 0 ? field.slice(prefix + 1) : field);
  putOctal(block, 100, 7, fields.mode);
  putOctal(block, 108, 7, fields.uid);
  putOctal(block, 116, 7, fields.gid);
  if (fields.size <= LONG_MAX) putOctal(block, 124, 11, fields.size);
  else putBase256(block, 124, 12, fields.size);
  putOctal(block, 136, 11, fields.seconds);
  putText(block, 156, fields.flag);
  putText(block, 157, fields.link);
  putText(block, 257, 'ustar\x0000');
  putOctal(block, 329, 7, fields.major);
  putOctal(block, 337, 7, fields.minor);
  if (prefix > 0) putText(block, 345, field.slice(0, prefix));
  let sum = 8 * 32;
  for (let i = 0; i < BLOCK; i++) sum += block[i]!;
  putOctal(block, 148, 6, sum);
  block[155] = 32;
  return block;
}

function putText(block: Uint8Array, at: number, text: string): void { for (let i = 0; i < text.length; i++) block[at + i] = text.charCodeAt(i); }

function putOctal(block: Uint8Array, at: number, digits: number, value: number): void {
  let rest = Math.min(Math.max(value, 0), 8 ** digits - 1);
  for (let i = digits - 1; i >= 0; i--) {
    block[at + i] = 48 + rest % 8;
    rest = Math.floor(rest / 8);
  }
}

function putBase256(block: Uint8Array, at: number, length: number, value: number): void {
  let rest = value;
  for (let i = length - 1; i > 0; i--) {
    block[at + i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  block[at] = 0x80;
}

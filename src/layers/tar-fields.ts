// What stands in the headers of tars: numbers in octal and base 256, texts, pax records, times, xattrs.
import { latin1, latin1Bytes } from '../base/index.ts';
import type { LayerError } from './errors.ts';

export const BLOCK = 512;
/** By key; text is latin1. */
export type PaxRecords = Map<string, string>;
/** Makes the error for a malformed field. */
export type Bad = () => LayerError;

const XATTR = 'SCHILY.xattr.', LIBARCHIVE_XATTR = 'LIBARCHIVE.xattr.';

export const padded = (size: number): number => Math.ceil(size / BLOCK) * BLOCK;

export const untilNul = (bytes: Uint8Array): string => {
  const nul = bytes.indexOf(0);
  return latin1(nul < 0 ? bytes : bytes.subarray(0, nul));
};

/** An octal field, or a base-256 one when its first bit is set. */
export function numberAt(header: Uint8Array, at: number, length: number, bad: Bad): number {
  if (header[at]! & 0x80) return base256(header.subarray(at, at + length), bad);
  let value = 0;
  let place = at;
  const end = at + length;
  while (place < end && header[place] === 32) place++;
  for (; place < end; place++) {
    const digit = header[place]! - 48;
    if (digit < 0 || digit > 7) break;
    value = value * 8 + digit;
  }
  for (; place < end && header[place] !== 0; place++) if (header[place] !== 32) throw bad();
  return value;
}

function base256(field: Uint8Array, bad: Bad): number {
  const negative = (field[0]! & 0x40) !== 0;
  let value = negative ? -1n : BigInt(field[0]! & 0x3f);
  if (negative) value = BigInt.asIntN(7, BigInt(field[0]! & 0x7f));
  for (const byte of field.subarray(1)) value = (value << 8n) | BigInt(byte);
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw bad();
  return number;
}

/** `length key=value\n` records (pax(1)); an empty value takes a record back. */
export function parsePax(bytes: Uint8Array, into: PaxRecords, bad: Bad): void {
  for (let at = 0; at < bytes.length && bytes[at] !== 0;) {
    const space = bytes.indexOf(32, at);
    const digits = space < 0 ? '' : latin1(bytes.subarray(at, space));
    if (!/^\d{1,9}$/.test(digits)) throw bad();
    const end = at + Number(digits);
    const equals = bytes.indexOf(61, space);
    if (end > bytes.length || equals < 0 || equals >= end || bytes[end - 1] !== 10) throw bad();
    const key = latin1(bytes.subarray(space + 1, equals));
    const value = latin1(bytes.subarray(equals + 1, end - 1));
    if (key === 'GNU.sparse.offset' || key === 'GNU.sparse.numbytes') into.set('GNU.sparse.map', [into.get('GNU.sparse.map'), value].filter(Boolean).join(','));
    else if (value === '' && !key.startsWith(XATTR) && !key.startsWith(LIBARCHIVE_XATTR)) into.delete(key);
    else into.set(key, value);
    at = end;
  }
}

/** A pax time ("1700000000.5", may be negative) or the header's seconds. */
export function timeOf(pax: string | undefined, seconds: number, bad: Bad): { mtimeSec: number; mtimeNs: number } {
  if (pax === undefined) return { mtimeSec: seconds, mtimeNs: 0 };
  const match = /^(-?)(\d{1,15})(?:\.(\d*))?$/.exec(pax);
  if (!match) throw bad();
  const ns = Number((match[3] ?? '').slice(0, 9).padEnd(9, '0'));
  const sec = Number(match[2]);
  if (!match[1]) return { mtimeSec: sec, mtimeNs: ns };
  return ns === 0 ? { mtimeSec: -sec, mtimeNs: 0 } : { mtimeSec: -sec - 1, mtimeNs: 1e9 - ns };
}

/** Extended attributes, by their names. libarchive writes both forms, or only its own: base64 under a percent-encoded name. */
export function xattrsOf(pax: PaxRecords): Map<string, Uint8Array> | undefined {
  let found: Map<string, Uint8Array> | undefined;
  for (const [key, value] of pax) {
    const libarchive = key.startsWith(LIBARCHIVE_XATTR);
    if (!libarchive && !key.startsWith(XATTR)) continue;
    const name = libarchive ? key.slice(LIBARCHIVE_XATTR.length).replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))) : unescaped(key.slice(XATTR.length));
    found ??= new Map();
    if (!libarchive) found.set(name, latin1Bytes(value));
    else if (!found.has(name)) found.set(name, base64(value));
  }
  return found;
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** The bytes of base64 text, padded or not. */
function base64(text: string): Uint8Array {
  const digits = Array.from(text, (char) => ALPHABET.indexOf(char)).filter((digit) => digit >= 0);
  const bytes = new Uint8Array(Math.floor(digits.length * 3 / 4));
  for (let i = 0; i < bytes.length; i++) {
    const at = Math.floor(i * 4 / 3);
    const shift = 2 * (i % 3) + 2;
    bytes[i] = (digits[at]! << shift) | ((digits[at + 1] ?? 0) >> (6 - shift));
  }
  return bytes;
}

/** GNU tar writes "=" and "%" of a name as %3D and %25: a record's key ends at its first "=". */
const unescaped = (name: string): string => name.replace(/%(25|3D)/g, (escape) => (escape === '%25' ? '%' : '='));

// Argument codecs of system calls: each reads one argument from a register, types the handler, and prints it as strace does.
import { AT_FDCWD, EFAULT, ENAMETOOLONG, PATH_MAX, signalName } from '../abi/index.ts';
import { latin1 } from '../base/index.ts';
import { type GuestPath, state } from '../guest/index.ts';
import { hasSignal } from '../linux/index.ts';
import type { SignalSet, Task } from '../linux/index.ts';

/** What a printer may look at: all decoded arguments, and the result (undefined before the call). */
export interface Printed { args: readonly unknown[]; result: number | undefined }

export interface Codec<T> {
  /** Reads the argument from register `n` (the manual's numbering). Throws EFAULT and the like. */
  decode(task: Task, n: number): T;
  /** '' leaves the argument out: one that the call does not look at. */
  print(task: Task, value: T, call: Printed): string;
  /** The call fills it in: printed after the call. */
  readonly out?: true;
}

export type DecodedArgs<C extends readonly Codec<unknown>[]> = { [K in keyof C]: C[K] extends Codec<infer T> ? T : never };

const low = (task: Task, n: number): number => task.registers.u32(state.gpr + 8 * n);
const high = (task: Task, n: number): number => task.registers.u32(state.gpr + 8 * n + 4);

export const hex = (value: number): string => (value === 0 ? '0' : `0x${value.toString(16)}`);
export const pointer = (value: number): string => (value === 0 ? 'NULL' : `0x${value.toString(16)}`);

const number = (decode: (task: Task, n: number) => number, print: (value: number) => string = String): Codec<number> => ({ decode, print: (_, value) => print(value) });

/** int: the low 32 bits, signed. */
export const Int = number((task, n) => low(task, n) | 0);
/** unsigned int. */
export const UInt = number(low);
/** unsigned int, printed in hex. */
export const Hex = number(low, hex);
/** long: signed 64 bits; exact below 2^53. */
export const Long = number((task, n) => (high(task, n) | 0) * 2 ** 32 + low(task, n));
/** unsigned long, size_t. */
export const Size = number((task, n) => high(task, n) * 2 ** 32 + low(task, n));
/** unsigned long, printed in hex. */
export const ULongHex = number(Size.decode, hex);
/** off_t, loff_t. */
export const Offset = Long;
/** A pointer as a number; one above 4 GiB fails with EFAULT when it is used. */
export const Ptr = number(Size.decode, pointer);
/** All 64 bits. */
export const U64: Codec<bigint> = { decode: (task, n) => task.registers.gpr(n), print: (_, value) => String(value) };
export const Fd = Int;
export const DirFd = number(Int.decode, (fd) => (fd === AT_FDCWD ? 'AT_FDCWD' : String(fd)));
export const Mode = number((task, n) => low(task, n) & 0xffff, (mode) => `0${mode.toString(8)}`);
export const Pid = Int;
/** uid_t, gid_t: 2^32 - 1 is "leave as it is". */
export const Id = number(low, (id) => (id === 0xffff_ffff ? '-1' : String(id)));
export const Signal = number(Int.decode, signalName);

/** A bit set of named flags. `zero` names the value without any. */
export function flags(table: Readonly<Record<string, number>>, zero = '0'): Codec<number> {
  const rows = Object.entries(table);
  return number(low, (value) => printFlags(rows, value, zero));
}

export function printFlags(rows: readonly (readonly [string, number])[], value: number, zero: string): string {
  let rest = value;
  const names: string[] = [];
  for (const [name, bit] of rows) {
    if (bit === 0 || (rest & bit) >>> 0 !== bit) continue;
    names.push(name);
    rest = (rest & ~bit) >>> 0;
  }
  if (rest !== 0) names.push(hex(rest));
  return names.length > 0 ? names.join('|') : zero;
}

/** One of named values. */
export function oneOf(table: Readonly<Record<string, number>>): Codec<number> {
  const names = new Map(Object.entries(table).map(([name, value]) => [value, name]));
  return number(Int.decode, (value) => names.get(value) ?? hex(value >>> 0));
}

/** open(2) flags: the access mode by name, then the bits. */
export function openFlagsCodec(table: Readonly<Record<string, number>>): Codec<number> {
  const rows = Object.entries(table).filter(([name]) => !['O_RDONLY', 'O_WRONLY', 'O_RDWR', 'O_ACCMODE'].includes(name));
  const access = ['O_RDONLY', 'O_WRONLY', 'O_RDWR', 'O_ACCMODE'];
  return number(low, (value) => [access[value & 3]!, printFlags(rows, (value & ~3) >>> 0, '')].filter((s) => s !== '').join('|'));
}

const escapes: Record<number, string> = { 9: '\\t', 10: '\\n', 11: '\\v', 12: '\\f', 13: '\\r', 34: '\\"', 92: '\\\\' };

/** A latin1 string in quotes, as strace prints it, cut after `limit` bytes. */
export function quote(text: string, limit = Infinity): string {
  let out = '"';
  for (let i = 0; i < Math.min(text.length, limit); i++) {
    const c = text.charCodeAt(i);
    const next = text.charCodeAt(i + 1);
    const digit = i + 1 < Math.min(text.length, limit) && next >= 48 && next <= 55;
    out += escapes[c] ?? (c >= 32 && c < 127 ? text[i]! : `\\${digit ? c.toString(8).padStart(3, '0') : c.toString(8)}`);
  }
  return text.length > limit ? `${out}"...` : `${out}"`;
}

/** Reads a NUL-terminated string of fewer than `limit` bytes. Throws EFAULT and ENAMETOOLONG. */
export function readString(task: Task, ptr: number, limit: number): string {
  const bytes = task.memory.readCString(ptr, limit);
  if (!bytes) throw ENAMETOOLONG;
  return latin1(bytes);
}

/** A path: a latin1 string. Throws EFAULT, ENAMETOOLONG. */
export const Path: Codec<string> = { decode: (task, n) => readString(task, Size.decode(task, n), PATH_MAX), print: (_, path) => quote(path) };
/** A path that the call only walks: its bytes where they lie. At most one in a call, and not kept beyond it. Throws EFAULT; ENAMETOOLONG may come only when the end is asked for. */
export const PathBytes: Codec<GuestPath> = { decode: (task, n) => task.memory.pathAt(Size.decode(task, n)), print: (_, path) => quote(String(path)) };
/** A path that may be NULL. */
export const OptionalPath: Codec<string | undefined> = {
  decode: (task, n) => (Size.decode(task, n) === 0 ? undefined : Path.decode(task, n)),
  print: (_, path) => (path === undefined ? 'NULL' : quote(path)),
};
/** Another NUL-terminated string (xattr and memfd names, …). */
export const CString = (limit: number): Codec<string> => ({ decode: (task, n) => readString(task, Size.decode(task, n), limit), print: (_, text) => quote(text) });

const bytesAt = (task: Task, ptr: number, length: number): string | undefined => {
  const shown = Math.min(length, 33);
  return task.memory.allows(ptr, shown, 1) ? latin1(task.memory.bytes.slice(ptr, ptr + shown)) : undefined;
};

const printBytes = (task: Task, ptr: number, length: number): string => {
  const text = ptr === 0 || length < 0 ? undefined : bytesAt(task, ptr, length);
  return text === undefined ? pointer(ptr) : quote(text, 32);
};

/** The pointer of a buffer the call reads; argument number `lengthAt` is its length. */
export const InBuf = (lengthAt: number): Codec<number> => ({ decode: Ptr.decode, print: (task, ptr, { args }) => printBytes(task, ptr, args[lengthAt] as number) });
/** The pointer of a buffer the call fills: as many bytes as its result says. */
export const OutBuf: Codec<number> = { decode: Ptr.decode, out: true, print: (task, ptr, { result }) => (result === undefined || result < 0 ? pointer(ptr) : printBytes(task, ptr, result)) };

/** The pointer of something the call reads, or fills in (`out`), printed by `show`. */
export function pointed(show: (task: Task, ptr: number, call: Printed) => string, out?: 'out'): Codec<number> {
  const print = (task: Task, ptr: number, call: Printed): string => {
    if (ptr === 0) return 'NULL';
    if (out && (call.result === undefined || call.result < 0)) return pointer(ptr);
    try { return show(task, ptr, call); } catch (error) { if (error === EFAULT) return pointer(ptr); throw error; }
  };
  return out ? { decode: Ptr.decode, print, out: true } : { decode: Ptr.decode, print };
}

/** A path the call fills in. */
export const OutPath = pointed((task, ptr) => quote(readString(task, ptr, PATH_MAX)), 'out');

/** int *, filled in by the call. */
export const OutInt = pointed((task, ptr) => `[${task.memory.readI32(ptr)}]`, 'out');

/** strace's `[INT CHLD]`; when most are there `~[…]` of those that are not. */
export function printSignalSet(set: SignalSet): string {
  const all = Array.from({ length: 64 }, (_, i) => i + 1);
  const inside = all.filter((s) => hasSignal(set, s));
  const invert = inside.length > 42;
  const shown = invert ? all.filter((s) => !hasSignal(set, s)) : inside;
  return `${invert ? '~' : ''}[${shown.map((s) => signalName(s).replace(/^SIG/, '')).join(' ')}]`;
}
export const SigSetPtr = pointed((task, ptr) => printSignalSet(task.memory.readU64(ptr)));
export const OutSigSetPtr = pointed((task, ptr) => printSignalSet(task.memory.readU64(ptr)), 'out');

const timespec = (task: Task, ptr: number): string => `{tv_sec=${BigInt.asIntN(64, task.memory.readU64(ptr))}, tv_nsec=${BigInt.asIntN(64, task.memory.readU64(ptr + 8))}}`;
const timeval = (task: Task, ptr: number): string => timespec(task, ptr).replace('tv_nsec', 'tv_usec');
export const TimespecPtr = pointed(timespec);
export const OutTimespecPtr = pointed(timespec, 'out');
export const TimevalPtr = pointed(timeval);
export const OutTimevalPtr = pointed(timeval, 'out');

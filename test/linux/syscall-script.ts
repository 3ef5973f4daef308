// The language of recorded system calls: reads a block of calls and their results, makes the calls on a fake machine, and writes the block again with our results. tools/record-syscalls.py does the same on a real kernel.
//
// A block starts with "# title" and begins in an empty directory of mode 0777 with /dev/null as 0, 1, 2. Its lines:
//   name(arg, ...) = result      a call. Arguments are numbers, constants joined by |, "strings" (\n \x00, "a"*255), buf (a buffer), bad (a bad pointer), null, off(N) (a pointer to a 64-bit number),
//                                iov(N, ...) (vectors of those lengths into buf), lock(type, whence, start, len), times(s, ns, s, ns), how(flags, mode, resolve).
//                                After the result comes what a call read, or the main fields of a struct stat.
//   @UID:GID,GROUP... call       made with these ids
//   as UID                       all that follows is
//   --                           descriptors are closed; what is there now becomes the read-only layer of an overlay
// Results that differ between file systems: A {tmpfs} | B {ext4, overlay}; {wherry} is ours where we mean to differ.
// Names that are no system calls are looks: small programs made of calls, described at `looks`.
import { readFileSync } from 'node:fs';
import { O_RDWR, dirent64Layout, statLayout, statfsLayout, statxLayout } from '../../src/abi/index.ts';
import { Wait } from '../../src/base/index.ts';
import { Credentials, Description, openInode } from '../../src/linux/index.ts';
import { find } from '../../src/vfs/index.ts';
import { BUFFER, type FakeMachine } from './fake-machine.ts';

const constants = new Map(readFileSync('test/linux/syscalls.constants', 'utf8').trim().split('\n').map((line) => line.split(' ') as [string, string]).map(([name, value]) => [name, parse(value.replace('0o', '0'))]));
const BAD_POINTER = 0x10;
/** Calls whose result is the number of bytes that came into the buffer. */
const shows = new Set(['read', 'pread64', 'readlink', 'readlinkat', 'readv', 'preadv', 'getcwd', 'getxattr', 'lgetxattr', 'fgetxattr', 'listxattr']);
const stats = new Set(['stat', 'lstat', 'fstat', 'newfstatat']);
/** Time that passes before a look at times, more than any clock's step. */
const TICK_NS = 12_000_000n;

export interface Block { title: string; lines: string[] }

/** The blocks of a script. */
export function blocksOf(path: string): Block[] {
  return readFileSync(path, 'utf8').split(/^(?=# )/m).filter((text) => text.startsWith('# ')).map((text) => {
    const [title, ...lines] = text.trim().split('\n');
    return { title: title!.slice(2), lines: lines.filter((line) => line !== '') };
  });
}

const LINE = /^(?:@([\d:,]+) )?(\w+)\((.*?)\)(?: = (.*))?$/;

/** The results a line allows on the kinds of file system named, most wanted first; a result that is the same everywhere is always allowed. */
export function expected(line: string, kinds: readonly string[]): string[] {
  const text = LINE.exec(line)?.[4] ?? '';
  const variants = [...text.matchAll(/(.+?) \{([\w, ]+)\}(?: \| |$)/g)].flatMap((match) => match[2]!.split(/, */).map((kind) => [kind, match[1]!] as const));
  if (variants.length === 0) return [text];
  const ours = variants.find(([kind]) => kind === 'wherry');
  return ours ? [ours[1]] : variants.filter(([kind]) => kinds.includes(kind)).map(([, result]) => result);
}

/** A machine's task stands in the empty directory /w, with /dev/null as its standard streams; or in /w as it is, with the ids and the umask of the task it `follows`. */
export function prepare(m: FakeMachine, follows?: FakeMachine): FakeMachine {
  m.call('umask', 0);
  if (!follows) m.call('mkdir', '/w', 0o777);
  m.call('umask', follows?.task.fs.umask ?? 0o022);
  m.call('chdir', '/w');
  const { task } = m;
  if (follows) task.credentials = follows.task.credentials;
  const place = find(task.fs.walkContext(task.credentials), task.fs.cwd, '/dev/null');
  const description = new Description(openInode(task, place, O_RDWR), O_RDWR, place);
  for (let fd = 0; fd < 3; fd++) task.files.add(description);
  return m;
}

class Refused extends Error {
  readonly errno: string;
  constructor(errno: string) { super(errno); this.errno = errno; }
}

function parse(text: string): number {
  const sign = text.startsWith('-') ? -1 : 1;
  const digits = text.replace('-', '');
  return sign * (/^0[0-7]+$/.test(digits) ? parseInt(digits, 8) : Number(digits));
}

/** Splits arguments at the commas that are in neither quotes nor parentheses. */
function split(text: string): string[] {
  const parts: string[] = [];
  let depth = 0; let quoted = false; let start = 0;
  for (let i = 0; i <= text.length; i++) {
    const c = text[i];
    if (c === '"' && text[i - 1] !== '\\') quoted = !quoted;
    if (!quoted && c === '(') depth++;
    if (!quoted && c === ')') depth--;
    if (i === text.length || (c === ',' && !quoted && depth === 0)) { parts.push(text.slice(start, i).trim()); start = i + 1; }
  }
  return parts.filter((part) => part !== '');
}

const bitsOf = (text: string): bigint => text.split('|').map((part) => BigInt(constants.get(part) ?? (/^-?\d{16,}$/.test(part) ? part : parse(part)))).reduce((all, bits) => all | bits);
const numberOf = (text: string): number => Number(bitsOf(text));
const quote = (text: string): string => `"${text.replace(/[^ -~]|["\\]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`)}"`;
const unescape = (text: string): string => text.replace(/\\(x[0-9a-f]{2}|.)/g, (_, code: string) => (code.length === 3 ? String.fromCharCode(parseInt(code.slice(1), 16)) : code === 'n' ? '\n' : code));

function stringOf(text: string): string | undefined {
  const match = /^"(.*)"(?:\*(\d+))?$/.exec(text);
  return match ? unescape(match[1]!).repeat(Number(match[2] ?? 1)) : undefined;
}

function layout(count: number, fill: (view: DataView) => void): Uint8Array {
  const bytes = new Uint8Array(count);
  fill(new DataView(bytes.buffer));
  return bytes;
}

const quads = (values: number[]): Uint8Array => layout(8 * values.length, (view) => values.forEach((value, i) => view.setBigInt64(8 * i, BigInt(value), true)));

/** The arguments that are structures, by name. */
const structures: Record<string, (values: number[]) => Uint8Array> = {
  off: quads, times: quads, how: quads,
  lock: ([type, whence, start, length]) => layout(32, (view) => { view.setInt16(0, type!, true); view.setInt16(2, whence!, true); view.setBigInt64(8, BigInt(start!), true); view.setBigInt64(16, BigInt(length!), true); }),
  iov: (lengths) => layout(16 * lengths.length, (view) => { let at = BUFFER; lengths.forEach((length, i) => { view.setBigUint64(16 * i, BigInt(at), true); view.setBigUint64(16 * i + 8, BigInt(length), true); at += length; }); }),
};

function argument(text: string): number | bigint | string | Uint8Array {
  if (text === 'buf') return BUFFER;
  if (text === 'bad') return BAD_POINTER;
  if (text === 'null') return 0;
  const string = stringOf(text);
  if (string !== undefined) return string;
  const structure = /^(off|iov|lock|times|how)\((.*)\)$/.exec(text);
  return structure ? structures[structure[1]!]!(split(structure[2]!).map(numberOf)) : bitsOf(text);
}

const S_IFMT = 0o170000, S_IFREG = 0o100000, S_IFLNK = 0o120000, S_IFCHR = 0o020000, S_IFBLK = 0o060000;

/** What the recorder writes of a struct stat. */
function describeStat(bytes: Uint8Array): string {
  const { st_mode, st_nlink, st_uid, st_gid, st_size, st_rdev } = statLayout.decode(bytes);
  const type = st_mode & S_IFMT;
  const size = type === S_IFREG || type === S_IFLNK ? ` size=${st_size}` : '';
  const device = type === S_IFCHR || type === S_IFBLK ? ` rdev=${Number(st_rdev) >> 8}:${Number(st_rdev) & 255}` : '';
  return ` mode=0${st_mode.toString(8)} nlink=${st_nlink} uid=${st_uid} gid=${st_gid}${size}${device}`;
}

const crcTable = Uint32Array.from({ length: 256 }, (_, n) => { let c = n; for (let bit = 0; bit < 8; bit++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1; return c; });

interface Dent { name: string; next: bigint; type: number; ino: bigint }
const proper = (entries: readonly Dent[]): Dent[] => entries.filter(({ name }) => name !== '.' && name !== '..');
const kinds: Record<number, string> = { 1: '|', 2: '%', 4: '/', 6: '#', 8: '', 10: '@', 12: '=' };

type Value = string | number;
type Look = (t: Script, ...args: never[]) => Value;

/** Small programs of calls. */
const looks: Record<string, Look> = {
  /** The names in a directory with their types as ls -F shows them, sorted. */
  list: (t, path: string) => t.inDirectory(path, (fd) => proper(t.allDents(fd)).map((e) => quote(e.name).slice(1, -1).replaceAll(' ', '\\x20') + kinds[e.type]).sort().join(' ') || '-'),
  /** One getdents64 with a buffer of `size` bytes: what came is remembered for seen(). */
  part: (t, fd: number, size: number) => { const entries = t.dents(fd, size); t.remember(fd, entries); return entries.length > 0 ? 'some' : 'end'; },
  /** getdents64 until the end. */
  rest: (t, fd: number, size: number) => { t.remember(fd, t.allDents(fd, size)); return 'end'; },
  /** How many names that begin with `prefix` part() and rest() gave, and how many different ones. */
  seen: (t, fd: number, prefix: string) => { const names = (t.directories.get(fd) ?? []).filter((name) => name.startsWith(prefix)); return `${new Set(names).size} of ${names.length}`; },
  forget: (t, fd: number) => { t.directories.delete(fd); return 0; },
  /** Makes `count` empty files; removes them. */
  fill: (t, path: string, prefix: string, count: number) => { for (let i = 0; i < count; i++) t.must('close', t.must('open', `${path}/${prefix}${i}`, 0o301, 0o644)); return count; },
  drop: (t, path: string, prefix: string, count: number) => { for (let i = 0; i < count; i++) t.must('unlink', `${path}/${prefix}${i}`); return count; },
  /** Reads a directory in pieces and removes what came after each, as rm -r does; how many went. */
  empty: (t, path: string, size: number) => t.inDirectory(path, (fd) => {
    let count = 0;
    for (let entries = t.dents(fd, size); entries.length > 0; entries = t.dents(fd, size)) for (const { name } of proper(entries)) { t.must('unlink', `${path}/${name}`); count++; }
    return count;
  }),
  /** Whether lseek to any d_off gives the entries that followed it (seekdir(3)). */
  reseek: (t, path: string, size: number) => t.inDirectory(path, (fd) => {
    const entries = t.allDents(fd, size);
    for (const [i, entry] of entries.entries()) {
      if (BigInt(t.must('lseek', fd, entry.next, 0)) !== entry.next) return 'lseek differs';
      if (t.allDents(fd, size).map((e) => e.name).join('/') !== entries.slice(i + 1).map((e) => e.name).join('/')) return 'entries differ';
    }
    return 'same';
  }),
  /** Whether every entry's d_ino is its st_ino. */
  inos: (t, path: string) => t.inDirectory(path, (fd) => (t.allDents(fd).every((e) => t.lstat(`${path}/${e.name}`).st_ino === e.ino) ? 'same' : 'differ')),
  /** Which of atime, mtime, ctime changed since the last look at this path. */
  times: (t, path: string) => {
    t.machine.nowNs += TICK_NS;
    const s = t.lstat(path);
    const now = (['a', 'm', 'c'] as const).map((c) => `${s[`st_${c}time`]}.${s[`st_${c}time_nsec`]}`);
    const before = t.times.get(path);
    t.times.set(path, now);
    return before ? ['atime', 'mtime', 'ctime'].filter((_, i) => now[i] !== before[i]).join(' ') || 'none' : 'seen';
  },
  /** atime and mtime, seconds.nanoseconds. */
  stamps: (t, path: string) => { const s = t.lstat(path); const show = (sec: bigint, ns: bigint): string => `${sec}.${String(ns).padStart(9, '0')}`; return `${show(s.st_atime, s.st_atime_nsec)} ${show(s.st_mtime, s.st_mtime_nsec)}`; },
  /** Whether two names are one file. */
  same: (t, a: string, b: string) => { const [one, other] = [t.lstat(a), t.lstat(b)]; return one.st_ino === other.st_ino && one.st_dev === other.st_dev ? 'yes' : 'no'; },
  /** Writes a pattern. */
  put: (t, fd: number, offset: number, length: number, seed: number) => {
    t.machine.task.memory.bytes.set(Uint8Array.from({ length }, (_, i) => seed + i * 7 + (i >> 8)), BUFFER);
    return t.must('pwrite64', fd, BUFFER, length, offset);
  },
  /** Size and CRC of a file's content. */
  sum: (t, path: string) => {
    const fd = t.must('open', path, 0, 0);
    let crc = -1; let size = 0;
    try {
      for (let count = t.must('read', fd, BUFFER, 65536); count > 0; count = t.must('read', fd, BUFFER, 65536)) {
        for (const byte of t.machine.bytes(count)) crc = (crc >>> 8) ^ crcTable[(crc ^ byte) & 255]!;
        size += count;
      }
    } finally { t.must('close', fd); }
    return `${size} ${(~crc >>> 0).toString(16).padStart(8, '0')}`;
  },
  /** The names of the extended attributes, sorted. */
  xattrs: (t, path: string) => t.machine.text(t.must('llistxattr', path, BUFFER, 65536)).split('\0').slice(0, -1).sort().join(' ') || '-',
  /** mode, nlink, size and the mask's basic bits of statx. */
  extended: (t, path: string, bits: number) => {
    t.must('statx', -100, path, bits, 0x7ff, BUFFER);
    const s = statxLayout.decode(t.machine.bytes(statxLayout.size));
    return `mask=0x${(s.stx_mask & 0x7ff).toString(16)} nlink=${s.stx_nlink} uid=${s.stx_uid} gid=${s.stx_gid} mode=0${s.stx_mode.toString(8)}${(s.stx_mode & S_IFMT) === S_IFREG ? ` size=${s.stx_size}` : ''}`;
  },
  /** The longest name, the block size, and whether blocks and files are counted. */
  space: (t, path: string) => {
    t.must('statfs', path, BUFFER);
    const s = statfsLayout.decode(t.machine.bytes(statfsLayout.size));
    const truth = (value: boolean): string => (value ? 'True' : 'False');
    const free = s.f_blocks >= s.f_bfree && s.f_bfree >= s.f_bavail && s.f_bavail > 0;
    return `namelen=${s.f_namelen} bsize=${s.f_bsize} frsize=${s.f_frsize} blocks=${truth(s.f_blocks > 0)} free=${truth(free)} files=${truth(s.f_files >= s.f_ffree && s.f_ffree > 0)} readonly=${Number(s.f_flags) & 1}`;
  },
  blocks: (t, path: string) => Number(t.lstat(path).st_blocks),
  /** Makes directories in each other by mkdir and chdir, and goes back; how many there are. */
  deep: (t, name: string, depth: number) => {
    const here = t.must('open', '.', 0, 0);
    for (let i = 0; i < depth; i++) { t.must('mkdir', name, 0o777); t.must('chdir', name); }
    t.must('fchdir', here);
    t.must('close', here);
    return depth;
  },
};

/** Makes the calls of a block's lines. After "--" the machine may be replaced. */
export class Script {
  machine: FakeMachine;
  readonly times = new Map<string, string[]>();
  readonly directories = new Map<number, string[]>();

  constructor(machine: FakeMachine) { this.machine = machine; }

  /** Makes what a line says; its result, or undefined for lines that have none. */
  run(line: string): string | undefined {
    if (line === '--') {
      this.times.clear();
      this.directories.clear();
      this.machine.call('close_range', 3, 0xffff_ffff, 0);
      return undefined;
    }
    const { task } = this.machine;
    if (line.startsWith('as ')) {
      task.credentials = credentialsOf(line.slice(3));
      return undefined;
    }
    const [, who, name, args] = LINE.exec(line)!;
    const standing = task.credentials;
    if (who) task.credentials = credentialsOf(who);
    try { return this.#call(name!, split(args!)); } finally { task.credentials = who ? standing : task.credentials; }
  }

  #call(name: string, args: string[]): string {
    const look = looks[name];
    if (!look) return this.#systemCall(name, args);
    try { return String(look(this, ...args.map((arg) => stringOf(arg) ?? numberOf(arg)) as never[])); } catch (error) {
      if (error instanceof Refused) return error.errno;
      throw error;
    }
  }

  #systemCall(name: string, args: string[]): string {
    const m = this.machine;
    m.nowNs += 1_000_000n;
    const result = m.call(name, ...args.map(argument));
    const asksSize = name.endsWith('xattr') && args.at(-1) === '0';
    const shown = shows.has(name) && typeof result === 'number' && result > 0 && !asksSize ? ` ${quote(m.text(result))}` : '';
    const told = stats.has(name) && result === 0 ? describeStat(m.bytes(144)) : '';
    return `${result instanceof Wait ? 'Wait' : result}${shown}${told}`;
  }

  /** A call that must succeed for a look to go on. */
  must(name: string, ...args: (number | bigint | string)[]): number {
    const result = this.machine.call(name, ...args);
    if (typeof result === 'string') throw new Refused(result);
    if (result instanceof Wait) throw new Error(`${name} waits`);
    return result;
  }

  lstat(path: string): ReturnType<typeof statLayout.decode> {
    this.must('lstat', path, BUFFER);
    return statLayout.decode(this.machine.bytes(statLayout.size));
  }

  inDirectory(path: string, use: (fd: number) => Value): Value {
    const fd = this.must('open', path, 0o200000, 0);
    try { return use(fd); } finally { this.machine.call('close', fd); }
  }

  dents(fd: number, size: number): Dent[] {
    const bytes = this.machine.bytes(this.must('getdents64', fd, BUFFER, size));
    const entries: Dent[] = [];
    for (let at = 0; at < bytes.length;) {
      const { d_ino, d_off, d_reclen, d_type } = dirent64Layout.decode(bytes.subarray(at));
      const name = Buffer.from(bytes.subarray(at + dirent64Layout.size, at + d_reclen)).toString('latin1');
      entries.push({ name: name.slice(0, name.indexOf('\0')), next: BigInt(d_off), type: d_type, ino: BigInt(d_ino) });
      at += d_reclen;
    }
    return entries;
  }

  allDents(fd: number, size = 32768): Dent[] {
    const entries: Dent[] = [];
    for (let part = this.dents(fd, size); part.length > 0; part = this.dents(fd, size)) entries.push(...part);
    return entries;
  }

  remember(fd: number, entries: readonly Dent[]): void { this.directories.set(fd, [...this.directories.get(fd) ?? [], ...proper(entries).map((e) => e.name)]); }
}

/** "uid", "uid:gid", "uid:gid,group,...". */
function credentialsOf(text: string): Credentials {
  const [uid, gid, ...groups] = text.split(/[:,]/).map(Number);
  return Credentials.of(uid!, gid ?? uid!, groups);
}

// File system calls against what Linux answers: the calls and results of syscalls.txt and random-syscalls.txt, recorded on a real kernel by tools/record-syscalls.py, made again here.
import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { O_RDWR, statLayout } from '../../src/abi/index.ts';
import { Wait } from '../../src/base/index.ts';
import { Credentials, Description, openInode } from '../../src/linux/index.ts';
import { find } from '../../src/vfs/index.ts';
import { BUFFER, FakeMachine } from './fake-machine.ts';

const constants = new Map(readFileSync('test/linux/syscalls.constants', 'utf8').trim().split('\n').map((line) => line.split(' ') as [string, string]).map(([name, value]) => [name, parse(value.replace('0o', '0'))]));
const BAD_POINTER = 0x10;
/** Calls whose result is the number of bytes that came into the buffer. */
const shows = new Set(['read', 'pread64', 'readlink', 'readlinkat', 'readv', 'preadv', 'getcwd', 'getxattr', 'listxattr', 'fgetxattr']);

const stats = new Set(['stat', 'lstat', 'fstat', 'newfstatat']);

/** What the recorder writes of a struct stat. */
function describeStat(bytes: Uint8Array): string {
  const { st_mode, st_nlink, st_uid, st_gid, st_size } = statLayout.decode(bytes);
  const size = (st_mode & 0o170000) === 0o100000 ? ` size=${st_size}` : '';
  return ` mode=0${st_mode.toString(8)} nlink=${st_nlink} uid=${st_uid} gid=${st_gid}${size}`;
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

const numberOf = (text: string): number => text.split('|').map((part) => constants.get(part) ?? parse(part)).reduce((all, bits) => Number(BigInt(all) | BigInt(bits)));
const quote = (text: string): string => `"${text.replace(/[^ -~]|["\\]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`)}"`;

function layout(count: number, fill: (view: DataView) => void): Uint8Array {
  const bytes = new Uint8Array(count);
  fill(new DataView(bytes.buffer));
  return bytes;
}

/** The arguments that are structures, by name. */
const structures: Record<string, (values: number[]) => Uint8Array> = {
  off: ([value]) => layout(8, (view) => view.setBigInt64(0, BigInt(value!), true)),
  lock: ([type, whence, start, length]) => layout(32, (view) => { view.setInt16(0, type!, true); view.setInt16(2, whence!, true); view.setBigInt64(8, BigInt(start!), true); view.setBigInt64(16, BigInt(length!), true); }),
  times: (values) => layout(32, (view) => values.forEach((value, i) => view.setBigInt64(8 * i, BigInt(value), true))),
  iov: (lengths) => layout(16 * lengths.length, (view) => { let at = BUFFER; lengths.forEach((length, i) => { view.setBigUint64(16 * i, BigInt(at), true); view.setBigUint64(16 * i + 8, BigInt(length), true); at += length; }); }),
};

function argument(text: string): number | string | Uint8Array {
  if (text === 'buf') return BUFFER;
  if (text === 'bad') return BAD_POINTER;
  const string = /^"(.*)"(?:\*(\d+))?$/.exec(text);
  if (string) return string[1]!.repeat(Number(string[2] ?? 1));
  const structure = /^(\w+)\((.*)\)$/.exec(text);
  return structure ? structures[structure[1]!]!(split(structure[2]!).map(numberOf)) : numberOf(text);
}

/** A machine whose task stands in an empty directory, with /dev/null as its standard streams. */
function machine(): FakeMachine {
  const m = new FakeMachine();
  m.call('umask', 0);
  m.call('mkdir', '/work', 0o777);
  m.call('umask', 0o022);
  m.call('chdir', '/work');
  const { task } = m;
  const place = find(task.fs.walkContext(task.credentials), task.fs.cwd, '/dev/null');
  const description = new Description(openInode(task, place, O_RDWR), O_RDWR, place);
  for (let fd = 0; fd < 3; fd++) task.files.add(description);
  return m;
}

/** Makes the call of a line and returns the line with our result. */
function replay(m: FakeMachine, line: string): string {
  if (line.startsWith('as ')) {
    const id = Number(line.slice(3));
    m.task.credentials = Credentials.of(id, id);
    return line;
  }
  const [, name, args] = /^(\w+)\((.*?)\) = /.exec(line)!;
  const result = m.call(name!, ...split(args!).map(argument));
  const shown = shows.has(name!) && typeof result === 'number' && result > 0 ? ` ${quote(m.text(result))}` : '';
  const told = stats.has(name!) && result === 0 ? describeStat(m.bytes(144)) : '';
  return `${name}(${args}) = ${result instanceof Wait ? 'Wait' : result}${shown}${told}`;
}

const recorded = ['syscalls', 'random-syscalls'].map((name) => readFileSync(`test/linux/${name}.txt`, 'utf8')).join('\n');
for (const block of recorded.split(/^(?=# )/m)) {
  const [title, ...lines] = block.trim().split('\n');
  test(title!.slice(2), () => {
    const m = machine();
    assert.is(lines.map((line) => replay(m, line)).join('\n'), lines.join('\n'));
  });
}

test.run();

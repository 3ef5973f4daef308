// Checks that stand for others, in the same block and in later ones: random programs whose pointers go near the edges of pages with different rights end as they do in the interpreter, which checks every access.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Cpu, Exit, Perm, RAX, RBX, RCX, RDX, RSI, type Level, type Space, state } from '../../src/guest/index.ts';
import { Bench } from '../isa/harness.ts';
import { DATA, cpuFor, finish, guest, hex } from './guest.ts';

const PAGE = 4096, PAGES = 4;
const CLOSED = Perm.mapped, READ = CLOSED | Perm.read, WRITE = READ | Perm.write;

let seed = 11;
const random = (below: number): number => { seed = Math.imul(seed, 1664525) + 1013904223 >>> 0; return Math.floor(seed / 2 ** 32 * below); };
const byte = (value: number): string => (value & 0xff).toString(16).padStart(2, '0');

/** rbx, rsi or rbp by its number in modrm. */
const pointers = [3, 6, 5];
const near = (): string => byte(random(96) - 48);

/** An instruction that uses or moves a pointer. */
function instruction(): string {
  const pointer = pointers[random(3)]!;
  const memory = byte(0x40 | random(2) << 4 | pointer) + near();
  const other = pointers[random(3)]!;
  return [`8b${memory}`, `488b${memory}`, `89${memory}`, `4889${memory}`, `8a${memory}`, `88${memory}`, `660fb6${memory}`.slice(2), `48ff${byte(0x40 | pointer)}${near()}`,
    `4883${byte(0xc0 | pointer)}${byte(random(64) - 32)}`, `488d${byte(0x40 | pointer << 3 | other)}${near()}`, `4889${byte(0xc0 | pointer << 3 | other)}`][random(11)]!;
}

/** Blocks with branches over the next one, loops of three turns, and calls. */
function program(): Uint8Array {
  let text = 'b903000000';
  for (let n = 4 + random(8); n > 0; n--) {
    let body = '';
    for (let i = 1 + random(4); i > 0; i--) body += instruction();
    const length = body.length / 2;
    const kind = random(6);
    if (kind < 2) text += `a801${kind ? '74' : '75'}${byte(length)}${body}`;
    else if (kind === 2) text += `${body}ffc975${byte(-length - 4)}b903000000`;
    else if (kind === 3) text += `e802000000eb01c3${body}`;
    else text += body;
  }
  return hex(`${text}0f05`);
}

interface Setting { code: Uint8Array; rights: number[]; pointers: number[]; rax: number }

function run(cpu: Cpu, s: Setting): Record<string, unknown> {
  const space: Space = guest(cpu, s.code);
  const { memory } = space;
  s.rights.forEach((rights, i) => memory.protect(DATA + i * PAGE, PAGE, rights));
  for (let i = 0; i < PAGES * PAGE; i++) memory.bytes[DATA + i] = i * 7 + (i >> 6) & 0x3f;
  [RBX, RSI, 5].forEach((register, i) => space.state.setGpr(register, BigInt(s.pointers[i]!)));
  space.state.setGpr(RAX, BigInt(s.rax));
  const exit = finish(space);
  const fault = exit === Exit.fault ? { address: space.state.u32(state.faultAddress), access: space.state.u32(state.faultAccess) } : {};
  const answer = { exit, pc: space.state.pc, ...fault, registers: [RAX, RBX, RCX, RDX, RSI, 5].map((n) => space.state.gpr(n).toString(16)), data: Buffer.from(memory.bytes.slice(DATA, DATA + PAGES * PAGE)).toString('latin1') };
  space.release();
  return answer;
}

function compare(level: Level, rightsOf: () => number[]): number {
  const [interpreter, translator] = [cpuFor({ level: 'all', mode: 'interpret' }), cpuFor({ level, mode: 'translate' })];
  for (const cpu of [interpreter, translator]) cpu.onSyscall = () => false;
  let faults = 0;
  for (let round = 0; round < 1000; round++) {
    const place = (): number => DATA + PAGE * (1 + random(PAGES - 1)) + random(80) - 40;
    const setting: Setting = { code: program(), rights: rightsOf(), pointers: [place(), place(), place()], rax: random(256) };
    const expected = run(interpreter, setting);
    const got = run(translator, setting);
    if (expected['exit'] === Exit.fault) faults++;
    assert.equal(got, expected, `${Buffer.from(setting.code).toString('hex')} rights ${setting.rights.join()} at ${setting.pointers.map((p) => p.toString(16)).join()}`);
  }
  return faults;
}

test('at level all every access that may not be faults where it does in the interpreter', () => {
  const faults = compare('all', () => Array.from({ length: PAGES }, () => [WRITE, WRITE, WRITE, READ, CLOSED][random(5)]!));
  assert.ok(faults > 200 && faults < 950, `${faults} of 1000 fault`);
});

test('at level stores every store does', () => {
  // An access that begins in the page before is seen by its last byte.
  const faults = compare('stores', () => { const open = 1 + random(PAGES); return Array.from({ length: PAGES }, (_, i) => (i < open ? WRITE : READ)); });
  assert.ok(faults > 100 && faults < 950, `${faults} of 1000 fault`);
});

test('what a block has checked the next one need not', () => {
  const bench = new Bench();
  const looks = (code: string): number => {
    bench.reset();
    bench.load([...hex(code)]);
    return bench.listing.split('offset=0x100000').length - 1;
  };
  // mov [rbx],eax; mov [rbx+16],eax; test eax,eax; je +3; mov [rbx+8],eax; mov [rbx+12],eax
  assert.is(looks('8903 894310 85c0 7403 894308 89430c'), 2);
  // With rbx moved in one of the two ways, the last store is checked again.
  assert.is(looks('8903 894310 85c0 7404 4883c340 89430c'), 3);
  // mov [rbx-40],eax; mov [rbx+20],eax; add rbx,30; test eax,eax; je +3; then what is -30 of the old rbx, and what is +30.
  assert.is(looks('8943d8 894314 4883c31e 85c0 7403 8943c4'), 2);
  assert.is(looks('8943d8 894314 4883c31e 85c0 7403 894300'), 3);
  // Behind a call everything is.
  assert.is(looks('8903 e800000000 8903'), 3);
});

test.run();

// The repeat routines against a loop over single elements: overlaps, both directions, pages without rights, early ends, long runs that give way.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Access, CpuState, Exit, GuestMemory, Perm, RAX, RCX, RDI, RSI, type Space, state } from '../../src/guest/index.ts';
import { repeatOr } from '../../src/translate/interp/repeat.ts';
import { Outcome, routineId, routineNames, routines } from '../../src/translate/ir/routines.ts';
import { ModuleBuilder } from '../../src/translate/wasm/index.ts';
import '../../src/translate/x86/index.ts';

const BASE = 0x50_0000, PAGES = 4, PAGE = 4096;
const memory = new GuestMemory(new WebAssembly.Memory({ initial: 128, maximum: 65536 }));
const cpu = new CpuState(memory);
const space = { memory, state: cpu } as Space;

let seed = 7;
const random = (below: number): number => { seed = Math.imul(seed, 1664525) + 1013904223 >>> 0; return Math.floor(seed / 2 ** 32 * below); };

type Name = 'movs' | 'stos' | 'lods' | 'cmps' | 'scas';
interface Setting { name: Name; size: 1 | 2 | 4 | 8; wanted: boolean; down: boolean; source: number; target: number; count: number; rax: bigint }
interface Result { outcome: number; fault?: { address: number; access: number }; registers: bigint[]; flags: number; bytes: Uint8Array }

const allowed = (address: number, size: number, bits: number): number | undefined => {
  for (let i = 0; i < size; i++) if (!(memory.perms[address + i >>> 12]! & bits)) return address + i;
  return undefined;
};
const read = (address: number, size: number): bigint => { let v = 0n; for (let i = size - 1; i >= 0; i--) v = v << 8n | BigInt(memory.bytes[address + i]!); return v; };

/** One element after the other, as the manual says it. */
function reference(s: Setting): Result {
  let { source, target, count, rax } = s;
  let flags = cpu.rflags;
  let fault: Result['fault'];
  const step = s.down ? -s.size : s.size;
  const usesSource = s.name !== 'stos' && s.name !== 'scas';
  const usesTarget = s.name !== 'lods';
  while (count > 0) {
    const writes = s.name === 'movs' || s.name === 'stos';
    const badSource = usesSource ? allowed(source, s.size, Perm.read) : undefined;
    if (badSource !== undefined) { fault = { address: badSource, access: Access.read }; break; }
    const badTarget = usesTarget ? allowed(target, s.size, writes ? Perm.write : Perm.read) : undefined;
    if (badTarget !== undefined) { fault = { address: badTarget, access: writes ? Access.write : Access.read }; break; }
    const left = usesSource ? read(source, s.size) : BigInt.asUintN(8 * s.size, rax);
    const right = usesTarget ? read(target, s.size) : 0n;
    if (writes) for (let i = 0; i < s.size; i++) memory.bytes[target + i] = Number(left >> BigInt(8 * i) & 0xffn);
    if (s.name === 'lods') rax = s.size >= 4 ? left : rax & ~((1n << BigInt(8 * s.size)) - 1n) | left;
    if (usesSource) source += step;
    if (usesTarget) target += step;
    count--;
    if (s.name !== 'cmps' && s.name !== 'scas') continue;
    if (count === 0 || (left === right) !== s.wanted) { flags = flagsOfCompare(left, right, s.size); break; }
  }
  return { outcome: fault ? Outcome.leave : Outcome.next, ...(fault ? { fault } : {}), registers: [rax, BigInt(count), BigInt(source), BigInt(target)], flags, bytes: memory.bytes.slice(BASE, BASE + PAGES * PAGE) };
}

function flagsOfCompare(x: bigint, y: bigint, size: number): number {
  const saved = cpu.save();
  cpu.setU32(state.flagsKind, 4 + Math.log2(size));
  cpu.setU64(state.flagsA, x);
  cpu.setU64(state.flagsB, y);
  const flags = cpu.rflags;
  cpu.restore(saved);
  return flags;
}

function prepare(s: Setting, fill: number): void {
  for (let i = 0; i < PAGES * PAGE; i++) memory.bytes[BASE + i] = fill < 3 ? fill : (i * 7 + (i >> 8)) & 0xff;
  cpu.rflags = 0x202 | (s.down ? 0x400 : 0);
  for (const [n, value] of [[RAX, s.rax], [RCX, BigInt(s.count)], [RSI, BigInt(s.source)], [RDI, BigInt(s.target)]] as const) cpu.setGpr(n, value);
}

type Call = (id: number, form: number, a: number, b: number) => number;

/** The routine, and what the hub does before it asks for the routine. */
const inTypeScript: Call = (id, form, a, b) => routines[id]!(space, form, a, b, 0);
const asked = new Set<string>();
const inHub: Call = (() => {
  const m = new ModuleBuilder();
  const type = m.type(['i32', 'i32', 'i32', 'i32', 'i32'], ['i32']);
  m.importMemory('hub', 'memory', 1, 65536);
  const routine = m.importFunction('hub', 'routine', type);
  const repeat = m.function(type);
  m.body(repeat, repeatOr(routine));
  m.export('repeat', 'func', repeat);
  const imports = { memory: memory.memory, routine: (id: number, form: number, a: number, b: number): number => { asked.add(routineNames()[id]!); return inTypeScript(id, form, a, b); } };
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(m.finish() as Uint8Array<ArrayBuffer>), { hub: imports });
  const call = exports['repeat'] as (...args: number[]) => number;
  return (id, form, a, b) => call(id, form, a, b, 0);
})();

/** Calls the routine until it has nothing more to do. */
function run(s: Setting, call: Call): Result {
  for (;;) {
    const source = Number(cpu.gpr(RSI)), target = Number(cpu.gpr(RDI));
    const [first, second] = { movs: [source, target], cmps: [source, target], lods: [source, 0], stos: [target, 0], scas: [target, 0] }[s.name] as [number, number];
    const outcome = call(routineId(`rep ${s.name}`), s.size | 8 << 8 | Number(s.wanted) << 16, first, second) as Outcome;
    if (outcome === Outcome.again) continue;
    const fault = outcome === Outcome.leave ? { fault: { address: cpu.u32(state.faultAddress), access: cpu.u32(state.faultAccess) } } : {};
    if (outcome === Outcome.leave) assert.is(cpu.u32(state.exit), Exit.fault);
    return { outcome, ...fault, registers: [RAX, RCX, RSI, RDI].map((n) => cpu.gpr(n)), flags: cpu.rflags, bytes: memory.bytes.slice(BASE, BASE + PAGES * PAGE) };
  }
}

const rights = [Perm.read | Perm.write, Perm.read, 0];

for (const [where, call] of [['the routines', inTypeScript], ['the hub', inHub]] as const) test(`10,000 random repeats in ${where} do what one element after the other does`, () => {
  let faults = 0;
  for (let round = 0; round < 10_000; round++) {
    for (let page = 0; page < PAGES; page++) memory.protect(BASE + page * PAGE, PAGE, random(6) ? rights[0]! : rights[random(3)]!);
    const place = (): number => (random(3) ? BASE + PAGE - 20 + random(40) + PAGE * random(3) : BASE + 64 + random(PAGES * PAGE - 128));
    const source = place();
    const setting: Setting = {
      name: (['movs', 'stos', 'lods', 'cmps', 'scas'] as const)[random(5)]!, size: ([1, 2, 4, 8] as const)[random(4)]!, wanted: random(2) === 1, down: random(2) === 1,
      source, target: random(2) ? source + random(40) - 20 : place(), count: random(8) ? random(30) : random(600), rax: [0n, 0x0101010101010101n, 0x1122334455667788n][random(3)]!,
    };
    const fill = random(6);
    prepare(setting, fill);
    const expected = reference(setting);
    prepare(setting, fill);
    const got = run(setting, call);
    if (expected.fault) faults++;
    const text = JSON.stringify(setting, (_, v) => (typeof v === 'bigint' ? v.toString(16) : v));
    assert.equal({ ...got, bytes: 0 }, { ...expected, bytes: 0 }, text);
    assert.is(Buffer.compare(got.bytes, expected.bytes), 0, text);
  }
  assert.ok(faults > 500, 'faults are among them');
});

test('the hub asks for nothing where nothing is unusual', () => {
  memory.protect(BASE, PAGES * PAGE, Perm.read | Perm.write);
  asked.clear();
  for (const name of ['movs', 'stos'] as const) for (const size of [1, 2, 4, 8] as const) {
    const setting: Setting = { name, size, wanted: false, down: false, source: BASE + 5, target: BASE + PAGE + 1, count: 300, rax: 0x0505050505050505n };
    prepare(setting, 9);
    const expected = reference(setting);
    prepare(setting, 9);
    assert.equal(run(setting, inHub), expected);
  }
  assert.equal([...asked], []);
});

test('a long fill gives way and goes on where it was', () => {
  const length = 6 << 20;
  memory.protect(0x100_0000, length, Perm.read | Perm.write);
  for (const [n, value] of [[RAX, 0x1234n], [RCX, BigInt(length / 2)], [RDI, 0x100_0000n]] as const) cpu.setGpr(n, value);
  cpu.rflags = 0x202;
  const stos = routines[routineId('rep stos')]!;
  assert.is(stos(space, 2 | 8 << 8, 0x100_0000, 0, 0), Outcome.again);
  const at = Number(cpu.gpr(RDI));
  assert.is(Number(cpu.gpr(RCX)), (0x100_0000 + length - at) / 2);
  assert.is(stos(space, 2 | 8 << 8, at, 0, 0), Outcome.next);
  assert.is(cpu.gpr(RCX), 0n);
  assert.is(memory.view.getUint16(0x100_0000 + length - 2, true), 0x1234);
});

test('a page that holds code is told before it changes', () => {
  memory.protect(BASE, PAGE, Perm.read | Perm.watched | Perm.code);
  const told: number[] = [];
  memory.onCodeWrite = (address) => { told.push(address); memory.perms[address >>> 12] = Perm.read | Perm.write; };
  cpu.setGpr(RCX, 4n);
  cpu.setGpr(RDI, BigInt(BASE));
  cpu.rflags = 0x202;
  assert.is(routines[routineId('rep stos')]!(space, 1 | 8 << 8, BASE, 0, 0), Outcome.next);
  assert.equal(told, [BASE]);
});

test.run();

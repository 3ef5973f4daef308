// MXCSR: rounding, denormal and exception modes, in interpreted and in translated code; the soft float behind them against the host's own arithmetic.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Exit, state } from '../../src/guest/index.ts';
import { add, DE, div, double, FloatUnit, IE, mul, OE, PE, single, sqrt, sub, UE, ZE, type Operation } from '../../src/translate/x86/routines/soft-float.ts';
import { hasExactForm } from '../../src/translate/x86/routines/sse-exact.ts';
import { sseConvert } from '../../src/translate/x86/rows/sse-convert.ts';
import { sseFloat } from '../../src/translate/x86/rows/sse-float.ts';
import { DATA, cpuFor, finish, guest, hex } from './guest.ts';

const DEFAULT = 0x1f80, DOWN = 0x3f80, UP = 0x5f80, ZERO = 0x7f80;
/** 1 and three quarters of the distance to the next double. */
const ONE = 0x3ff0_0000_0000_0000n, LITTLE = 0x3ca8_0000_0000_0000n;

/** Adds in a function that is hot before the mode changes, then once in the mode at DATA, then in the default mode again. */
const program = hex(`
  b988130000                              ; mov ecx, 5000
  e830000000 ffc9 75f7                    ; L: call F; dec ecx; jnz L
  0fae142500005000                        ; ldmxcsr [DATA]
  e81f000000 f20f11042520005000           ; call F; movsd [DATA+0x20], xmm0
  0fae1c2504005000                        ; stmxcsr [DATA+4]
  0fae142508005000                        ; ldmxcsr [DATA+8]
  e801000000 f4                           ; call F; hlt
  f20f10042510005000                      ; F: movsd xmm0, [DATA+0x10]
  f20f58042518005000 c3                   ; addsd xmm0, [DATA+0x18]; ret`);

for (const mode of ['interpret', 'tiered', 'translate'] as const) {
  const cpu = cpuFor({ mode, threshold: 100 });
  cpu.onSyscall = () => false;
  const run = (mxcsr: number, x: bigint, y: bigint) => {
    const space = guest(cpu, program);
    const { view } = space.memory;
    view.setUint32(DATA, mxcsr, true);
    view.setUint32(DATA + 8, DEFAULT, true);
    view.setBigUint64(DATA + 0x10, x, true);
    view.setBigUint64(DATA + 0x18, y, true);
    space.state.setU32(state.mxcsr, DEFAULT);
    const exit = finish(space, 100_000);
    const answer = { exit, vector: space.state.u32(state.trapVector), inMode: view.getBigUint64(DATA + 0x20, true), mxcsr: view.getUint32(DATA + 4, true), after: space.state.u64(state.xmm) };
    space.release();
    return answer;
  };
  test(`${mode}: hot code rounds as MXCSR says, and to nearest again`, () => {
    for (const [mxcsr, expected] of [[DEFAULT, ONE + 1n], [DOWN, ONE], [UP, ONE + 1n], [ZERO, ONE]] as const) {
      const { exit, vector, inMode, mxcsr: seen, after } = run(mxcsr, ONE, LITTLE);
      assert.is(exit, Exit.trap);
      assert.is(vector, 13);
      assert.is(inMode, expected, `rounding mode ${mxcsr.toString(16)}`);
      assert.is(seen & 0xffc0, mxcsr);
      assert.is(after, ONE + 1n);
      if (mxcsr !== DEFAULT) assert.is(seen & 0x3f, PE);
    }
  });
  test(`${mode}: an exception that is not masked is #XM`, () => {
    const { exit, vector, inMode } = run(DEFAULT & ~(PE << 7), ONE, LITTLE);
    assert.is(exit, Exit.trap);
    assert.is(vector, 19);
    assert.is(inMode, 0n);
  });
  test(`${mode}: denormals are zeros where asked`, () => {
    assert.is(run(DEFAULT | 0x40, 5n, 0n).inMode, 0n);
    assert.is(run(DEFAULT, 5n, 0n).inMode, 5n);
  });
}

test('soft float agrees with the host in the default mode', () => {
  const bytes = new DataView(new ArrayBuffer(8));
  let seed = 12345;
  const random = (): bigint => {
    let bits = 0n;
    for (let i = 0; i < 2; i++) { seed = Math.imul(seed, 1103515245) + 12345 >>> 0; bits = bits << 32n | BigInt((seed ^ seed >>> 15) >>> 0); }
    return bits;
  };
  const number = (bits: bigint): number => { bytes.setBigUint64(0, bits); return bytes.getFloat64(0); };
  const pattern = (x: number): bigint => { bytes.setFloat64(0, x); return bytes.getBigUint64(0); };
  const near = (bits: bigint): bigint => (bits & 0x800f_ffff_ffff_ffffn) | (0x3f0n + (bits >> 52n & 0x1fn)) << 52n;
  const operations: [Operation, (x: number, y: number) => number][] = [
    [add, (x, y) => x + y], [sub, (x, y) => x - y], [mul, (x, y) => x * y], [div, (x, y) => x / y], [sqrt, (x) => Math.sqrt(x)],
  ];
  for (let i = 0; i < 4000; i++) {
    const [x, y] = i & 1 ? [near(random()), near(random())] : [random(), random() & 0x800f_ffff_ffff_ffffn];
    for (const [soft, hard] of operations) {
      const expected = hard(number(x), number(y));
      const got = soft(new FloatUnit(DEFAULT), double, x, y);
      if (Number.isNaN(expected)) assert.ok(Number.isNaN(number(got)));
      else assert.is(got, pattern(expected), `${x.toString(16)} ${y.toString(16)}`);
    }
  }
});

test('flags of single precision', () => {
  const one = 0x3f80_0000n, largest = 0x7f7f_ffffn, least = 1n, infinity = 0x7f80_0000n, signalling = 0x7f80_0001n;
  const flags = (operation: Operation, x: bigint, y: bigint, mxcsr = DEFAULT): number => { const u = new FloatUnit(mxcsr); operation(u, single, x, y); return u.flags; };
  assert.is(flags(add, one, one), 0);
  assert.is(flags(div, one, 0n), ZE);
  assert.is(flags(mul, largest, largest), OE | PE);
  assert.is(flags(mul, least, 0x3f00_0000n), DE | UE | PE);
  assert.is(flags(sub, infinity, infinity), IE);
  assert.is(flags(add, signalling, one), IE);
  assert.is(flags(div, one, 0x4040_0000n), PE);
  assert.is(flags(mul, 0x0080_0000n, 0x3f00_0000n), 0, 'an exact denormal result underflows only when that is unmasked');
  assert.is(flags(mul, 0x0080_0000n, 0x3f00_0000n, DEFAULT & ~(UE << 7)), UE);
});

test('every row that depends on MXCSR has an exact form', () => {
  const independent = new Set(['rcpps', 'rcpss', 'rsqrtps', 'rsqrtss', 'andps', 'andpd', 'andnps', 'andnpd', 'orps', 'orpd', 'xorps', 'xorpd', 'cvtdq2pd', 'cvtpi2pd']);
  const missing = [...sseFloat, ...sseConvert].map((row) => row.mnemonic).filter((name) => !independent.has(name) && !hasExactForm(name));
  assert.equal(missing, []);
});

test.run();

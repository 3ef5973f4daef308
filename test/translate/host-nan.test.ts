// NaN results: what src/translate/ir/host-nan.ts believes of this host, against the host's WebAssembly; and what rows repair where the host is another.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { assumeHostNans, hostNansAreExact } from '../../src/translate/ir/host-nan.ts';
import { opOf } from '../../src/translate/ir/ops.ts';
import { compile } from '../../src/translate/wasm/compile.ts';
import { Code, ModuleBuilder } from '../../src/translate/wasm/index.ts';

type Bits = (a: bigint, b: bigint) => bigint;

/** A function on the bit patterns of two doubles, which gives the bits of the result; singles lie in the low half. */
function define(module: ModuleBuilder, name: string, write: (c: Code) => void): void {
  const index = module.function(module.type(['i64', 'i64'], ['i64']));
  const code = new Code(2);
  write(code);
  module.body(index, code);
  module.export(name, 'func', index);
}

function emit(c: Code, ...names: string[]): void { for (const name of names) c.op(opOf(name).code); }

function double(c: Code, local: number): void { c.get(local); emit(c, 'f64.reinterpret_i64'); }
function single(c: Code, local: number): void { c.get(local); emit(c, 'i32.wrap_i64', 'f32.reinterpret_i32'); }

const doubles = ['add', 'sub', 'mul', 'div'];

function build(): Record<string, Bits> {
  const module = new ModuleBuilder();
  for (const name of doubles) {
    define(module, `f64.${name}`, (c) => { double(c, 0); double(c, 1); emit(c, `f64.${name}`, 'i64.reinterpret_f64'); });
    define(module, `f32.${name}`, (c) => { single(c, 0); single(c, 1); emit(c, `f32.${name}`, 'i32.reinterpret_f32', 'i64.extend_i32_u'); });
    define(module, `f64x2.${name}`, (c) => {
      for (const local of [0, 1]) { double(c, local); emit(c, 'f64x2.splat'); }
      emit(c, `f64x2.${name}`, 'i64x2.extract_lane');
      c.u8(1);
    });
  }
  define(module, 'f64.sqrt', (c) => { double(c, 0); emit(c, 'f64.sqrt', 'i64.reinterpret_f64'); });
  define(module, 'f64.nearest', (c) => { double(c, 0); emit(c, 'f64.nearest', 'i64.reinterpret_f64'); });
  define(module, 'f32.demote_f64', (c) => { double(c, 0); emit(c, 'f32.demote_f64', 'i32.reinterpret_f32', 'i64.extend_i32_u'); });
  define(module, 'f64.promote_f32', (c) => { single(c, 0); emit(c, 'f64.promote_f32', 'i64.reinterpret_f64'); });
  return new WebAssembly.Instance(compile(module.finish())).exports as unknown as Record<string, Bits>;
}

const indefinite = 0xfff8_0000_0000_0000n, indefinite32 = 0xffc0_0000n;
const signalling = 0x7ff0_0000_0000_0001n, quiet = 0x7ff8_0000_0000_0001n, other = 0xfff8_0000_0000_0002n;
const signalling32 = 0x7f80_0001n, quiet32 = 0x7fc0_0001n, other32 = 0xffc0_0002n;
const zero = 0n, minusOne = 0xbff0_0000_0000_0000n;

/** [operation, a, b, what x86 gives]. */
const cases: readonly (readonly [string, bigint, bigint, bigint])[] = [
  ...doubles.flatMap((name) => ['f64', 'f64x2'].flatMap((type) => [
    [`${type}.${name}`, signalling, other, quiet], [`${type}.${name}`, other, quiet, other], [`${type}.${name}`, zero, signalling, quiet], [`${type}.${name}`, minusOne, other, other],
  ] as const)),
  ...doubles.flatMap((name) => [[`f32.${name}`, signalling32, other32, quiet32], [`f32.${name}`, other32, quiet32, other32], [`f32.${name}`, zero, other32, other32]] as const),
  ['f64.div', zero, zero, indefinite], ['f64x2.div', zero, zero, indefinite], ['f32.div', zero, zero, indefinite32],
  ['f64.sqrt', minusOne, zero, indefinite], ['f64.sqrt', signalling, zero, quiet], ['f64.nearest', signalling, zero, quiet],
  ['f32.demote_f64', other, zero, 0xffc0_0000n], ['f32.demote_f64', 0x7ff0_0000_2000_0000n, zero, quiet32], ['f64.promote_f32', 0xff80_0001n, zero, 0xfff8_0000_2000_0000n],
];


test('a host that says so gives NaNs as x86 does', () => {
  if (!hostNansAreExact()) { console.log('this host gives other NaNs: rows repair them'); return; }
  const functions = build();
  for (const [name, a, b, expected] of cases) assert.is(BigInt.asUintN(64, functions[name]!(a, b)), expected, `${name} ${a.toString(16)} ${b.toString(16)}`);
});

test('an x86-64 host says so', () => { if (process.arch === 'x64') assert.is(hostNansAreExact(), true); });

test('the answer can be assumed', () => {
  const answer = hostNansAreExact();
  assumeHostNans(!answer);
  assert.is(hostNansAreExact(), !answer);
  assumeHostNans(undefined);
  assert.is(hostNansAreExact(), answer);
});

test.run();

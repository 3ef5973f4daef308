// Whether this host's floating point makes NaNs as x86 does. An x86 host does, since its own instructions run; others differ in sign or choice, and then rows repair NaN results.
import { compile } from '../wasm/compile.ts';
import { Code, ModuleBuilder } from '../wasm/index.ts';
import { opOf } from './ops.ts';

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

function probe(): boolean {
  const functions = build();
  return cases.every(([name, a, b, expected]) => BigInt.asUintN(64, functions[name]!(a, b)) === expected);
}

let exact: boolean | undefined;

/** Asked when the first floating-point instruction is translated; part of what a cached translation depends on. */
export const hostNansAreExact = (): boolean => (exact ??= probe());

/** For code that must run on every host (the prebuilt interpreter), and for tests: answers are taken as given until called with undefined. */
export function assumeHostNans(answer: boolean | undefined): void { exact = answer; }

// The pure helpers against BigInt arithmetic and the reference flags.
import { compile } from '../../src/translate/wasm/compile.ts';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { flagsOf } from '../../src/guest/index.ts';
import { defineHelpers } from '../../src/translate/ir/helpers.ts';
import { ModuleBuilder } from '../../src/translate/wasm/index.ts';

const module = new ModuleBuilder();
for (const [name, index] of defineHelpers(module)) module.export(name, 'func', index);
const exports = new WebAssembly.Instance(compile(module.finish())).exports as Record<string, (...args: any[]) => any>;
const call = (name: string, ...args: (bigint | number)[]) => exports[`helper.${name}`]!(...args);

const edges = [0n, 1n, 2n, 0x7fffffffn, 0x80000000n, 0xffffffffn, 0x100000000n, (1n << 63n) - 1n, 1n << 63n, (1n << 64n) - 1n, 0x123456789abcdef0n];
let seed = 12345n;
const random = () => { seed = BigInt.asUintN(64, seed * 6364136223846793005n + 1442695040888963407n); return seed >> (seed & 31n); };
const numbers = [...edges, ...Array.from({ length: 40 }, random)];
const s = (x: bigint) => BigInt.asIntN(64, x);
const u = (x: bigint) => BigInt.asUintN(64, x);

test('high products', () => {
  for (const x of numbers) for (const y of numbers) {
    assert.is(u(call('mulhu', x, y)), (x * y) >> 64n);
    assert.is(s(call('mulhs', x, y)), (s(x) * s(y)) >> 64n);
  }
});

test('128-bit division', () => {
  for (const high of numbers) for (const low of edges) for (const d of numbers) {
    const n = (high << 64n) | low;
    if (high < d) assert.is(u(call('udivq', high, low, d)), n / d, `${n} / ${d}`);
    const signed = (s(high) << 64n) | low;
    const fits = d !== 0n && BigInt.asIntN(64, signed / s(d)) === signed / s(d);
    assert.is(call('idivq_overflows', high, low, d), fits ? 0 : 1, `${signed} / ${s(d)}`);
    if (fits) assert.is(s(call('idivq', high, low, d)), signed / s(d), `${signed} / ${s(d)}`);
  }
});

test('crc32c of "123456789"', () => {
  let crc = -1;
  for (const c of '123456789') crc = call('crc32b', crc, c.charCodeAt(0));
  assert.is(~crc >>> 0, 0xe3069283);
  let long = call('crc32q', -1, 0x3837363534333231n);
  long = call('crc32b', long, 0x39);
  assert.is(~long >>> 0, 0xe3069283);
});

test('flags of every kind agree with the reference', () => {
  for (const kind of [0, ...Array.from({ length: 16 }, (_, i) => i + 4)]) {
    const bits = kind < 4 ? 64n : BigInt(8 << (kind & 3));
    for (const x of numbers) for (const y of numbers) {
      const a = BigInt.asUintN(kind === 0 ? 16 : Number(bits), x);
      const b = BigInt.asUintN(Number(bits), y);
      assert.is(call('flags', kind, a, b) & 0x8d5, flagsOf(kind, a, b), `kind ${kind} a ${a} b ${b}`);
    }
  }
});

test.run();

// What WebAssembly common SSE loops become: floating-point and vector operations, loads and stores of the translated loop, counted, so that worse code shows in review.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { listModule } from '../../src/translate/wasm/index.ts';
import { Bench } from '../isa/harness.ts';
import { hex } from './guest.ts';

const bench = new Bench();

/** The operations between the first `loop` and its last conditional branch, by name; lanes taken and put are left out: they cost nothing or one move. */
function operations(code: string): Record<string, number> {
  bench.reset();
  bench.load(hex(code), 'none');
  const text = listModule(bench.bytes);
  const loop = text.slice(text.indexOf(' loop'));
  const counts: Record<string, number> = {};
  for (const [name] of loop.slice(0, loop.lastIndexOf('br_if')).matchAll(/\b(v128|[if]\d+x\d+|f32|f64)\.\w+/g)) if (!/_lane$/.test(name)) counts[name] = (counts[name] ?? 0) + 1;
  assert.ok(text.includes(' loop'), text);
  return counts;
}

test('a fractal: one operation for each sum and product, one comparison for comisd and jbe', () => {
  assert.equal(operations(`
    f20f58c0 f20f5cd3 83c001 f20f59c8 660f28c2 f20f58c5 f20f58ce 83f832 741e   ; addsd subsd add mulsd movapd addsd addsd cmp je
    660f28d0 660f28d9 f20f59d0 f20f59d9 660f28e2 f20f58e3 660f2fe7 76c2 83c201 ; movapd movapd mulsd mulsd movapd addsd comisd jbe; add`),
  { 'f64.add': 4, 'f64.sub': 1, 'f64.mul': 3, 'f64.gt': 1 });
});

test('vectors: memory operands, shuffles and shifts by constants, comparison and mask', () => {
  assert.equal(operations(`
    0f2800 660f700a39 4883c010 4883c210 0f59c5 0f58c4 0f2940f0                   ; movaps pshufd add add mulps addps movaps
    660f6f42f0 660fd5c3 660ffec8 660f6fc1 660f72d005 660fefc1 0f2942f0           ; movdqa pmullw paddd movdqa psrld pxor movaps
    660f66c2 660fd7c8 01ce 4839c7 75b9 83c201                                   ; pcmpgtd pmovmskb add cmp jne; add`),
  { 'v128.load': 3, 'v128.store': 2, 'i8x16.shuffle': 1, 'f32x4.mul': 1, 'f32x4.add': 1, 'i16x8.mul': 1, 'i32x4.add': 1, 'i32x4.shr_u': 1, 'v128.xor': 1, 'i32x4.gt_s': 1, 'i8x16.bitmask': 1 });
});

test('scalars in memory: loads and stores of the lane itself', () => {
  assert.equal(operations(`
    f20f1006 f20f590487 f20f5807 f20f1107 4883c608 4839d6 75e6 83c201            ; movsd mulsd addsd movsd add cmp jne; add`),
  { 'f64.load': 3, 'f64.mul': 1, 'f64.add': 1, 'f64.store': 1, 'v128.const': 1 });
});

test('zeros and ones made by a register with itself are constants', () => {
  // pxor xmm1,xmm1; pcmpeqd xmm2,xmm2; paddd xmm1,xmm2; movdqa [rsi],xmm1; dec ecx; jnz; add
  assert.equal(operations('660fefc9 660f76d2 660ffeca 660f7f0e ffc9 75ec 83c201'), { 'v128.const': 3, 'i32x4.add': 1, 'v128.store': 1 });
});

test.run();

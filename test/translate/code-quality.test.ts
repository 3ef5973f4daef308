// Golden counts: how many WebAssembly instructions of each sort a few pieces of guest code become, so that worse code shows in review. A smaller number is an improvement: write it down here.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Bench } from '../isa/harness.ts';

const bench = new Bench();
const hex = (text: string) => text.split(/\s+/).filter(Boolean).map((b) => parseInt(b, 16));

interface Golden { readonly what: string; readonly code: string; readonly instructions: number; readonly loads: number; readonly stores: number; readonly exits: number }

/** Whole functions, with what they load at entry and store where they leave. `exits`: conditional branches. */
const golden: readonly Golden[] = [
  { what: 'sum of an array: add rax,[rdi]; add rdi,8; cmp rdi,rsi; jne', code: '48 03 07 48 83 c7 08 48 39 f7 75 f4', instructions: 99, loads: 5, stores: 17, exits: 2 },
  { what: 'byte copy: movzx eax,[rsi]; mov [rdi],al; inc rsi; inc rdi; dec rcx; jnz', code: '0f b6 06 88 07 48 ff c6 48 ff c7 48 ff c9 75 f0', instructions: 215, loads: 10, stores: 36, exits: 3 },
  { what: 'prologue: push rbp; push rbx; push r12; sub rsp,24; mov [rsp+8],rdi', code: '55 53 41 54 48 83 ec 18 48 89 7c 24 08', instructions: 93, loads: 7, stores: 9, exits: 1 },
  { what: 'compare and branch: cmp eax,5; jl +2; inc eax', code: '83 f8 05 7c 02 ff c0', instructions: 77, loads: 1, stores: 7, exits: 1 },
  { what: 'sub-registers: mov al,[rsi]; mov ah,1; movzx edx,al', code: '8a 06 b4 01 0f b6 d0', instructions: 33, loads: 3, stores: 2, exits: 0 },
  { what: 'scalar doubles: movsd xmm0,[rdi]; mulsd xmm0,xmm1; addsd xmm2,xmm0', code: 'f2 0f 10 07 f2 0f 59 c1 f2 0f 58 d0', instructions: 35, loads: 4, stores: 2, exits: 0 },
  { what: 'adc chain: add rax,[rsi]; adc rdx,[rsi+8]', code: '48 03 06 48 13 56 08', instructions: 89, loads: 5, stores: 5, exits: 0 },
];

const count = (listing: string, name: RegExp) => listing.split('\n').filter((line) => name.test(line.trim())).length;

for (const g of golden) {
  test(g.what, () => {
    bench.reset();
    bench.load(hex(g.code));
    const text = bench.listing;
    const body = text.split('\n').filter((line) => !/^\s*(function|end|block|loop|else)/.test(line)).join('\n');
    const got = { instructions: body.split('\n').length, loads: count(body, /\.load/), stores: count(body, /\.store/), exits: count(body, /^br_if/) };
    assert.equal(got, { instructions: g.instructions, loads: g.loads, stores: g.stores, exits: g.exits });
  });
}

test.run();

// Whether this host's floating point makes NaNs as x86 does. An x86 host does, since its own instructions run; others differ in sign or choice, and then rows repair NaN results.

/** JavaScript's arithmetic is the same instructions as WebAssembly's. An engine that makes all NaNs alike answers false, which is slower and right. (test/translate/host-nan.test.ts asks WebAssembly itself.) */
function probe(): boolean {
  const numbers = new Float64Array(2);
  const bits = new BigUint64Array(numbers.buffer);
  const gives = (x: bigint, combine: (x: number) => number, expected: bigint): boolean => {
    bits[0] = x;
    numbers[1] = combine(numbers[0]!);
    return bits[1] === expected;
  };
  return gives(0x7ff0_0000_0000_0000n, (infinity) => infinity - infinity, 0xfff8_0000_0000_0000n) && gives(0xfff8_0000_0000_0002n, (nan) => nan + 1, 0xfff8_0000_0000_0002n);
}

let exact: boolean | undefined;

/** Asked when the first floating-point instruction is translated; part of what a cached translation depends on. */
export const hostNansAreExact = (): boolean => (exact ??= probe());

/** For code that must run on every host (the prebuilt interpreter), and for tests: answers are taken as given until called with undefined. */
export function assumeHostNans(answer: boolean | undefined): void { exact = answer; }

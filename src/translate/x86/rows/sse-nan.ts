// NaN results as x86 gives them (SDM Vol. 1, 4.8.3.5): WebAssembly leaves sign and payload of a NaN open, the processor does not.
import type { Builder, Value } from '../../ir/builder.ts';
import { hostNansAreExact } from '../../ir/host-nan.ts';
import { bitsOf, fromBits, lanes } from './sse-values.ts';

/** The bit that makes a NaN quiet, and the NaN of an invalid operation. */
const quiet = { f32: 0x0040_0000n, f64: 0x0008_0000_0000_0000n };
const indefinite = { f32: 0xffc0_0000n, f64: 0xfff8_0000_0000_0000n };

type Format = 'f32' | 'f64' | 'f32x4' | 'f64x2';
const isVector = (format: Format): format is 'f32x4' | 'f64x2' => format === 'f32x4' || format === 'f64x2';
const laneFormat = (format: 'f32x4' | 'f64x2'): 'f32' | 'f64' => (format === 'f32x4' ? 'f32' : 'f64');

/**
 * `result` of an operation on the inputs, with NaN as the processor has it: the first input that is a NaN, made quiet, else the indefinite NaN. What is not NaN stays.
 * On a host that is x86 itself there is nothing to repair, with one exception that is accepted: V8's optimising compiler exchanges the operands of scalar additions and multiplications, and when both are
 * NaNs the other one comes out. (Packed operations in their place, or a test for it, cost a fifth of the speed of scalar code.)
 * Elsewhere the repair hangs on one predictable branch.
 */
export function exactNan(b: Builder, format: Format, result: Value, ...inputs: Value[]): Value {
  if (hostNansAreExact()) return result;
  return isVector(format) ? exactVector(b, format, result, inputs) : exactScalar(b, format, result, inputs);
}

function exactScalar(b: Builder, format: 'f32' | 'f64', result: Value, inputs: Value[]): Value {
  const bits = (value: bigint): Value => (format === 'f64' ? b.i64(value) : b.i32(Number(value)));
  const repaired = inputs.reduceRight((rest, x) => b.select(b.op(`${format}.ne`, x, x), b.or(bitsOf(b, x), bits(quiet[format])), rest), bits(indefinite[format]));
  return b.select(b.op(`${format}.eq`, result, result), result, fromBits(b, repaired));
}

function exactVector(b: Builder, format: 'f32x4' | 'f64x2', result: Value, inputs: Value[]): Value {
  const lane = laneFormat(format);
  const splat = (value: bigint): Value => lanes(b, lane === 'f32' ? 32 : 64, value);
  const repaired = inputs.reduceRight((rest, x) => b.op('v128.bitselect', b.op('v128.or', x, splat(quiet[lane])), rest, b.op(`${format}.ne`, x, x)), splat(indefinite[lane]));
  const nan = b.op(`${format}.ne`, result, result);
  return b.select(b.op('v128.any_true', nan), b.op('v128.bitselect', repaired, result, nan), result);
}

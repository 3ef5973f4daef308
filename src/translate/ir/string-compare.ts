// The comparison of SSE4.2's string instructions as one WebAssembly function (SDM Vol. 2, 4.1): all aggregations and polarities, bytes and words.
import { Code, valueType } from '../wasm/index.ts';
import { opOf } from './ops.ts';

/**
 * (x, y: v128, control: i32) → i32. `control` is the immediate in bits 7:0, the number of valid elements of x in 15:8, of y in 23:16. The result has one bit for each element of y, after polarity.
 */
export function stringCompareBody(): Code {
  const c = new Code(3);
  const X = 0, Y = 1, CONTROL = 2;
  const [i, xLength, yValid, all, result] = Array.from({ length: 5 }, () => c.local('i32')) as [number, number, number, number, number];
  const element = c.local('v128');
  const emit = (...names: string[]): void => { for (const name of names) c.op(opOf(name).code); };
  /** Pushes bits of the control word, moved down. */
  const field = (shift: number, mask: number): void => { c.get(CONTROL); c.i32(shift); emit('i32.shr_u'); c.i32(mask); emit('i32.and'); };
  /** Pushes the one of two that the element width asks for. */
  const byWidth = (type: number, words: () => void, bytes: () => void): void => { field(0, 1); c.if(type); words(); c.else(); bytes(); c.end(); };
  const ones = (): void => { c.i32(1); emit('i32.sub'); };
  /** Pushes ones for the first `length` elements. */
  const valid = (length: () => void): void => { c.i32(1); length(); emit('i32.shl'); ones(); };
  const accumulate = (name: string): void => { c.get(result); emit(name); c.set(result); };

  /** element := element i of x (plus `offset`) everywhere. */
  const spread = (offset: number): void => {
    c.get(X);
    byWidth(valueType.v128,
      () => { c.get(i); c.i32(0x0202); emit('i32.mul'); c.i32(0x0100 + 0x0202 * offset); emit('i32.add', 'i16x8.splat'); },
      () => { c.get(i); c.i32(offset); emit('i32.add', 'i8x16.splat'); });
    emit('i8x16.swizzle');
    c.set(element);
  };
  /** Pushes a bit for each element of y that compares so with `element`. */
  const compare = (name: string): void => byWidth(valueType.i32,
    () => { c.get(Y); c.get(element); emit(`i16x8.${name}`, 'i16x8.bitmask'); },
    () => { c.get(Y); c.get(element); emit(`i8x16.${name}`, 'i8x16.bitmask'); });
  /** Runs for i = 0, step, … while i + step <= xLength. */
  const forElements = (step: number, run: () => void): void => {
    const done = c.block();
    const again = c.loop();
    c.get(i); c.i32(step); emit('i32.add'); c.get(xLength); emit('i32.gt_u'); c.brIf(done);
    run();
    c.get(i); c.i32(step); emit('i32.add'); c.set(i);
    c.br(again);
    c.end();
    c.end();
  };
  /** Signed comparisons serve unsigned elements too once their top bits are turned over. */
  const turnOver = (local: number): void => {
    c.get(local);
    byWidth(valueType.v128, () => { c.i32(0x8000); emit('i16x8.splat'); }, () => { c.i32(0x80); emit('i8x16.splat'); });
    emit('v128.xor');
    c.set(local);
  };

  field(8, 0xff); c.set(xLength);
  valid(() => field(16, 0xff)); c.set(yValid);
  valid(() => byWidth(valueType.i32, () => c.i32(8), () => c.i32(16))); c.set(all);

  const aggregated = c.block();
  const ordered = c.block(), each = c.block(), ranges = c.block(), any = c.block();
  field(2, 3);
  c.brTable([any, ranges, each], ordered);
  c.end();
  // ANY: some element of x is equal.
  forElements(1, () => { spread(0); compare('eq'); accumulate('i32.or'); });
  c.get(yValid); accumulate('i32.and'); c.br(aggregated);
  c.end();
  // RANGES: within one of the pairs low, high of x.
  field(1, 1); emit('i32.eqz');
  c.if(); turnOver(X); turnOver(Y); c.end();
  forElements(2, () => { spread(0); compare('ge_s'); spread(1); compare('le_s'); emit('i32.and'); accumulate('i32.or'); });
  c.get(yValid); accumulate('i32.and'); c.br(aggregated);
  c.end();
  // EACH: equal to the element of x at the same place; two invalid ones are equal.
  c.get(X); c.set(element);
  compare('eq'); valid(() => c.get(xLength)); c.get(yValid); emit('i32.and', 'i32.and');
  valid(() => c.get(xLength)); c.get(yValid); emit('i32.or'); c.get(all); emit('i32.xor', 'i32.or'); c.set(result);
  c.br(aggregated);
  c.end();
  // ORDERED: x begins here in y, as far as y goes on.
  c.get(all); c.set(result);
  forElements(1, () => {
    spread(0); compare('eq'); c.get(yValid); emit('i32.and'); c.get(i); emit('i32.shr_u');
    c.get(all); c.get(i); emit('i32.shr_u'); c.i32(-1); emit('i32.xor', 'i32.or');
    accumulate('i32.and');
  });
  c.end();

  // Polarity: bit 4 negates, with bit 5 only where y is valid.
  field(4, 1);
  c.if();
  c.get(yValid); c.get(all); field(5, 1); c.select(); accumulate('i32.xor');
  c.end();
  c.get(result); c.get(all); emit('i32.and');
  return c;
}

// A function body under construction: locals by type, and the instructions that are not rows of the IR (control, locals, memory, calls).
// HOT: emission of translated code.
import type { Type } from '../ir/builder.ts';
import { Bytes } from './bytes.ts';

export const valueType: Record<Type, number> = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, v128: 0x7b };

/** Block type without results. */
export const VOID = 0x40;

/** Load instructions by name: opcode bytes. */
export const loads = {
  'i32.load': [0x28], 'i64.load': [0x29], 'f32.load': [0x2a], 'f64.load': [0x2b], 'i32.load8_s': [0x2c], 'i32.load8_u': [0x2d], 'i32.load16_s': [0x2e], 'i32.load16_u': [0x2f],
  'i64.load8_s': [0x30], 'i64.load8_u': [0x31], 'i64.load16_s': [0x32], 'i64.load16_u': [0x33], 'i64.load32_s': [0x34], 'i64.load32_u': [0x35],
  'v128.load': [0xfd, 0], 'v128.load32_zero': [0xfd, 92], 'v128.load64_zero': [0xfd, 93],
} as const;
export const stores = {
  'i32.store': [0x36], 'i64.store': [0x37], 'f32.store': [0x38], 'f64.store': [0x39], 'i32.store8': [0x3a], 'i32.store16': [0x3b], 'i64.store8': [0x3c], 'i64.store16': [0x3d], 'i64.store32': [0x3e],
  'v128.store': [0xfd, 11], 'v128.store32_lane': [0xfd, 90], 'v128.store64_lane': [0xfd, 91],
} as const;

export class Code extends Bytes {
  /** Types of locals after the parameters, in order of their indices. */
  readonly locals: Type[] = [];
  readonly params: number;
  /** How many control structures are open: labels are counted from the innermost. */
  depth = 0;
  constructor(params = 0, capacity = 1024) {
    super(capacity);
    this.params = params;
  }

  /** A new local; its index. */
  local(type: Type): number { return this.params + this.locals.push(type) - 1; }

  get(local: number): void { this.u8(0x20); this.u32(local); }
  set(local: number): void { this.u8(0x21); this.u32(local); }
  tee(local: number): void { this.u8(0x22); this.u32(local); }
  i32(value: number): void { this.u8(0x41); this.s32(value); }
  i64(low: number, high: number): void { this.u8(0x42); this.s64(low, high); }

  op(code: readonly number[]): void { for (let i = 0; i < code.length; i++) this.u8(code[i]!); }
  /** A load or store: alignment is only a hint and is given as 1 byte. */
  memory(code: readonly number[], offset: number): void { this.op(code); this.u8(0); this.u32(offset); }

  /** Opens a block or loop and returns its depth, which `br` takes. */
  block(type: number = VOID): number { this.u8(0x02); this.u8(type); return this.depth++; }
  loop(type: number = VOID): number { this.u8(0x03); this.u8(type); return this.depth++; }
  if(type: number = VOID): number { this.u8(0x04); this.u8(type); return this.depth++; }
  else(): void { this.u8(0x05); }
  end(): void { this.u8(0x0b); this.depth--; }
  /** Branches to the structure opened at `depth`. */
  br(depth: number): void { this.u8(0x0c); this.u32(this.depth - 1 - depth); }
  brIf(depth: number): void { this.u8(0x0d); this.u32(this.depth - 1 - depth); }
  brTable(depths: readonly number[], otherwise: number): void {
    this.u8(0x0e);
    this.u32(depths.length);
    for (const depth of depths) this.u32(this.depth - 1 - depth);
    this.u32(this.depth - 1 - otherwise);
  }
  return(): void { this.u8(0x0f); }
  call(index: number): void { this.u8(0x10); this.u32(index); }
  returnCall(index: number): void { this.u8(0x12); this.u32(index); }
  callIndirect(type: number, table = 0): void { this.u8(0x11); this.u32(type); this.u32(table); }
  returnCallIndirect(type: number, table = 0): void { this.u8(0x13); this.u32(type); this.u32(table); }
  drop(): void { this.u8(0x1a); }
  select(): void { this.u8(0x1b); }
  unreachable(): void { this.u8(0x00); }
}

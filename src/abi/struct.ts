// Kernel structures as data: a table of fields (type and offset) that encodes and decodes itself. x86-64 is little-endian.

export type FieldType = 'u8' | 'i8' | 'u16' | 'i16' | 'u32' | 'i32' | 'u64' | 'i64';
export type Fields = Readonly<Record<string, readonly [FieldType, number]>>;

type Decoded<F extends Fields> = { [K in keyof F]: F[K][0] extends 'u64' | 'i64' ? bigint : number };

/** A structure of `size` bytes. Fields that are not given encode as zero. */
export interface Struct<F extends Fields> {
  readonly size: number;
  readonly fields: F;
  encode(values: { [K in keyof F]?: number | bigint }): Uint8Array;
  /** Reads all fields; 64-bit ones as bigint. `bytes` must hold at least `size` bytes. */
  decode(bytes: Uint8Array): Decoded<F>;
}

const writers: Record<FieldType, (view: DataView, at: number, value: number | bigint) => void> = {
  u8: (view, at, value) => view.setUint8(at, Number(value)),
  i8: (view, at, value) => view.setInt8(at, Number(value)),
  u16: (view, at, value) => view.setUint16(at, Number(value), true),
  i16: (view, at, value) => view.setInt16(at, Number(value), true),
  u32: (view, at, value) => view.setUint32(at, Number(value), true),
  i32: (view, at, value) => view.setInt32(at, Number(value), true),
  u64: write64,
  i64: write64,
};

/** Both kinds have the same bits; numbers are written in halves, without a bigint. */
function write64(view: DataView, at: number, value: number | bigint): void {
  if (typeof value === 'bigint') view.setBigUint64(at, BigInt.asUintN(64, value), true);
  else {
    view.setUint32(at, value, true);
    view.setUint32(at + 4, Math.floor(value / 2 ** 32), true);
  }
}

const readers: Record<FieldType, (view: DataView, at: number) => number | bigint> = {
  u8: (view, at) => view.getUint8(at),
  i8: (view, at) => view.getInt8(at),
  u16: (view, at) => view.getUint16(at, true),
  i16: (view, at) => view.getInt16(at, true),
  u32: (view, at) => view.getUint32(at, true),
  i32: (view, at) => view.getInt32(at, true),
  u64: (view, at) => view.getBigUint64(at, true),
  i64: (view, at) => view.getBigInt64(at, true),
};

export function struct<const F extends Fields>(size: number, fields: F): Struct<F> {
  const rows = Object.entries(fields).map(([name, [type, at]]) => ({ name, at, write: writers[type], read: readers[type] }));
  return {
    size,
    fields,
    encode(values) {
      const bytes = new Uint8Array(size);
      const view = new DataView(bytes.buffer);
      for (const { name, at, write } of rows) {
        const value = values[name];
        if (value !== undefined) write(view, at, value);
      }
      return bytes;
    },
    decode(bytes) {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      return Object.fromEntries(rows.map(({ name, at, read }) => [name, read(view, at)])) as Decoded<F>;
    },
  };
}

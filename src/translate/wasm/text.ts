// A listing of the functions of a module that the encoder made: one instruction a line, indented by structure. For --dump and for people.
import { allOps } from '../ir/ops.ts';
import { loads, stores } from './code.ts';

interface Form { readonly name: string; readonly immediates: 'none' | 'index' | 'two' | 'memory' | 'memory lane' | 's32' | 's64' | 'bytes' | 'block' | 'table'; readonly count?: number }

const forms = new Map<number, Form>();
const simdForms = new Map<number, Form>();
const saturatingForms = new Map<number, Form>();

function define(code: readonly number[], form: Form): void {
  if (code[0] === 0xfd) simdForms.set(code[1]! < 128 ? code[1]! : (code[1]! & 127) | (code[2]! << 7), form);
  else if (code[0] === 0xfc) saturatingForms.set(code[1]!, form);
  else forms.set(code[0]!, form);
}

for (const op of allOps()) if (!op.helper) define(op.code, { name: op.name, immediates: op.immediates > 0 ? 'bytes' : 'none', count: op.immediates });
for (const [name, code] of [...Object.entries(loads), ...Object.entries(stores)]) define(code, { name, immediates: 'memory' });
const control: readonly (readonly [number, string, Form['immediates']])[] = [
  [0x00, 'unreachable', 'none'], [0x01, 'nop', 'none'], [0x02, 'block', 'block'], [0x03, 'loop', 'block'], [0x04, 'if', 'block'], [0x05, 'else', 'none'], [0x0b, 'end', 'none'], [0x0c, 'br', 'index'], [0x0d, 'br_if', 'index'],
  [0x0e, 'br_table', 'table'], [0x0f, 'return', 'none'], [0x10, 'call', 'index'], [0x11, 'call_indirect', 'two'], [0x12, 'return_call', 'index'], [0x13, 'return_call_indirect', 'two'],
  [0x1a, 'drop', 'none'], [0x1b, 'select', 'none'], [0x20, 'local.get', 'index'], [0x21, 'local.set', 'index'], [0x22, 'local.tee', 'index'], [0x23, 'global.get', 'index'], [0x24, 'global.set', 'index'],
  [0x41, 'i32.const', 's32'], [0x42, 'i64.const', 's64'],
];
for (const [code, name, immediates] of control) define([code], { name, immediates });
for (const name of ['v128.store32_lane', 'v128.store64_lane'] as const) define(stores[name], { name, immediates: 'memory lane' });
simdForms.set(12, { name: 'v128.const', immediates: 'bytes', count: 16 });

class Reader {
  at = 0;
  readonly bytes: Uint8Array;
  constructor(bytes: Uint8Array) { this.bytes = bytes; }
  u8(): number { return this.bytes[this.at++]!; }
  u32(): number { return Number(BigInt.asUintN(32, this.#leb(false))); }
  signed(): bigint { return this.#leb(true); }
  #leb(signed: boolean): bigint {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.u8();
      value |= BigInt(byte & 127) << shift;
      if (byte & 128) continue;
      return signed && byte & 64 ? value - (1n << (shift + 7n)) : value;
    }
  }
}

/** The instructions of a body, without local declarations. `bytes` is the code alone. */
export function listCode(bytes: Uint8Array): string[] {
  const r = new Reader(bytes);
  const lines: string[] = [];
  let depth = 1;
  while (r.at < bytes.length) {
    const code = r.u8();
    const form = code === 0xfd ? simdForms.get(r.u32()) : code === 0xfc ? saturatingForms.get(r.u32()) : forms.get(code);
    if (form === undefined) { lines.push(`?? ${code.toString(16)} at ${r.at}`); break; }
    const text = [form.name, ...immediatesOf(form, r)].join(' ');
    if (form.name === 'end' || form.name === 'else') depth--;
    lines.push('  '.repeat(Math.max(0, depth)) + text);
    if (form.name === 'else' || form.immediates === 'block') depth++;
  }
  return lines;
}

function immediatesOf(form: Form, r: Reader): string[] {
  switch (form.immediates) {
    case 'none': return [];
    case 'index': return [String(r.u32())];
    case 'two': return [String(r.u32()), String(r.u32())];
    case 'memory': { r.u32(); const offset = r.u32(); return offset === 0 ? [] : [`offset=0x${offset.toString(16)}`]; }
    case 'memory lane': { r.u32(); const offset = r.u32(); return [...(offset === 0 ? [] : [`offset=0x${offset.toString(16)}`]), String(r.u8())]; }
    case 's32': return [String(r.signed())];
    case 's64': { const v = r.signed(); return [v > 0xffffn || v < -0xffffn ? `0x${BigInt.asUintN(64, v).toString(16)}` : String(v)]; }
    case 'bytes': return Array.from({ length: form.count! }, () => String(r.u8()));
    case 'block': return [r.u8() === 0x40 ? '' : 'result'].filter(Boolean);
    case 'table': { const n = r.u32(); return Array.from({ length: n + 1 }, () => String(r.u32())); }
  }
}

/** Every function body of a module. */
export function listModule(module: Uint8Array): string {
  const r = new Reader(module);
  r.at = 8;
  const lines: string[] = [];
  while (r.at < module.length) {
    const id = r.u8();
    const size = r.u32();
    const end = r.at + size;
    if (id === 10) {
      const count = r.u32();
      for (let i = 0; i < count; i++) {
        const length = r.u32();
        const bodyEnd = r.at + length;
        const locals = Array.from({ length: r.u32() }, () => `${r.u32()} × ${({ 0x7f: 'i32', 0x7e: 'i64', 0x7d: 'f32', 0x7c: 'f64', 0x7b: 'v128' } as Record<number, string>)[r.u8()]}`);
        lines.push(`function ${i} (${length} bytes; locals ${locals.join(', ')})`, ...listCode(module.subarray(r.at, bodyEnd)));
        r.at = bodyEnd;
      }
    }
    r.at = end;
  }
  return lines.join('\n');
}

// Builds the hub module with the handlers of all rows, and reads a prebuilt one.
import { assert } from '../../base/index.ts';
import { RUNTIME_TABLES } from '../../guest/index.ts';
import { Bytes, type Code } from '../wasm/index.ts';
import type { Table } from '../x86/index.ts';
import { SPECIALS } from './blocks.ts';
import { FormIndex, allForms, fingerprint, slotCount } from './forms.ts';
import { buildHandler, specialHandlers, type HandlerContext } from './handlers.ts';
import { Inner, beginHub, finishHub } from './hub.ts';
import { decoderTables, recordDecoder } from './record-decoder.ts';
import { defineHelpers } from '../ir/helpers.ts';

const SECTION = 'wherry.forms';
/** u32 fingerprint, u32 bytes of the section: the file's last eight bytes. */
const TRAILER = 8;

const latin = (code: Code): string => { let text = ''; for (let i = 0; i < code.length; i++) text += String.fromCharCode(code.bytes[i]!); return `${code.locals.join()}:${text}`; };

/** A hub module as a file: WebAssembly with the index of handlers in a custom section at its end. */
export function buildHub(table: Table): Uint8Array {
  const frame = beginHub();
  const helpers = defineHelpers(frame.module);
  for (const [name, index] of helpers) frame.module.export(name, 'func', index);
  const context: HandlerContext = { functions: frame.functions, handlerType: frame.handlerType, helper: (name) => { const index = helpers.get(name); assert(index !== undefined, `no helper ${name}`); return index; } };
  const bodies: Code[] = specialHandlers(context, Inner.resume);
  assert(bodies.length === SPECIALS, 'special handlers');
  const known = new Map<string, number>();
  const slots = new Uint16Array(slotCount(table));
  for (const form of allForms(table)) {
    const { code } = buildHandler(form, context);
    const key = latin(code);
    let index = known.get(key);
    if (index === undefined) known.set(key, index = bodies.push(code) - 1);
    slots[form.slot] = index;
  }
  const decoder = frame.module.function(frame.module.type(['i32', 'i32', 'i32', 'i32'], ['i32']));
  frame.module.body(decoder, recordDecoder(table, slots));
  frame.module.export('decode', 'func', decoder);
  frame.module.data(RUNTIME_TABLES, decoderTables(table, slots));
  const module = finishHub(frame, bodies);
  return appendIndex(module, slots, fingerprint(table));
}

function appendIndex(module: Uint8Array, slots: Uint16Array, mark: number): Uint8Array {
  const content = new Bytes(slots.byteLength + 64);
  content.name(SECTION);
  const packed = packSlots(slots);
  content.append(packed, packed.length);
  content.raw32(mark);
  content.raw32(packed.length + TRAILER);
  const out = new Bytes(module.length + content.length + 16);
  out.append(module, module.length);
  out.u8(0);
  out.u32(content.length);
  out.append(content.bytes, content.length);
  return out.take();
}

const packSlots = (slots: Uint16Array): Uint8Array => {
  const bytes = new Uint8Array(slots.length * 2);
  slots.forEach((slot, i) => { bytes[2 * i] = slot & 255; bytes[2 * i + 1] = slot >> 8; });
  return bytes;
};

/** Reads the index of a prebuilt hub; undefined when it was built from other rows. */
export function readHub(file: Uint8Array, table: Table): FormIndex | undefined {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (file.length < TRAILER || view.getUint32(file.length - 8, true) !== fingerprint(table)) return undefined;
  const length = view.getUint32(file.length - 4, true);
  if (length !== slotCount(table) * 2 + TRAILER) return undefined;
  const start = file.length - length;
  const slots = new Uint16Array(slotCount(table));
  for (let i = 0; i < slots.length; i++) slots[i] = file[start + 2 * i]! | file[start + 2 * i + 1]! << 8;
  return new FormIndex(slots, table);
}

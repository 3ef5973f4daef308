// The hub: every row in every form has a handler, the module is valid, and a hub made from other rows is noticed.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { allForms } from '../../src/translate/interp/forms.ts';
import { readHub } from '../../src/translate/interp/build.ts';
import { createCpu } from '../../src/translate/index.ts';
import { decode, table } from '../../src/translate/x86/index.ts';
import { hub } from './hub.ts';
import { finish, guest, hex } from './guest.ts';
import { Exit, RAX } from '../../src/guest/index.ts';

test('every form of every row is built, and the module is valid', () => {
  assert.ok(WebAssembly.validate(hub() as Uint8Array<ArrayBuffer>));
  const rows = new Set<unknown>();
  const slots = new Set<number>();
  for (const form of allForms(table)) {
    rows.add(form.row);
    assert.not(slots.has(form.slot), `two forms in slot ${form.slot}`);
    slots.add(form.slot);
  }
  assert.is(rows.size, table.forms.length);
});

test('decoded instructions find handlers; forms that differ only in registers share one', () => {
  const index = readHub(hub(), table)!;
  const handler = (text: string): number => {
    const bytes = new Uint8Array(64);
    bytes.set(hex(text));
    const insn = decode(bytes, 0, 15, 0x40_0000);
    assert.ok(insn.row !== undefined, text);
    return index.handlerOf(insn as never);
  };
  assert.is(handler('4801d8'), handler('4d01f7'));
  assert.is.not(handler('4801d8'), handler('01d8'));
  assert.is(handler('488b07'), handler('4c8b4b10'));
  assert.is.not(handler('488b07'), handler('488b0487'));
});

test('a hub from other rows is refused, and one is built instead', () => {
  const other = hub().slice();
  other[other.length - 8]! ^= 1;
  assert.is(readHub(other, table), undefined);
  assert.is(readHub(other.subarray(0, 4), table), undefined);
  const lines: string[] = [];
  const cpu = createCpu({ hub: other, trace: (line) => lines.push(line) });
  cpu.onSyscall = () => false;
  const space = guest(cpu, hex('b807000000 0f05'));
  assert.is(finish(space), Exit.syscall);
  assert.is(space.state.gpr(RAX), 7n);
  assert.match(lines.join(), /other instruction rows/);
});

test.run();

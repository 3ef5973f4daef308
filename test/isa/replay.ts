// Replays recorded vectors in one way of executing, and collects what differs from the CPU.
import { hub } from '../translate/hub.ts';
import { decode } from '../../src/translate/x86/index.ts';
import { differences, maskOf, seesMxcsr } from '../../tools/oracle/compare.ts';
import { exactAt, GuestRunner, type Way } from '../../tools/oracle/guest.ts';
import { CODE } from '../../tools/oracle/image.ts';
import { caseOfStored, outcomeOfStored, readVectors, rowKey, type StoredForm, type StoredRow } from '../../tools/oracle/vector-file.ts';

export const families = ['integer', 'sse', 'x87'] as const;
export const vectorsOf = (family: string): StoredRow[] => readVectors(`test/isa/vectors/${family}.vectors`);

export interface Replayed { cases: number; skipped: number; wrong: string[] }

/** Replays a family. A case that ends in a fault which this level does not promise to see is skipped. */
export function replay(family: string, way: Way): Replayed {
  const runner = new GuestRunner(way, hub());
  const result: Replayed = { cases: 0, skipped: 0, wrong: [] };
  for (const row of vectorsOf(family)) for (const form of row.forms) replayForm(runner, row, form, result);
  return result;
}

function replayForm(runner: GuestRunner, stored: StoredRow, form: StoredForm, result: Replayed): void {
  const insn = decode(Uint8Array.from(form.code), 0, form.code.length, CODE + form.codeOffset);
  if (!insn.row || insn.row.mnemonic !== stored.mnemonic) {
    result.wrong.push(`${rowKey(stored)}: ${Buffer.from(form.code).toString('hex')} decodes as ${insn.row ? insn.row.mnemonic : insn.reason}`);
    return;
  }
  const mask = maskOf(insn.row, form.areaAddress, form.opSize);
  for (const state of form.states) {
    const c = caseOfStored(form, state);
    const expected = outcomeOfStored(c, state);
    if (!exactAt(runner.way, expected)) { result.skipped++; continue; }
    result.cases++;
    const lines = differences(expected, runner.run(c), { ...mask, mxcsr: seesMxcsr(mask.mxcsr, c.registers) });
    if (lines.length > 0) result.wrong.push(`${rowKey(stored)}: ${Buffer.from(form.code).toString('hex')} (seed ${state[0]}): ${lines.slice(0, 4).join('; ')}`);
  }
}

// Records test vectors on this machine's CPU: npm run vectors -- [--forms N] [--states N] [--seed N] [PATTERN]. PATTERN chooses rows by mnemonic and replaces only theirs.
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { table, type Row } from '../src/translate/x86/index.ts';
import { hubFile } from '../src/translate/index.ts';
import { differences, maskOf, seesMxcsr } from './oracle/compare.ts';
import { caseOf, formCases, Unreachable, whyExcluded, type FormCases } from './oracle/generate.ts';
import { GuestRunner, interpreted } from './oracle/guest.ts';
import { hostCpuMissing, runOnHost } from './oracle/host-cpu.ts';
import type { Case, Outcome } from './oracle/image.ts';
import { readVectors, rowKey, rowName, storeState, writeVectors, type StoredForm, type StoredRow } from './oracle/vector-file.ts';

const { values, positionals } = parseArgs({ allowPositionals: true, options: { forms: { type: 'string', default: '8' }, states: { type: 'string', default: '4' }, seed: { type: 'string', default: '1' } } });
const missing = hostCpuMissing();
if (missing) { console.error(`cannot record vectors: ${missing}`); process.exit(1); }

/** The file a row's vectors are in. */
const familyOf = (row: { operands: string; encoding: string; mnemonic: string }): string =>
  (/^(d[89a-f]|9b)/.test(row.encoding) || /^fx/.test(row.mnemonic) ? 'x87' : /(^| )[VWUPQN]/.test(row.operands) ? 'sse' : 'integer');

/** A stable number of a row, so that adding rows does not change the vectors of others. */
function rowSeed(row: Row): number {
  let hash = Number(values.seed);
  for (const char of `${row.mnemonic} ${row.encoding} ${row.operands}`) hash = Math.imul(hash ^ char.charCodeAt(0), 0x0100_0193);
  return hash >>> 8;
}

const same = (a: Outcome, b: Outcome): boolean => a.signal === b.signal && a.rip === b.rip && Buffer.compare(a.registers, b.registers) === 0 && JSON.stringify(a.memory) === JSON.stringify(b.memory);

const runner = new GuestRunner(interpreted, hubFile());

/** Prints where the interpreter differs from what the CPU just did. */
function report(f: FormCases, c: Case, expected: Outcome): void {
  const { row, operands, opSize, code } = f.form;
  const mask = maskOf(row, operands.find((o) => o.kind === 'mem')?.address ?? 0, opSize);
  const lines = differences(expected, runner.run(c), { ...mask, mxcsr: seesMxcsr(mask.mxcsr, c.registers) });
  if (lines.length > 0) console.log(`${row.mnemonic} ${row.encoding}: ${Buffer.from(code).toString('hex')}: ${lines.slice(0, 4).join('; ')}`);
}

/** Records one row; states whose outcome is not the same twice are dropped. */
function record(row: Row): StoredRow {
  const forms: FormCases[] = [];
  try {
    for (let i = 0; i < Number(values.forms); i++) forms.push(formCases(row, rowSeed(row) + i, Number(values.states)));
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error;
  }
  const cases: Case[] = forms.flatMap((f) => f.states.map((state) => caseOf(f, state)));
  const first = runOnHost(cases);
  const second = runOnHost(cases);
  let at = 0;
  const stored = forms.map((f): StoredForm => {
    const area = f.form.operands.find((o) => o.kind === 'mem')?.address ?? 0;
    const mask = maskOf(row);
    const states = f.states.flatMap((state) => {
      const i = at++;
      report(f, cases[i]!, first[i]!);
      if (!same(first[i]!, second[i]!)) { console.log(`${row.mnemonic} ${row.encoding}: not the same twice, dropped`); return []; }
      return [storeState(state.seed, state.set, cases[i]!, first[i]!, seesMxcsr(mask.mxcsr, cases[i]!.registers))];
    });
    return { code: f.form.code, codeOffset: f.codeOffset, opSize: f.form.opSize, areaAddress: area, states };
  });
  return { ...rowName(row), forms: stored };
}

const pattern = positionals[0] ? new RegExp(`^(${positionals[0]})$`) : undefined;

for (const family of ['integer', 'sse', 'x87']) {
  const path = `test/isa/vectors/${family}.vectors`;
  const old = new Map((pattern && existsSync(path) ? readVectors(path) : []).map((r) => [rowKey(r), r]));
  const rows = table.forms.map((f) => f.row).filter((row) => familyOf(row) === family);
  const recorded = rows.flatMap((row) => {
    const why = whyExcluded(row);
    if (why) { if (!pattern) console.log(`${row.mnemonic} ${row.encoding}: not recorded (${why})`); return []; }
    if (pattern && !pattern.test(row.mnemonic)) return old.get(rowKey(rowName(row))) ?? [];
    return record(row);
  });
  writeVectors(path, recorded);
  console.log(`${path}: ${recorded.length} rows, ${recorded.reduce((sum, r) => sum + r.forms.reduce((n, f) => n + f.states.length, 0), 0)} cases`);
}

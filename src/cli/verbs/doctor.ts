// wherry doctor: what a user needs to know when something does not work.
import type { Check, Finding } from '../doctor/check.ts';
import { bool } from '../flags.ts';
import { column, formatFlag, list, type Listing } from '../listing.ts';
import type { Terminal, Verb } from '../verb.ts';

interface Row extends Finding { readonly check: string }

const listing: Listing<Row> = {
  type: '*formatter.doctorContext',
  columns: [
    column('Status', 'STATUS', ({ status }) => status), column('Check', 'CHECK', ({ check }) => check), column('Finding', 'FINDING', ({ text }) => text), column('Advice', 'ADVICE', ({ advice }) => advice ?? ''),
  ],
  table: '{{.Status}}\t{{.Check}}\t{{.Finding}}{{if .Advice}}: {{.Advice}}{{end}}',
  quiet: '{{.Check}}',
};

/** The checks are loaded when they are asked for: they reach into all of the tool. */
async function allChecks(): Promise<readonly Check[]> {
  const [{ engineChecks }, { storeChecks }, { surroundingChecks }, { selfTests }] = await Promise.all([import('../doctor/engine.ts'), import('../doctor/store.ts'), import('../doctor/surroundings.ts'), import('../doctor/self-test.ts')]);
  return [...engineChecks, ...storeChecks, ...surroundingChecks, ...selfTests];
}

const counted = (n: number, one: string): string => `${n === 0 ? 'no' : n} ${one}${n === 1 ? '' : 's'}`;

const INDENT = ' '.repeat(23);
const lineOf = ({ status, check, text, advice }: Row): string => `${status.padEnd(8)}  ${check.padEnd(12)} ${text}\n${advice === undefined ? '' : `${INDENT}${advice}\n`}`;

/** Shows each check as it is done. */
async function look(checks: readonly Check[], terminal: Terminal, verify: boolean, show: (row: Row) => void): Promise<Row[]> {
  const { findings } = await import('../doctor/check.ts');
  const rows: Row[] = [];
  for (const check of checks) {
    for (const finding of await findings(check, terminal, { verify })) {
      const row = { ...finding, check: check.name };
      rows.push(row);
      show(row);
    }
  }
  return rows;
}

export const doctor: Verb = {
  name: 'doctor',
  usage: '[OPTIONS]',
  help: 'Look for what may keep containers from working on this machine',
  details: 'Looks at Node.js, memory, the store and what is in it, the network, the configuration of registries, and runs\na program of the BusyBox image. The exit code is 1 when there is a problem.',
  flags: [bool('verify', 'Also read every layer of every image and compare its digest'), formatFlag],
  words: [0, 0],
  interspersed: true,
  failure: 1,
  async run(parsed, terminal) {
    const format = parsed.string('format');
    const rows = await look(await allChecks(), terminal, parsed.bool('verify'), format === undefined ? (row) => terminal.out(lineOf(row)) : () => {});
    const count = (status: Finding['status']): number => rows.filter((row) => row.status === status).length;
    terminal.out(format === undefined ? `\n${counted(count('problem'), 'problem')}, ${counted(count('note'), 'note')}\n` : list(listing, rows, { format }));
    return count('problem') === 0 ? 0 : 1;
  },
};

// docs/syscalls.md from the table: every call with its note, what is refused and why, and the names of what is missing.
import { syscallName } from '../abi/index.ts';
import { syscalls } from './table.ts';

const NUMBERED = [...Array.from({ length: 335 }, (_, n) => n), ...Array.from({ length: 39 }, (_, n) => 424 + n)];

/** The page as text. */
export function syscallsDocument(): string {
  const rows = syscalls.filter((row) => row !== undefined);
  const answered = rows.filter((row) => !row.refused);
  const refused = rows.filter((row) => row.refused);
  const missing = NUMBERED.filter((n) => !syscalls[n]).map(syscallName);
  return [
    '# System calls', '',
    `Written by \`node tools/syscalls-doc.mjs\` from the table in src/syscalls. ${answered.length} calls are answered, ${refused.length} are refused on purpose, ${missing.length} are missing.`, '',
    '## Answered', '', '| number | name | different from Linux |', '|---:|---|---|',
    ...answered.map((row) => `| ${row.number} | ${row.name} | ${row.note ?? ''} |`), '',
    '## Refused', '', '| number | name | error | why |', '|---:|---|---|---|',
    ...refused.map((row) => `| ${row.number} | ${row.name} | ${row.refused!.name} | ${row.note} |`), '',
    ...(missing.length > 0 ? ['## Missing', '', 'They give ENOSYS, and `--trace=syscall` names them.', '', missing.join(', '), ''] : []),
  ].join('\n');
}

// Programs: ELF files and scripts, their initial stack, execve.
export { BadProgram, readElf } from './elf.ts';
export type { Elf } from './elf.ts';
export { exec, prepare } from './exec.ts';
export type { ExecContext, ExecRequest, Prepared } from './exec.ts';
export { interpreterOf, scriptArguments } from './script.ts';

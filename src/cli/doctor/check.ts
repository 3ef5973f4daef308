// What `wherry doctor` looks at: one row a check, which gives what it found.
import type { Terminal } from '../verb.ts';

/** ok: as it should be; note: works, and is good to know; problem: something will not work. */
export type Status = 'ok' | 'note' | 'problem';

export interface Finding {
  readonly status: Status;
  /** One line. */
  readonly text: string;
  /** What the user can do about it. */
  readonly advice?: string;
}

export interface Check {
  readonly name: string;
  /** Never changes what it looks at. */
  look(terminal: Terminal, options: { readonly verify: boolean }): Finding[] | Promise<Finding[]>;
}

export const ok = (text: string): Finding => ({ status: 'ok', text });
export const note = (text: string, advice?: string): Finding => ({ status: 'note', text, ...(advice === undefined ? {} : { advice }) });
export const problem = (text: string, advice?: string): Finding => ({ status: 'problem', text, ...(advice === undefined ? {} : { advice }) });

/** A check that itself fails has found a problem. */
export async function findings(check: Check, terminal: Terminal, options: { readonly verify: boolean }): Promise<Finding[]> {
  try { return await check.look(terminal, options); } catch (error) { return [problem(error instanceof Error ? error.message : String(error))]; }
}

// --chmod: octal, or symbolic as chmod(1) has it.
import { S_IFDIR, S_IFMT } from '../abi/index.ts';
import { BuildError } from './errors.ts';

interface Clause { readonly who: number; readonly operator: string; readonly permissions: string }
/** A number that replaces the mode, or clauses that change it. */
export type ModeChange = number | readonly Clause[];

const masks: Readonly<Record<string, number>> = { u: 0o4700, g: 0o2070, o: 0o1007, a: 0o7777 };

/** Throws BuildError 'BAD_MODE'. */
export function parseMode(text: string): ModeChange {
  if (/^[0-7]{1,5}$/.test(text) && parseInt(text, 8) <= 0o7777) return parseInt(text, 8);
  return text.split(',').flatMap((clause) => {
    const [, who = '', actions = ''] = /^([ugoa]*)((?:[-+=](?:[rwxXst]*|[ugo]))+)$/.exec(clause) ?? [];
    if (actions === '') throw new BuildError('BAD_MODE', `invalid chmod parameter: '${text}'. it should be octal string and between 0 and 07777`);
    const mask = who === '' ? 0o7777 : [...who].reduce((sum, letter) => sum | masks[letter]!, 0);
    return [...actions.matchAll(/([-+=])([rwxXst]*|[ugo])/g)].map(([, operator = '', permissions = '']) => ({ who: mask, operator, permissions }));
  });
}

function bitsOf(permissions: string, mode: number): number {
  if (/^[ugo]$/.test(permissions)) return ((mode >> { u: 6, g: 3, o: 0 }[permissions]!) & 7) * 0o111;
  const executable = (mode & S_IFMT) === S_IFDIR || (mode & 0o111) !== 0;
  const bits: Readonly<Record<string, number>> = { r: 0o444, w: 0o222, x: 0o111, X: executable ? 0o111 : 0, s: 0o6000, t: 0o1000 };
  return [...permissions].reduce((sum, letter) => sum | bits[letter]!, 0);
}

/** The mode after the change; type bits stay. */
export function changedMode(mode: number, change: ModeChange): number {
  if (typeof change === 'number') return (mode & S_IFMT) | change;
  return change.reduce((now, { who, operator, permissions }) => {
    const bits = bitsOf(permissions, now) & who;
    return operator === '+' ? now | bits : operator === '-' ? now & ~bits : (now & ~(who & 0o7777)) | bits;
  }, mode);
}

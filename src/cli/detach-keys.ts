// The keys that leave a container without ending it: as the user writes them (`ctrl-p,ctrl-q`), and found in what is typed.
import { EngineError } from '../engine/index.ts';
import type { Terminal } from './verb.ts';

const usual = 'ctrl-p,ctrl-q';

const controls = new Map([['@', 0], ['[', 27], ['\\', 28], ['\u007f', 127], [']', 29], ['^', 30], ['_', 31]]);

function codeOf(key: string): number | undefined {
  if (/^[\x00-\x7f]$/.test(key)) return key.charCodeAt(0);
  const control = /^ctrl-(.)$/i.exec(key)?.[1]?.toLowerCase();
  if (control === undefined) return undefined;
  return /^[a-z]$/.test(control) ? control.charCodeAt(0) - 96 : controls.get(control);
}

/** Key codes; none for ''. Throws EngineError 'BAD_KEYS'. */
export function parseDetachKeys(said: string): number[] {
  if (said === '') return [];
  return said.split(',').map((key) => {
    const code = codeOf(key);
    if (code === undefined) throw new EngineError('BAD_KEYS', `Invalid escape keys (${said}) provided`);
    return code;
  });
}

/** The keys that were said, or that docker's client configuration names. They leave terminals alone. Throws EngineError 'BAD_KEYS'. */
export async function detachKeysFor(said: string | undefined, tty: boolean, terminal: Terminal): Promise<number[]> {
  if (said !== undefined || !tty) return parseDetachKeys(said ?? '');
  const { ClientConfig } = await import('./client-config.ts');
  return parseDetachKeys(new ClientConfig(terminal).detachKeys ?? usual);
}

/** Finds the keys in what is typed. What may be their beginning is held back until the next key. */
export class DetachScanner {
  readonly #keys: readonly number[];
  /** How many of the keys were typed last. */
  #matched = 0;
  constructor(keys: readonly number[]) { this.#keys = keys; }

  /** What goes on to the program; `found`: the keys are complete, and what came behind them is dropped. */
  take(typed: Uint8Array): { readonly passed: Uint8Array; readonly found: boolean } {
    if (this.#keys.length === 0) return { passed: typed, found: false };
    const passed: number[] = [];
    for (const byte of typed) {
      if (byte === this.#keys[this.#matched]) {
        if (++this.#matched === this.#keys.length) return { passed: Uint8Array.from(passed), found: true };
        continue;
      }
      passed.push(...this.#keys.slice(0, this.#matched));
      this.#matched = byte === this.#keys[0] && this.#keys.length > 1 ? 1 : 0;
      if (this.#matched === 0) passed.push(byte);
    }
    return { passed: Uint8Array.from(passed), found: false };
  }
}

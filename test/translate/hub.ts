// The hub module for tests: built once per process.
import { table } from '../../src/translate/x86/index.ts';
import { buildHub } from '../../src/translate/index.ts';

let built: Uint8Array | undefined;
export const hub = (): Uint8Array => (built ??= buildHub(table));

// The hub module for tests: built once per process.
import { hubFile } from '../../src/translate/index.ts';

let built: Uint8Array | undefined;
export const hub = (): Uint8Array => (built ??= hubFile());

// WHERRY_UNPACK_LIMIT: what a compressed archive or layer may unpack to, instead of 1 GiB and 100 times its size.
import type { UnpackLimit } from '../oci/index.ts';
import { UsageError } from './flags.ts';
import type { Terminal } from './verb.ts';

const units: Readonly<Record<string, number>> = { '': 1, b: 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 };

/** What help says about it. */
export const unpackLimitHelp = `Compressed archives and layers may unpack to 1 GiB and 100 times their size.
WHERRY_UNPACK_LIMIT=SIZE (bytes, or with b, k, m, g, t) sets another limit.`;

/** The limit that the environment sets, if it does. Throws UsageError. */
export function unpackLimit({ env }: Terminal): { unpackLimit: UnpackLimit } | Record<string, never> {
  const said = env['WHERRY_UNPACK_LIMIT'];
  if (said === undefined || said === '') return {};
  const [, digits, unit] = /^(\d+(?:\.\d+)?)([bkmgt]?)b?$/i.exec(said) ?? [];
  if (digits === undefined) throw new UsageError(`invalid value ${JSON.stringify(said)} for WHERRY_UNPACK_LIMIT: a size like 20g is needed`);
  const bytes = Number(digits) * units[unit!.toLowerCase()]!;
  return { unpackLimit: () => bytes };
}

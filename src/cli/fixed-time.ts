// The time that makes images the same whenever they are made.
import type { Terminal } from './verb.ts';

/** SOURCE_DATE_EPOCH (reproducible-builds.org): the time that is written, in seconds; times of files are not later. */
export function fixedTime({ env }: Terminal): number | undefined {
  const said = env['SOURCE_DATE_EPOCH'];
  return said !== undefined && /^\d{1,12}$/.test(said) ? Number(said) : undefined;
}

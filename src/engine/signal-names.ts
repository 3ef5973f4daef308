// Signals as users write them.
import { signalNames } from '../abi/index.ts';
import { EngineError } from './errors.ts';

/** The first and the last real-time signal as programs count them: the C library keeps two for itself. */
const RTMIN = 34, RTMAX = 64;

/** The number of a signal as users write it: 9, KILL, SIGKILL, RTMIN+3. Throws EngineError 'BAD_SIGNAL'. */
export function signalNumber(said: string): number {
  const name = said.toUpperCase().replace(/^SIG/, '');
  const realTime = /^RT(MIN|MAX)(?:([+-])(\d+))?$/.exec(name);
  const number = /^\d+$/.test(said) ? Number(said)
    : realTime ? (realTime[1] === 'MIN' ? RTMIN : RTMAX) + Number(`${realTime[2] ?? ''}${realTime[3] ?? 0}`)
      : signalNames.indexOf(`SIG${name}` as (typeof signalNames)[number]);
  if (number < 1 || number > RTMAX) throw new EngineError('BAD_SIGNAL', `Invalid signal: ${said}`);
  return number;
}

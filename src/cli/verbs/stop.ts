// wherry stop: asks running containers to end, and kills those that do not.
import { signalNumber } from '../../engine/index.ts';
import { forEachWord } from '../each.ts';
import { int, string } from '../flags.ts';
import { openEngine } from '../setup.ts';
import { ended, kill, signalContainer } from '../supervisor.ts';
import type { Verb } from '../verb.ts';

/** Seconds that a container has by default. */
const DEFAULT_SECONDS = 10;

function secondsOf(said: string | undefined): number {
  if (said === undefined) return DEFAULT_SECONDS;
  return Number(said) < 0 ? Infinity : Number(said);
}

export const stop: Verb = {
  name: 'stop',
  aliases: ['container stop'],
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  help: 'Stop one or more running containers',
  flags: [string('signal', 'Signal to send to the container', 's'), int('timeout', 'Seconds to wait before killing the container', 't'), { ...int('time', 'The same as --timeout'), hidden: true }],
  words: [1, Infinity],
  interspersed: true,
  failure: 1,
  async run(parsed, terminal) {
    const engine = openEngine(terminal);
    const seconds = secondsOf(parsed.string('timeout') ?? parsed.string('time'));
    const said = parsed.string('signal');
    const failed = await forEachWord(parsed.words, terminal, async (word) => {
      const record = engine.containers.find(word);
      if (record.State.Status !== 'running') return;
      await signalContainer(engine, record, signalNumber(said ?? record.Config.StopSignal ?? 'TERM'));
      if (!await ended(engine, record.Id, seconds * 1000)) await kill(engine, record);
    });
    return failed.length > 0 ? 1 : 0;
  },
};

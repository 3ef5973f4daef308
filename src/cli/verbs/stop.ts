// wherry stop: asks running containers to end, and kills those that do not.
import { forEachWord } from '../each.ts';
import { int, type Parsed, string } from '../flags.ts';
import { openEngine } from '../setup.ts';
import { type StopRequest, stopContainer } from '../supervisor.ts';
import type { Verb } from '../verb.ts';

export const stopFlags = [string('signal', 'Signal to send to the container', 's'), int('timeout', 'Seconds to wait before killing the container', 't'), { ...int('time', 'The same as --timeout'), hidden: true as const }];

export function stopRequest(parsed: Parsed): StopRequest {
  const seconds = parsed.string('timeout') ?? parsed.string('time');
  return { signal: parsed.string('signal'), seconds: seconds === undefined ? undefined : Number(seconds) };
}

export const stop: Verb = {
  name: 'stop',
  aliases: ['container stop'],
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  help: 'Stop one or more running containers',
  flags: stopFlags,
  words: [1, Infinity],
  interspersed: true,
  failure: 1,
  async run(parsed, terminal) {
    const engine = openEngine(terminal);
    const request = stopRequest(parsed);
    const failed = await forEachWord(parsed.words, terminal, (word) => stopContainer(engine, engine.containers.find(word), request));
    return failed.length > 0 ? 1 : 0;
  },
};

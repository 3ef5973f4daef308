// wherry attach: joins the streams or the terminal of a container that runs.
import type { ContainerRecord } from '../../engine/index.ts';
import { bool, PlainError, string } from '../flags.ts';
import { joinContainer } from '../join.ts';
import { demandTty } from '../running-container.ts';
import { openEngine } from '../setup.ts';
import type { Verb } from '../verb.ts';

/** Throws PlainError in docker's words. */
function demandRunning({ State: { Status } }: ContainerRecord): void {
  if (Status === 'paused') throw new PlainError('You cannot attach to a paused container, unpause it first');
  if (Status === 'restarting') throw new PlainError('You cannot attach to a restarting container, wait until it is running');
  if (Status !== 'running') throw new PlainError('You cannot attach to a stopped container, start it first');
}

export const attach: Verb = {
  name: 'attach',
  aliases: ['container attach'],
  usage: '[OPTIONS] CONTAINER',
  help: 'Attach local standard input, output, and error streams to a running container',
  flags: [
    string('detach-keys', 'Override the key sequence for detaching a container'), bool('no-stdin', 'Do not attach STDIN'),
    { ...bool('sig-proxy', 'Proxy all received signals to the process'), initial: 'true' },
  ],
  words: [1, 1],
  interspersed: true,
  failure: 1,
  async run(parsed, terminal) {
    const engine = openEngine(terminal);
    const record = engine.containers.find(parsed.words[0]!);
    demandRunning(record);
    const { Tty, OpenStdin } = record.Config;
    const input = !parsed.bool('no-stdin');
    demandTty(input, Tty, terminal);
    return joinContainer(engine, record, terminal, { input: input && OpenStdin, sigProxy: !parsed.has('sig-proxy') || parsed.bool('sig-proxy'), detachKeys: parsed.string('detach-keys'), left: 1 });
  },
};

// wherry start: runs a container again that has ended, or was created and never started; in the background, or with -a in this process.
import { type ContainerRecord, EngineError, hasPrograms, hasRestartPolicy, isUp } from '../../engine/index.ts';
import { patiently } from '../container-operations.ts';
import { startDetached } from '../detached.ts';
import { forEachWord } from '../each.ts';
import { bool, PlainError, string } from '../flags.ts';
import { joinContainer } from '../join.ts';
import { runContainer } from '../run-container.ts';
import { type Engine, openCpu, openEngine } from '../setup.ts';
import { hostStreams, hostTty } from '../standard-io.ts';
import { runApart } from '../started.ts';
import type { Terminal, Verb } from '../verb.ts';

/** Runs it, its streams being ours; joins it when it runs. */
async function startAttached(engine: Engine, record: ContainerRecord, interactive: boolean, detachKeys: string | undefined, terminal: Terminal): Promise<number> {
  const { Tty, OpenStdin } = record.Config;
  const input = interactive && OpenStdin;
  if (hasPrograms(record)) return joinContainer(engine, record, terminal, { input, sigProxy: true, detachKeys, left: 0 });
  if ((Tty && input) || hasRestartPolicy(record)) return runApart(engine, record, terminal, { input, sigProxy: !Tty, detachKeys });
  const begun = await patiently(() => engine.containers.begin(record.Id));
  return runContainer(engine, begun, record.State, { cpu: openCpu(engine.host, {}), io: Tty ? { tty: hostTty(input) } : { streams: hostStreams(input) } });
}

/** One that runs already stays as it is. */
async function startInBackground({ containers }: Engine, word: string, terminal: Terminal): Promise<void> {
  const record = containers.find(word);
  if (record.State.Status === 'paused') throw new EngineError('PAUSED', 'cannot start a paused container, try unpause instead');
  if (isUp(record)) return;
  try { await startDetached(record, terminal); } catch (error) { if ((error as { code?: string }).code !== 'RUNNING') throw error; }
}

export const start: Verb = {
  name: 'start',
  aliases: ['container start'],
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  help: 'Start one or more stopped containers',
  flags: [bool('attach', 'Attach STDOUT/STDERR and forward signals', 'a'), string('detach-keys', 'Override the key sequence for detaching a container'), bool('interactive', 'Attach container\'s STDIN', 'i')],
  words: [1, Infinity],
  interspersed: true,
  failure: 1,
  async run(parsed, terminal) {
    const engine = openEngine(terminal);
    const interactive = parsed.bool('interactive');
    if (!parsed.bool('attach') && !interactive) {
      const failed = await forEachWord(parsed.words, terminal, (word) => startInBackground(engine, word, terminal));
      if (failed.length > 0) terminal.err(`Error: failed to start containers: ${failed.join(', ')}\n`);
      return failed.length > 0 ? 1 : 0;
    }
    if (parsed.words.length > 1) throw new PlainError('you cannot start and attach multiple containers at once');
    return startAttached(engine, engine.containers.find(parsed.words[0]!), interactive, parsed.string('detach-keys'), terminal);
  },
};

// wherry start: runs a container again that has ended, or was created and never started; in the background, or with -a in this process.
import { type ContainerRecord, isUp } from '../../engine/index.ts';
import { patiently } from '../container-operations.ts';
import { startDetached } from '../detached.ts';
import { forEachWord } from '../each.ts';
import { bool } from '../flags.ts';
import { runContainer } from '../run-container.ts';
import { type Engine, openCpu, openEngine } from '../setup.ts';
import { hostStreams, hostTty } from '../standard-io.ts';
import type { Terminal, Verb } from '../verb.ts';

/** Runs it in this process, its streams being ours. Throws EngineError 'RUNNING' when another process does. */
async function startAttached(engine: Engine, record: ContainerRecord, interactive: boolean, terminal: Terminal): Promise<number> {
  const { Tty, OpenStdin } = record.Config;
  const input = interactive && OpenStdin;
  if (Tty && input && !terminal.inIsTty) {
    terminal.err('the input device is not a TTY\n');
    return 1;
  }
  const begun = await patiently(() => engine.containers.begin(record.Id));
  return runContainer(engine, begun, record.State, { cpu: openCpu(engine.host, {}), io: Tty ? { tty: hostTty(input) } : { streams: hostStreams(input) } });
}

/** One that runs already stays as it is. */
async function startInBackground({ containers }: Engine, word: string, terminal: Terminal): Promise<void> {
  const record = containers.find(word);
  if (isUp(record)) return;
  try { await startDetached(record, terminal); } catch (error) { if ((error as { code?: string }).code !== 'RUNNING') throw error; }
}

export const start: Verb = {
  name: 'start',
  aliases: ['container start'],
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  help: 'Start one or more stopped containers',
  flags: [bool('attach', 'Attach STDOUT/STDERR and forward signals', 'a'), bool('interactive', 'Attach container\'s STDIN', 'i')],
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
    if (parsed.words.length > 1) {
      terminal.err('you cannot start and attach multiple containers at once\n');
      return 1;
    }
    return startAttached(engine, engine.containers.find(parsed.words[0]!), interactive, terminal);
  },
};

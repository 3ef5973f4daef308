// wherry exec: runs a program in a container that runs.
import { type ContainerRecord, EngineError } from '../../engine/index.ts';
import { linesOf } from '../container-request.ts';
import { detachKeysFor } from '../detach-keys.ts';
import { bool, ClientError, list, type Parsed, PlainError, string, UsageError } from '../flags.ts';
import { interact, terminalSize } from '../interaction.ts';
import { converse, demandTty } from '../running-container.ts';
import type { ExecAsk } from '../session-answers.ts';
import { openEngine } from '../setup.ts';
import type { Terminal, Verb } from '../verb.ts';

/** Throws EngineError 'NOT_RUNNING', 'PAUSED'. */
function demandRunning({ Id, State }: ContainerRecord, said: string): void {
  if (State.Status === 'paused') throw new EngineError('PAUSED', `Container ${said} is paused, unpause the container before exec`);
  if (State.Status === 'restarting') throw new EngineError('RESTARTING', `Container ${Id} is restarting, wait until the container is running`);
  if (State.Status !== 'running') throw new EngineError('NOT_RUNNING', `Container ${Id} is not running`);
}

/** Throws PlainError. */
function wordsIn(path: string): string[] {
  try { return linesOf(path); } catch (error) { throw error instanceof ClientError ? new PlainError(error.message) : error; }
}

/** NAME=value, a NAME alone with the caller's value, or alone when the caller has none. Throws UsageError. */
function environmentWords(parsed: Parsed, { env }: Terminal): string[] {
  const wrong = parsed.list('env').find((word) => word === '' || word.startsWith('='));
  if (wrong !== undefined) throw new UsageError(`invalid argument ${JSON.stringify(wrong)} for "-e, --env" flag: invalid environment variable: ${wrong}`);
  return [...parsed.list('env-file').flatMap(wordsIn), ...parsed.list('env')].map((word) => (word.includes('=') || env[word] === undefined ? word : `${word}=${env[word]}`));
}

function askOf(parsed: Parsed, terminal: Terminal): ExecAsk {
  const tty = parsed.bool('tty');
  return {
    command: parsed.words.slice(1), env: environmentWords(parsed, terminal), tty, interactive: parsed.bool('interactive'), detach: parsed.bool('detach'), privileged: parsed.bool('privileged'),
    user: parsed.string('user') ?? '', workingDir: parsed.string('workdir') ?? '', ...(tty ? { size: terminalSize() } : {}),
  };
}

/** Why a program was not run is shown as docker shows it: without a word about who says it. Throws everything else. */
function notRun(error: unknown, terminal: Terminal): number {
  if (!(error instanceof EngineError) || !(error.code in { EXEC_FAILED: 0, NO_USER: 0, NO_GROUP: 0 })) throw error;
  terminal.err(`${error.message}\n`);
  return error.exitCode;
}

/** The exit code of a program that its container took with it. */
const KILLED = 137;

export const exec: Verb = {
  name: 'exec',
  aliases: ['container exec'],
  common: true,
  usage: '[OPTIONS] CONTAINER COMMAND [ARG...]',
  help: 'Execute a command in a running container',
  flags: [
    bool('detach', 'Detached mode: run command in the background', 'd'), string('detach-keys', 'Override the key sequence for detaching a container'),
    list('env', 'Set environment variables', 'e'), list('env-file', 'Read in a file of environment variables'), bool('interactive', 'Keep STDIN open even if not attached', 'i'),
    bool('privileged', 'Give extended privileges to the command'), bool('tty', 'Allocate a pseudo-TTY', 't'),
    string('user', 'Username or UID (format: "<name|uid>[:<group|gid>]")', 'u'), string('workdir', 'Working directory inside the container', 'w'),
  ],
  words: [2, Infinity],
  interspersed: false,
  failure: 1,
  async run(parsed, terminal) {
    const ask = askOf(parsed, terminal);
    const engine = openEngine(terminal);
    const [said = ''] = parsed.words;
    const record = engine.containers.find(said);
    const { tty = false, interactive, detach } = ask;
    if (!detach) demandTty(interactive, tty, terminal);
    const detachKeys = await detachKeysFor(parsed.string('detach-keys'), tty && !detach, terminal);
    demandRunning(record, said);
    const conversation = await converse(engine, record, { operation: 'exec', ...ask });
    if (!conversation) throw new EngineError('NOT_RUNNING', `Container ${record.Id} is not running`);
    if (detach) {
      await conversation.result(() => {});
      return 0;
    }
    try {
      const code = await interact(conversation, { tty, input: interactive, detachKeys, sigProxy: false });
      if (code !== undefined) return code as number;
      terminal.err('read escape sequence\n');
      return 1;
    } catch (error) {
      return (error as { code?: unknown }).code === 'GONE' ? KILLED : notRun(error, terminal);
    }
  },
};

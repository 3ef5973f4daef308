// wherry run: a container from an image, its program's streams and exit code.
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { createContainer, EngineError } from '../../engine/index.ts';
import { type Level, levels } from '../../guest/index.ts';
import { traceCategories } from '../../linux/index.ts';
import type { Machine, MachineExit } from '../../machine/index.ts';
import type { Image } from '../../oci/index.ts';
import type { TranslatorOptions } from '../../translate/index.ts';
import { bool, list, type Parsed, string, UsageError } from '../flags.ts';
import { openCpu, openHost, openImages } from '../setup.ts';
import { endOnBrokenPipe, hostStreams, hostTty, restore } from '../standard-io.ts';
import type { Terminal, Verb } from '../verb.ts';

/** What --trace knows: Linux's categories, and the translator's. */
const traceable = [...traceCategories, 'jit'] as const;

function traceWords(parsed: Parsed): string[] {
  const words = parsed.list('trace').flatMap((said) => said.split(','));
  const wrong = words.find((word) => !(traceable as readonly string[]).includes(word));
  if (wrong !== undefined) throw new UsageError(`invalid argument "${wrong}" for "--trace" flag: must be one of ${traceable.join(', ')}`);
  return words;
}

const modes = ['tiered', 'interpret', 'translate'] as const;

/** An option that takes one of a few words. */
function choice<T extends string>(parsed: Parsed, name: string, words: readonly T[]): T | undefined {
  const said = parsed.string(name);
  if (said === undefined) return undefined;
  if (!(words as readonly string[]).includes(said)) throw new UsageError(`invalid argument "${said}" for "--${name}" flag: must be one of ${words.join(', ')}`);
  return said as T;
}

function findImage(parsed: Parsed, terminal: Terminal): { image: Image; images: ReturnType<typeof openImages> } {
  const name = parsed.words[0]!;
  const images = openImages(terminal);
  const image = images.store.resolve(name);
  if (!image) throw new EngineError('NO_IMAGE', `Unable to find image '${/[:@]/.test(name) ? name : `${name}:latest`}' locally. Load it from an archive first: wherry load -i FILE`);
  return { image, images };
}

/** One NAME=value or NAME a line; blank lines and lines that begin with # are left out. */
function envFile(path: string): string[] {
  return readFileSync(path, 'utf8').split('\n').map((line) => line.replace(/\r$/, '').trimStart()).filter((line) => line !== '' && !line.startsWith('#'));
}

/** Signals that are passed on while the program runs without a terminal of its own. */
const passedOn = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const;

async function runMachine(machine: Machine): Promise<MachineExit> {
  const listeners = passedOn.map((name) => [name, () => { machine.signal(constants.signals[name]); }] as const);
  for (const [name, listener] of listeners) process.on(name, listener);
  try {
    return await machine.run();
  } finally {
    for (const [name, listener] of listeners) process.off(name, listener);
    restore();
  }
}

export const exitCode = (exit: MachineExit): number => ('code' in exit ? exit.code : 128 + exit.signal);

function translatorOptions(parsed: Parsed): Partial<TranslatorOptions> {
  const level = choice<Level>(parsed, 'level', levels);
  const mode = choice(parsed, 'mode', modes);
  return { ...(level ? { level } : {}), ...(mode ? { mode } : {}), ...(parsed.bool('no-cache') ? { cache: false } : {}) };
}

export const run: Verb = {
  name: 'run',
  aliases: ['container run'],
  common: true,
  usage: '[OPTIONS] IMAGE [COMMAND] [ARG...]',
  help: 'Create and run a new container from an image',
  flags: [
    bool('rm', 'Remove the container when it exits (containers are not kept yet: this is so with and without it)'),
    bool('interactive', 'Keep STDIN open even if not attached', 'i'),
    bool('tty', 'Allocate a pseudo-TTY', 't'),
    list('env', 'Set environment variables', 'e'),
    list('env-file', 'Read in a file of environment variables'),
    string('workdir', 'Working directory inside the container', 'w'),
    string('user', 'Username or UID (format: <name|uid>[:<group|gid>])', 'u'),
    string('entrypoint', 'Overwrite the default ENTRYPOINT of the image'),
    string('hostname', 'Container host name', 'h'),
    list('trace', `Write a trace to STDERR: ${traceable.join(', ')} (several with commas)`),
    string('dump', 'Write every translated module as text into a folder'),
    bool('stats', 'Print counters to STDERR at the end'),
    string('level', 'What translated code checks: none, stores, all', undefined, 'stores'),
    string('mode', 'How code runs: tiered, interpret, translate', undefined, 'tiered'),
    bool('no-cache', 'Neither use nor fill the translation cache'),
  ],
  words: [1, Infinity],
  interspersed: false,
  failure: 125,
  async run(parsed, terminal) {
    const tty = parsed.bool('tty');
    const interactive = parsed.bool('interactive');
    if (tty && interactive && !terminal.inIsTty) {
      terminal.err('the input device is not a TTY\n');
      return 1;
    }
    const traces = traceWords(parsed);
    const { image, images } = findImage(parsed, terminal);
    const host = openHost(terminal);
    const cpu = openCpu(host, translatorOptions(parsed), { trace: traces.includes('jit'), dumpFolder: parsed.string('dump') });
    const text = (name: string, key: string): object => (parsed.has(name) ? { [key]: parsed.string(name) } : {});
    const { machine } = createContainer({ images, host, cpu, io: tty ? { tty: hostTty(interactive) } : { streams: hostStreams(interactive) } }, image, {
      command: parsed.words.slice(1), tty, callerEnv: terminal.env, trace: traces,
      env: [...parsed.list('env-file').flatMap(envFile), ...parsed.list('env')],
      ...text('entrypoint', 'entrypoint'), ...text('workdir', 'workingDir'), ...text('user', 'user'), ...text('hostname', 'hostname'),
    });
    endOnBrokenPipe();
    const exit = await runMachine(machine);
    if (parsed.bool('stats')) for (const line of cpu.stats()) terminal.err(`${line}\n`);
    return exitCode(exit);
  },
};

// wherry run: a container from an image, its program's streams and exit code.
import { hasRestartPolicy, initialState, type NewContainer } from '../../engine/index.ts';
import { type Level, levels } from '../../guest/index.ts';
import { COUNTS, traceCategories } from '../../linux/index.ts';
import type { TranslatorOptions } from '../../translate/index.ts';
import { containerFlags } from '../container-flags.ts';
import { containerRequest, demandNewCidFile, writeCidFile } from '../container-request.ts';
import { bool, ClientError, list, type Parsed, PlainError, string, UsageError } from '../flags.ts';
import { findImage } from '../find-image.ts';
import { newContainer } from '../new-container.ts';
import { runContainer } from '../run-container.ts';
import { openCpu, openEngine } from '../setup.ts';
import { hostStreams, hostTty } from '../standard-io.ts';
import type { Verb } from '../verb.ts';

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

function translatorOptions(parsed: Parsed): Partial<TranslatorOptions> {
  const level = choice<Level>(parsed, 'level', levels);
  const mode = choice(parsed, 'mode', modes);
  return { ...(level ? { level } : {}), ...(mode ? { mode } : {}), ...(parsed.bool('no-cache') ? { cache: false } : {}) };
}

/** The flags that say how it runs. */
export const executionFlags = [
  list('trace', `Write a trace to STDERR: ${traceable.join(', ')} (several with commas)`),
  string('dump', 'Write every translated module as text into a folder'),
  bool('stats', 'Print to STDERR at the end where the time went: translating, system calls, sleep'),
  string('level', 'What translated code checks: none, stores, all', undefined, 'stores'),
  string('mode', 'How code runs: tiered, interpret, translate', undefined, 'tiered'),
  bool('no-cache', 'Neither use nor fill the translation cache'),
];

/** What runs in the background has nobody to tell, and runs as usual. Throws ClientError, PlainError. */
function refuseForegroundFlags(parsed: Parsed): void {
  if (parsed.has('attach')) throw new PlainError('conflicting options: cannot specify both --attach and --detach');
  const said = executionFlags.find(({ name }) => parsed.has(name));
  if (said) throw new ClientError(`Conflicting options: --${said.name} and -d`);
}

const passesSignals = (parsed: Parsed): boolean => !parsed.has('sig-proxy') || parsed.bool('sig-proxy');

/** Whether a process of its own runs the container: when it may go on without us, as the user can leave it by keys or by a signal, or its restart policy starts it again. How programs run is told to this process alone. */
function runsApart(parsed: Parsed, request: NewContainer): boolean {
  if (executionFlags.some(({ name }) => parsed.has(name))) return false;
  if (hasRestartPolicy({ HostConfig: request.hostConfig ?? {} })) return true;
  return (parsed.bool('tty') && parsed.bool('interactive')) || !passesSignals(parsed);
}

export const run: Verb = {
  name: 'run',
  aliases: ['container run'],
  common: true,
  usage: '[OPTIONS] IMAGE [COMMAND] [ARG...]',
  help: 'Create and run a new container from an image',
  flags: [
    ...containerFlags, bool('detach', 'Run container in background and print container ID', 'd'), string('detach-keys', 'Override the key sequence for detaching a container'),
    { ...bool('sig-proxy', 'Proxy received signals to the process'), initial: 'true' }, ...executionFlags,
  ],
  words: [1, Infinity],
  interspersed: false,
  failure: 125,
  async run(parsed, terminal) {
    const detach = parsed.bool('detach');
    const request = containerRequest(parsed, terminal, !detach);
    const { tty, interactive = false } = request;
    if (tty && interactive && !detach && !terminal.inIsTty) throw new PlainError('the input device is not a TTY');
    if (detach) refuseForegroundFlags(parsed);
    const joinFlags = { input: interactive, sigProxy: passesSignals(parsed), detachKeys: parsed.string('detach-keys') };
    if (joinFlags.detachKeys !== undefined) (await import('../detach-keys.ts')).parseDetachKeys(joinFlags.detachKeys);
    const trace = traceWords(parsed);
    const stats = parsed.bool('stats');
    const options = translatorOptions(parsed);
    const engine = openEngine(terminal);
    const image = await findImage(parsed, engine, terminal);
    demandNewCidFile(request);
    const apart = detach || runsApart(parsed, request);
    const record = await newContainer(engine, image, request, { begin: !apart });
    writeCidFile(request, record.Id);
    if (!detach) engine.containers.events.ofContainer(record, 'attach');
    if (detach) {
      // Its name is known even when it does not start, as docker's.
      terminal.out(`${record.Id}\n`);
      await (await import('../detached.ts')).startDetached(record, terminal);
      return 0;
    }
    const shown = { stdout: record.Config.AttachStdout, stderr: record.Config.AttachStderr };
    if (apart) return (await import('../started.ts')).runApart(engine, record, terminal, { ...joinFlags, shown });
    const cpu = openCpu(engine.host, options, { trace: trace.includes('jit'), dumpFolder: parsed.string('dump') });
    return runContainer(engine, record, initialState, {
      cpu, trace: stats ? [...trace, COUNTS] : trace, io: tty ? { tty: hostTty(interactive, shown) } : { streams: hostStreams(interactive, shown) },
      ...(stats ? { ended: (machine) => { for (const line of [...cpu.stats(), ...machine.times()]) terminal.err(`${line}\n`); } } : {}),
    });
  },
};

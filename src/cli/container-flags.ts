// The flags that say what a container is, shared by `create` and `run`, and the request they make.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { EngineError, type NewContainer } from '../engine/index.ts';
import { bool, list, type Parsed, string, UsageError } from './flags.ts';
import type { Terminal } from './verb.ts';

export const containerFlags = [
  bool('rm', 'Automatically remove the container and its associated anonymous volumes when it exits'),
  bool('interactive', 'Keep STDIN open even if not attached', 'i'),
  bool('tty', 'Allocate a pseudo-TTY', 't'),
  string('name', 'Assign a name to the container'),
  string('cidfile', 'Write the container ID to the file'),
  list('label', 'Set meta data on a container', 'l'),
  list('label-file', 'Read in a line delimited file of labels'),
  list('env', 'Set environment variables', 'e'),
  list('env-file', 'Read in a file of environment variables'),
  string('workdir', 'Working directory inside the container', 'w'),
  string('user', 'Username or UID (format: <name|uid>[:<group|gid>])', 'u'),
  string('entrypoint', 'Overwrite the default ENTRYPOINT of the image'),
  string('hostname', 'Container host name', 'h'),
  string('network', 'Connect a container to a network (none or bridge)', undefined, 'default'),
  list('publish', 'Publish a container\'s port(s) to the host', 'p'),
  bool('publish-all', 'Publish all exposed ports to random ports', 'P'),
  string('memory', 'Memory limit', 'm'),
  string('cpus', 'Number of CPUs that programs are told they may use'),
  string('pids-limit', 'Tune container pids limit (set -1 for unlimited)'),
];

/** One word a line; blank lines and lines that begin with # are left out. */
function linesOf(path: string): string[] {
  return readFileSync(path, 'utf8').split('\n').map((line) => line.replace(/\r$/, '').trimStart()).filter((line) => line !== '' && !line.startsWith('#'));
}

function labelsOf(parsed: Parsed): string[] {
  const wrong = parsed.list('label').find((word) => word === '' || word.startsWith('='));
  if (wrong !== undefined) throw new UsageError(`invalid argument "${wrong}" for "-l, --label" flag: invalid label '${wrong}': empty name`);
  return [...parsed.list('label-file').flatMap(linesOf), ...parsed.list('label')];
}

const networks = ['default', 'bridge', 'none'];

/** Throws EngineError 'NO_NETWORK'. */
function demandNetwork(network: string | undefined): void {
  if (network === undefined || networks.includes(network)) return;
  throw new EngineError('NO_NETWORK', network === 'host' ? 'network host is not supported: use bridge, which reaches what the host reaches, or none' : `network ${network} not found`);
}

const memoryUnits: Readonly<Record<string, number>> = { b: 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 };
const LEAST_MEMORY = 6 * 2 ** 20;

/** "64m", "1.5g", "4194304": bytes (go-units RAMInBytes). Throws UsageError, EngineError 'SMALL_MEMORY'. */
function memoryOf(said: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([bkmgt])?(?:i?b)?$/i.exec(said);
  if (!match) throw new UsageError(`invalid argument "${said}" for "-m, --memory" flag: invalid size: '${said}'`);
  const bytes = Math.floor(Number(match[1]) * memoryUnits[(match[2] ?? 'b').toLowerCase()]!);
  if (bytes > 0 && bytes < LEAST_MEMORY) throw new EngineError('SMALL_MEMORY', 'Minimum memory limit allowed is 6MB');
  return bytes;
}

/** A number that a flag takes. Throws UsageError in pflag's words. */
function numberOf(parsed: Parsed, flag: string, pattern: RegExp): number {
  const said = parsed.string(flag)!;
  if (!pattern.test(said)) throw new UsageError(`invalid argument "${said}" for "--${flag}" flag: strconv.ParseInt: parsing "${said}": invalid syntax`);
  return Number(said);
}

const limits = (parsed: Parsed): Pick<NewContainer, 'memory' | 'cpus' | 'pids'> => ({
  ...(parsed.has('memory') ? { memory: memoryOf(parsed.string('memory')!) } : {}), ...(parsed.has('cpus') ? { cpus: numberOf(parsed, 'cpus', /^\d*\.?\d+$/) } : {}),
  ...(parsed.has('pids-limit') ? { pids: numberOf(parsed, 'pids-limit', /^-?\d+$/) } : {}),
});

/** What the words ask for; the first word is the image. Throws EngineError 'NO_NETWORK'. */
export function containerRequest(parsed: Parsed, terminal: Terminal, attached: boolean): NewContainer {
  const text = (flag: string, key: keyof NewContainer): object => (parsed.has(flag) ? { [key]: parsed.string(flag) } : {});
  const [image = '', ...command] = parsed.words;
  demandNetwork(parsed.string('network'));
  return {
    image, command, attached, tty: parsed.bool('tty'), interactive: parsed.bool('interactive'), autoRemove: parsed.bool('rm'), callerEnv: terminal.env, labels: labelsOf(parsed),
    env: [...parsed.list('env-file').flatMap(linesOf), ...parsed.list('env')], ...limits(parsed), publish: parsed.list('publish'), publishAll: parsed.bool('publish-all'),
    ...text('name', 'name'), ...text('cidfile', 'cidFile'), ...text('entrypoint', 'entrypoint'), ...text('workdir', 'workingDir'), ...text('user', 'user'), ...text('hostname', 'hostname'), ...text('network', 'network'),
  };
}

/** Refuses a file for the id that is there already. Throws EngineError 'CIDFILE_EXISTS'. */
export function demandNewCidFile({ cidFile }: NewContainer): void {
  if (cidFile && existsSync(cidFile)) throw new EngineError('CIDFILE_EXISTS', `container ID file found, make sure the other container isn't running or delete ${cidFile}`);
}

export function writeCidFile({ cidFile }: NewContainer, id: string): void { if (cidFile) writeFileSync(cidFile, id, { flag: 'wx', mode: 0o644 }); }

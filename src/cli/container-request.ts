// From a command line to the container it asks for.
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import type { NewContainer } from '../engine/index.ts';
import { type ContainerFlag, containerFlags, type Draft } from './container-flags.ts';
import { BadValue } from './flag-values.ts';
import { ClientError, type Flag, type Parsed, spelled, UsageError } from './flags.ts';
import { networksOf } from './network-words.ts';
import { systemMessage } from './errors.ts';
import type { Terminal } from './verb.ts';

/** What was said for a flag. */
const valueOf = (parsed: Parsed, { kind, name }: Flag): unknown => (kind === 'bool' ? parsed.bool(name) : kind === 'list' ? parsed.list(name) : parsed.string(name));

/** What these flags say. Throws UsageError, ClientError. */
export function flagValues(flags: readonly ContainerFlag[], parsed: Parsed): Draft {
  const draft: Draft = { files: {}, request: { command: [], tty: false, env: [], callerEnv: {} }, config: {}, host: {}, network: {} };
  putAll(parsed, draft, flags);
  return draft;
}

/** Lets every flag that was said put its value where it belongs. Throws UsageError, ClientError. */
function putAll(parsed: Parsed, draft: Draft, flags: readonly ContainerFlag[] = containerFlags): void {
  for (const flag of flags) {
    if (!flag.put || !parsed.has(flag.name)) continue;
    try { flag.put(valueOf(parsed, flag) as never, draft); } catch (error) {
      if (!(error instanceof BadValue)) throw error;
      throw new UsageError(`invalid argument ${JSON.stringify(error.value)} for "${spelled(flag)}" flag: ${error.message}`);
    }
  }
}

/** Reads a file that a flag names. Throws ClientError in Docker's words. */
function textOf(path: string, words = (why: string): string => why): string {
  try {
    if (statSync(path).isDirectory()) throw new ClientError(words(`invalid env file (${path}): read ${path}: is a directory`));
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof ClientError) throw error;
    const why = systemMessage(error);
    throw why === undefined ? error : new ClientError(words(`open ${path}: ${why}`));
  }
}

/** One word a line; blank lines and lines that begin with # are left out. */
export function linesOf(path: string): string[] {
  return textOf(path).split('\n').map((line) => line.replace(/\r$/, '').trimStart()).filter((line) => line !== '' && !line.startsWith('#'));
}

/** What the words ask for; the first word is the image. Throws UsageError, ClientError. */
export function containerRequest(parsed: Parsed, terminal: Terminal, attached: boolean): NewContainer {
  const [image = '', ...command] = parsed.words;
  const draft: Draft = { files: {}, request: { image, command, attached, tty: false, env: [], callerEnv: terminal.env }, config: {}, host: {}, network: {} };
  putAll(parsed, draft);
  const { request, files } = draft;
  for (const { path, missing } of files.needed ?? []) textOf(path, missing);
  if (draft.host.LogConfig?.Type === 'none' && Object.keys(draft.host.LogConfig.Config).length > 0) throw new ClientError('invalid logging opts for driver none');
  const { mode, networks } = networksOf(draft.network, draft.config.MacAddress, draft.host.Links ?? []);
  if (mode !== undefined) draft.host.NetworkMode = mode;
  if (mode === 'host') request.hostname ??= hostname();
  if (mode === 'host' && (draft.host.PublishAllPorts || Object.keys(draft.host.PortBindings ?? {}).length > 0)) terminal.err('WARNING: Published ports are discarded when using host network mode\n');
  return {
    ...request, env: [...(files.env ?? []).flatMap(linesOf), ...request.env], labels: [...(files.labels ?? []).flatMap(linesOf), ...request.labels ?? []], config: draft.config, hostConfig: draft.host,
    ...(networks ? { networks } : {}),
  };
}

/** Refuses a file for the id that is there already. Throws ClientError. */
export function demandNewCidFile({ hostConfig }: NewContainer): void {
  const path = hostConfig?.ContainerIDFile;
  if (path && existsSync(path)) throw new ClientError(`container ID file found, make sure the other container isn't running or delete ${path}`);
}

export function writeCidFile({ hostConfig }: NewContainer, id: string): void { if (hostConfig?.ContainerIDFile) writeFileSync(hostConfig.ContainerIDFile, id, { flag: 'wx', mode: 0o644 }); }

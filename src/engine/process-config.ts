// From an image's configuration and the words of `run` to a container's configuration, and from that to what the first process gets. Docker's rules.
import type { HealthConfig } from '../oci/index.ts';
import { EngineError } from './errors.ts';
import type { HostConfig } from './host-config.ts';
import type { PortBindings } from './published-ports.ts';

/** The part of an OCI image configuration that concerns containers (image-spec config.md). */
export interface ImageProcess {
  readonly Entrypoint?: readonly string[] | null;
  readonly Cmd?: readonly string[] | null;
  readonly Env?: readonly string[] | null;
  readonly WorkingDir?: string;
  readonly User?: string;
  readonly Labels?: Readonly<Record<string, string>> | null;
  readonly Volumes?: Readonly<Record<string, object>> | null;
  readonly ExposedPorts?: Readonly<Record<string, object>> | null;
  readonly OnBuild?: readonly string[] | null;
  readonly StopSignal?: string;
  readonly Healthcheck?: HealthConfig | null;
}

/** What the user said. */
export interface RunRequest {
  readonly command: readonly string[];
  readonly entrypoint?: string;
  /** NAME=value, or NAME to take the caller's. */
  readonly env: readonly string[];
  readonly workingDir?: string;
  readonly user?: string;
  readonly hostname: string;
  readonly tty: boolean;
  /** Standard input is kept open. */
  readonly interactive?: boolean;
  /** The streams are the caller's. */
  readonly attached?: boolean;
  /** NAME=value or NAME. */
  readonly labels?: readonly string[];
  /** The image as the user named it. */
  readonly image?: string;
  /** The caller's environment, for `-e NAME`. */
  readonly callerEnv: Readonly<Record<string, string | undefined>>;
  /** Fields of the configuration that are said as they are; ExposedPorts, Volumes and Healthcheck join the image's. */
  readonly config?: Partial<ContainerConfig>;
  readonly hostConfig?: Partial<HostConfig>;
}

/** A container's configuration, in the words of Docker's inspect (the fields of `Config` in its order). */
export interface ContainerConfig {
  readonly Hostname: string;
  readonly Domainname: string;
  readonly User: string;
  readonly AttachStdin: boolean;
  readonly AttachStdout: boolean;
  readonly AttachStderr: boolean;
  readonly ExposedPorts?: Readonly<Record<string, object>>;
  readonly Tty: boolean;
  readonly OpenStdin: boolean;
  readonly StdinOnce: boolean;
  readonly Env: readonly string[];
  readonly Cmd: readonly string[] | null;
  readonly Image: string;
  readonly Volumes: Readonly<Record<string, object>> | null;
  readonly WorkingDir: string;
  readonly Entrypoint: readonly string[] | null;
  readonly OnBuild: readonly string[] | null;
  readonly Labels: Readonly<Record<string, string>>;
  readonly Healthcheck?: HealthConfig;
  readonly MacAddress?: string;
  readonly StopSignal?: string;
  /** Seconds. */
  readonly StopTimeout?: number;
}

/** What the first process is started with; HOME is added when the user is known. */
export interface ProcessConfig {
  readonly argv: readonly string[];
  readonly env: readonly string[];
  readonly cwd: string;
  /** As said: name, uid, name:group, uid:gid, or empty for root. */
  readonly user: string;
}

const defaultPath = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const nameOf = (word: string): string => word.split('=', 1)[0]!;

/** ENTRYPOINT and CMD: a given entry point forgets the image's CMD; given words replace CMD. Throws EngineError when nothing is left to run. */
export function commandLine(image: ImageProcess, request: Pick<RunRequest, 'command' | 'entrypoint'>): string[] {
  const { Entrypoint, Cmd } = entrypointAndCmd(image, request);
  const argv = [...Entrypoint ?? [], ...Cmd ?? []];
  if (argv.length === 0) throw new EngineError('NO_COMMAND', 'No command specified');
  return argv;
}

function entrypointAndCmd(image: ImageProcess, { command, entrypoint }: Pick<RunRequest, 'command' | 'entrypoint'>): Pick<ContainerConfig, 'Entrypoint' | 'Cmd'> {
  const Entrypoint = entrypoint === undefined ? image.Entrypoint ?? null : entrypoint === '' ? null : [entrypoint];
  const Cmd = command.length > 0 ? command : entrypoint === undefined ? image.Cmd ?? null : null;
  return { Entrypoint, Cmd };
}

/** The user's variables, then those of the image that the user did not say again. The last of several with one name counts; a name alone that the caller does not have is a variable that is taken away. */
function mergedEnv(image: ImageProcess, request: Pick<RunRequest, 'env' | 'callerEnv'>): string[] {
  const variables = new Map<string, string>();
  for (const word of request.env) {
    const caller = request.callerEnv[word];
    variables.set(nameOf(word), word.includes('=') || caller === undefined ? word : `${word}=${caller}`);
  }
  for (const word of image.Env ?? []) if (!variables.has(nameOf(word))) variables.set(nameOf(word), word);
  return [...variables.values()].filter((word) => word.indexOf('=') !== 0 && word !== '');
}

/** `NAME=value` or `NAME` as one label. */
const labelOf = (word: string): [string, string] => [nameOf(word), word.slice(nameOf(word).length + 1)];

/** How the container is asked whether it is well: what the user left out is the image's. undefined: nobody asks. */
function healthcheck(image: ImageProcess, said: HealthConfig | undefined): HealthConfig | undefined {
  const merged: HealthConfig = { ...image.Healthcheck, ...said };
  return Object.keys(merged).length > 0 ? merged : undefined;
}

/** Exposed by the image, by the user, and by being published. */
function exposedPorts(image: ImageProcess, said: ContainerConfig['ExposedPorts'], published: PortBindings = {}): ContainerConfig['ExposedPorts'] {
  const all = { ...image.ExposedPorts, ...said, ...Object.fromEntries(Object.keys(published).map((port) => [port, {}])) };
  return Object.keys(all).length > 0 ? all : undefined;
}

/** What the user said over what the image says. Throws EngineError for a relative working directory, and when there is nothing to run. */
export function containerConfig(image: ImageProcess, request: RunRequest): ContainerConfig {
  const WorkingDir = request.workingDir ?? image.WorkingDir ?? '';
  if (WorkingDir !== '' && !WorkingDir.startsWith('/')) throw new EngineError('BAD_WORKDIR', `the working directory '${WorkingDir}' is invalid, it needs to be an absolute path`);
  commandLine(image, request);
  const attached = request.attached ?? true;
  const open = request.interactive ?? false;
  const { ExposedPorts, Volumes, Healthcheck, ...said } = request.config ?? {};
  const exposed = exposedPorts(image, ExposedPorts, request.hostConfig?.PortBindings);
  const health = healthcheck(image, Healthcheck);
  return {
    Hostname: request.hostname, Domainname: '', User: request.user ?? image.User ?? '', AttachStdin: attached && open, AttachStdout: attached, AttachStderr: attached,
    ...(exposed ? { ExposedPorts: exposed } : {}), Tty: request.tty, OpenStdin: open, StdinOnce: attached && open, Env: mergedEnv(image, request),
    Image: request.image ?? '', Volumes: image.Volumes || Volumes ? { ...image.Volumes, ...Volumes } : null, WorkingDir, ...entrypointAndCmd(image, request), OnBuild: null,
    Labels: { ...image.Labels, ...Object.fromEntries((request.labels ?? []).map(labelOf)) }, ...(image.StopSignal ? { StopSignal: image.StopSignal } : {}), ...(health ? { Healthcheck: health } : {}), ...said,
  };
}

/** The environment in Docker's order: PATH, HOSTNAME, TERM, then the container's, which replace them in place. */
export function environment(config: Pick<ContainerConfig, 'Env' | 'Hostname' | 'Tty'>): string[] {
  const variables = new Map<string, string>();
  for (const word of [defaultPath, `HOSTNAME=${config.Hostname}`, ...(config.Tty ? ['TERM=xterm'] : []), ...config.Env]) variables.set(nameOf(word), word);
  return [...variables.values()].filter((word) => word.includes('='));
}

export function processConfig(config: ContainerConfig): ProcessConfig {
  return { argv: [...config.Entrypoint ?? [], ...config.Cmd ?? []], env: environment(config), cwd: config.WorkingDir || '/', user: config.User };
}

// A container that runs: its first process configured, its root file system and mounts put together in a machine.
import type { Cpu } from '../guest/index.ts';
import type { Host } from '../host/ports.ts';
import { type BindMount, createMachine, type Machine, type MachineExit, type MachineParts, MountError, type NetworkConfig, StartError } from '../machine/index.ts';
import type { Image } from '../oci/index.ts';
import type { FileSystem } from '../vfs/index.ts';
import { addressText, firstOnBridge } from '../linux/index.ts';
import { confinementOf, resourcesOf } from './confinement.ts';
import type { HostConfig } from './host-config.ts';
import { EngineError } from './errors.ts';
import { IdentityFiles } from './identity-files.ts';
import type { Images } from './images.ts';
import { mountFailure } from './open-mounts.ts';
import { type ContainerConfig, containerConfig, processConfig, type RunRequest } from './process-config.ts';
import { nameFilesOf } from './networking.ts';
import { readText } from './root-files.ts';
import { additionalGroups, resolveUser } from './user.ts';

export interface MachineRequest {
  readonly host: Host;
  readonly cpu: Cpu;
  readonly io: MachineParts['io'];
  readonly trace?: Iterable<string>;
  /** Absent: the first container on the default bridge, alone. */
  readonly network?: NetworkConfig;
  readonly identity?: IdentityFiles;
  /** What the container mounts, those nearest to the root first. */
  readonly mounts?: readonly BindMount[];
}

/** The first container on the default bridge. */
const alone = { bridge: { NetworkID: '', EndpointID: '', Gateway: addressText(firstOnBridge.gateway!), IPAddress: addressText(firstOnBridge.address), IPPrefixLen: 16, IPv6Gateway: '', GlobalIPv6Address: '', GlobalIPv6PrefixLen: 0, MacAddress: '' } };

/** A container's machine over its root file system, ready to run. Throws EngineError: 125 for a wrong request, 126 and 127 for a program that cannot be run or is not there. */
export function bootContainer({ host: fullHost, cpu, io, trace, network, identity, mounts = [] }: MachineRequest, config: ContainerConfig, rootFs: FileSystem, limits: Partial<HostConfig> = {}): Machine {
  const host = limits.NetworkMode === 'none' ? withoutNet(fullHost) : fullHost;
  const own = identity ?? new IdentityFiles(config, () => host.clock.realtimeNs(), nameFilesOf({ HostConfig: limits }, alone, host.net));
  const process = processConfig(config);
  const readonlyRoot = limits.ReadonlyRootfs ?? false;
  const [userFile = '', groupFile = ''] = ['/etc/passwd', '/etc/group'].map((path) => textOf(path, rootFs, mounts));
  const user = resolveUser(process.user, userFile, groupFile);
  const env = process.env.some((word) => word.startsWith('HOME=')) ? process.env : [...process.env, `HOME=${user.home}`];
  try {
    return createMachine({
      host, cpu, rootFs, io,
      config: {
        resources: resourcesOf(limits), argv: process.argv, env, cwd: process.cwd, uid: user.uid, gid: user.gid, groups: [...user.groups, ...additionalGroups(limits.GroupAdd ?? [], groupFile)],
        hostname: config.Hostname, domainname: config.Domainname, confinement: confinementOf(limits), init: limits.Init ?? false,
        mounts: withIdentity(mounts, own.mounts, readonlyRoot), readonlyRoot,
        ...(network ? { network } : {}), ...(trace ? { trace } : {}),
      },
    });
  } catch (error) {
    if (error instanceof MountError) throw mountFailure(error);
    throw error instanceof StartError ? startFailure(error, process.argv[0]!) : error;
  }
}

/** Users may come from a mount. Throws EngineError 'START_FAILED' for one that cannot be made. */
function textOf(path: string, rootFs: FileSystem, mounts: readonly BindMount[]): string {
  try { return readText(rootFs, path, mounts); } catch (error) { throw error instanceof MountError ? mountFailure(error) : error; }
}

/** Files of our own lie over those of mounts, but not over files that the user mounts there. */
function withIdentity(mounts: readonly BindMount[], own: readonly BindMount[], readonly: boolean): BindMount[] {
  return [...mounts, ...own.filter(({ path }) => !mounts.some((mount) => mount.path === path)).map((mount) => (readonly ? { ...mount, options: { readonly } } : mount))];
}

function withoutNet({ net: _, ...rest }: Host): Host { return rest; }

/** Docker's exit codes, 127 for what is not there, 126 for what cannot be run. */
function startFailure(error: StartError, program: string): EngineError {
  const why = error.message.startsWith(`${program}: `) ? error.message.slice(program.length + 2) : error.message;
  const missing = error.errno.name === 'ENOENT' || error.errno.name === 'ENOTDIR';
  const stat = missing && program.startsWith('/') ? `stat ${program}: ` : '';
  return new EngineError('START_FAILED', `exec: "${program}": ${stat}${why}`, missing ? 127 : 126);
}

export interface ContainerParts extends MachineRequest { readonly images: Images }

export interface ContainerRequest extends Omit<RunRequest, 'hostname'> { readonly hostname?: string; readonly trace?: Iterable<string> }

/** A container that leaves nothing behind, ready to run: its changes stay in memory, the store does not know it. Throws as `bootContainer`. */
export function createContainer({ images, ...parts }: ContainerParts, image: Image, { trace, hostname = 'wherry', ...request }: ContainerRequest): { readonly machine: Machine } {
  const config = containerConfig(image.config.config ?? {}, { ...request, hostname });
  const rootFs = images.openRootFs(image, { now: () => parts.host.clock.realtimeNs() });
  return { machine: bootContainer({ ...parts, ...(trace ? { trace } : {}) }, config, rootFs) };
}

/** The exit code of the command that ran it: 128 + n for a signal. */
export const exitCode = (exit: MachineExit): number => ('code' in exit ? exit.code : 128 + exit.signal);

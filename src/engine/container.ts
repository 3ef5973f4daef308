// A container made from an image: its root file system prepared, its first process configured, and the machine that runs it.
import { Errno } from '../abi/index.ts';
import type { Cpu } from '../guest/index.ts';
import type { Host } from '../host/ports.ts';
import { createMachine, type Machine, type MachineParts, StartError } from '../machine/index.ts';
import type { Image } from '../oci/index.ts';
import type { FileSystem } from '../vfs/index.ts';
import { EngineError } from './errors.ts';
import type { Images } from './images.ts';
import { processConfig, type RunRequest } from './process-config.ts';
import { readText, writeText } from './root-files.ts';
import { resolveUser } from './user.ts';

export interface ContainerParts { readonly images: Images; readonly host: Host; readonly cpu: Cpu; readonly io: MachineParts['io'] }

export interface ContainerRequest extends Omit<RunRequest, 'hostname'> {
  /** Absent: the first twelve digits of the container's id. */
  readonly hostname?: string;
  readonly trace?: Iterable<string>;
}

export interface Container { readonly id: string; readonly machine: Machine }

/** 64 hexadecimal digits. */
function newId(host: Host): string {
  const bytes = new Uint8Array(32);
  host.random.fill(bytes);
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Makes a container, ready to run. Throws EngineError: 125 for a wrong request, 126 and 127 for a program that cannot be run or is not there. */
export function createContainer({ images, host, cpu, io }: ContainerParts, image: Image, request: ContainerRequest): Container {
  const id = newId(host);
  const hostname = request.hostname ?? id.slice(0, 12);
  const process = processConfig(image.config.config ?? {}, { ...request, hostname });
  const rootFs = images.openRootFs(image, { now: () => host.clock.realtimeNs() });
  const user = resolveUser(process.user, readText(rootFs, '/etc/passwd'), readText(rootFs, '/etc/group'));
  writeIdentity(rootFs, hostname);
  const env = process.env.some((word) => word.startsWith('HOME=')) ? process.env : [...process.env, `HOME=${user.home}`];
  try {
    const machine = createMachine({
      host, cpu, rootFs, io,
      config: { argv: process.argv, env, cwd: process.cwd, uid: user.uid, gid: user.gid, groups: user.groups, hostname, ...(request.trace ? { trace: request.trace } : {}) },
    });
    return { id, machine };
  } catch (error) {
    throw error instanceof StartError ? startFailure(error, process.argv[0]!) : error;
  }
}

/** Docker's exit codes: 127 for what is not there, 126 for what cannot be run. */
function startFailure(error: StartError, program: string): EngineError {
  const why = error.message.startsWith(`${program}: `) ? error.message.slice(program.length + 2) : error.message;
  const missing = error.errno.name === 'ENOENT' || error.errno.name === 'ENOTDIR';
  return new EngineError('START_FAILED', `exec: "${program}": ${why}`, missing ? 127 : 126);
}

/** The files Docker writes for every container. An image whose /etc is no directory goes without. */
function writeIdentity(rootFs: FileSystem, hostname: string): void {
  const files: readonly (readonly [string, string])[] = [
    ['/etc/hostname', `${hostname}\n`],
    ['/etc/hosts', `127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n127.0.1.1\t${hostname}\n`],
    ['/etc/resolv.conf', ''],
  ];
  for (const [path, text] of files) {
    try { writeText(rootFs, path, text); } catch (error) { if (!(error instanceof Errno)) throw error; }
  }
}

// What `info` and `version` say of the host and of this installation.
import { readFileSync } from 'node:fs';
import { arch, cpus, hostname, platform, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { installation } from './setup.ts';

/** The version of package.json. */
export const versionText = (): string => (JSON.parse(readFileSync(join(installation(), 'package.json'), 'utf8')) as { version: string }).version;

/** As Go calls it. */
export const goArch = (): string => ({ x64: 'amd64', ia32: '386' }[arch() as string] ?? arch());

export interface HostFacts {
  readonly kernel: string;
  readonly system: string;
  readonly systemVersion: string;
  readonly platform: string;
  /** As uname -m. */
  readonly machine: string;
  readonly processors: number;
  readonly memoryBytes: number;
  readonly name: string;
}

/** One value of os-release(5). */
function osRelease(key: string): string | undefined {
  try { return new RegExp(`^${key}="?([^"\\n]*)"?$`, 'm').exec(readFileSync('/etc/os-release', 'utf8'))?.[1]; } catch { return undefined; }
}

export const hostFacts = (): HostFacts => ({
  kernel: release(), system: osRelease('PRETTY_NAME') ?? platform(), systemVersion: osRelease('VERSION_ID') ?? '', platform: platform(), machine: { x64: 'x86_64', arm64: 'aarch64' }[arch() as string] ?? arch(),
  processors: cpus().length, memoryBytes: totalmem(), name: hostname(),
});

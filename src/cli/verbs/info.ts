// wherry info: how many containers and images there are, and what they run on; in docker's shape.
import { type ContainerRecord, isUp } from '../../engine/index.ts';
import { binarySize } from '../columns.ts';
import { goArch, hostFacts, versionText } from '../host-facts.ts';
import { inspectFormatFlag } from '../inspect.ts';
import { formatted } from '../one-document.ts';
import { openEngine, rootFolder } from '../setup.ts';
import { nilSlice, type Struct, typeOf } from '../template/index.ts';
import type { Terminal, Verb } from '../verb.ts';

interface Counts { readonly all: number; readonly running: number; readonly paused: number; readonly stopped: number }

function countsOf(records: readonly ContainerRecord[]): Counts {
  const paused = records.filter(({ State }) => State.Status === 'paused').length;
  const up = records.filter(isUp).length;
  return { all: records.length, running: up - paused, paused, stopped: records.length - up };
}

const networkDrivers = ['bridge', 'host', 'null'];
const logDrivers = ['json-file', 'local', 'none'];
const registries = { 'docker.io': { Mirrors: [], Name: 'docker.io', Official: true, Secure: true } };

function document(terminal: Terminal): Struct {
  const { containers, images } = openEngine(terminal);
  const counts = countsOf(containers.list());
  const host = hostFacts();
  const version = versionText();
  return {
    ID: '', Containers: counts.all, ContainersRunning: counts.running, ContainersPaused: counts.paused, ContainersStopped: counts.stopped, Images: images.store.images().length, Driver: 'wherry', DriverStatus: nilSlice,
    Plugins: { Volume: ['local'], Network: networkDrivers, Authorization: nilSlice, Log: logDrivers }, MemoryLimit: true, SwapLimit: false, CpuCfsPeriod: true, CpuCfsQuota: true, CPUShares: false, CPUSet: false, PidsLimit: true, IPv4Forwarding: true,
    Debug: false, NFd: 0, OomKillDisable: false, NGoroutines: 0, SystemTime: new Date().toISOString(), LoggingDriver: 'json-file', CgroupDriver: 'none', CgroupVersion: '2', NEventsListener: 0, KernelVersion: host.kernel, OperatingSystem: host.system,
    OSVersion: host.systemVersion, OSType: 'linux', Architecture: host.machine, IndexServerAddress: 'https://index.docker.io/v1/',
    RegistryConfig: { IndexConfigs: new Map(Object.entries(registries)), InsecureRegistryCIDRs: ['127.0.0.0/8'], Mirrors: [] }, NCPU: host.processors, MemTotal: host.memoryBytes, GenericResources: nilSlice, DockerRootDir: rootFolder(terminal),
    HttpProxy: terminal.env['HTTP_PROXY'] ?? '', HttpsProxy: terminal.env['HTTPS_PROXY'] ?? '', NoProxy: terminal.env['NO_PROXY'] ?? '', Name: host.name, Labels: [], ExperimentalBuild: false, ServerVersion: version,
    Runtimes: new Map([['wherry', { path: process.argv[1] ?? '' }]]), DefaultRuntime: 'wherry', Swarm: { NodeID: '', NodeAddr: '', LocalNodeState: 'inactive', ControlAvailable: false, Error: '', RemoteManagers: nilSlice }, LiveRestoreEnabled: true,
    Isolation: '', InitBinary: 'docker-init', SecurityOptions: ['name=rootless'], Warnings: nilSlice,
    ClientInfo: { Debug: false, Version: version, Os: host.platform, Arch: goArch(), Context: 'default', Plugins: [], Warnings: nilSlice }, [typeOf]: 'system.dockerInfo',
  };
}

function text(info: Struct): string {
  const of = (name: string): unknown => info[name];
  const memory = binarySize(Number(of('MemTotal')));
  const lines = [
    'Client:', ` Version:    ${of('ServerVersion')}`, ' Context:    default', ' Debug Mode: false', '', 'Server:',
    ` Containers: ${of('Containers')}`, `  Running: ${of('ContainersRunning')}`, `  Paused: ${of('ContainersPaused')}`, `  Stopped: ${of('ContainersStopped')}`, ` Images: ${of('Images')}`, ` Server Version: ${of('ServerVersion')}`,
    ` Storage Driver: ${of('Driver')}`, ` Logging Driver: ${of('LoggingDriver')}`, ` Cgroup Driver: ${of('CgroupDriver')}`, ` Cgroup Version: ${of('CgroupVersion')}`, ' Plugins:', '  Volume: local', `  Network: ${networkDrivers.join(' ')}`,
    `  Log: ${logDrivers.join(' ')}`, ' Swarm: inactive', ' Runtimes: wherry', ' Default Runtime: wherry', ` Init Binary: ${of('InitBinary')}`, ' Security Options:', '  rootless', ` Kernel Version: ${of('KernelVersion')}`,
    ` Operating System: ${of('OperatingSystem')}`, ' OSType: linux', ` Architecture: ${of('Architecture')}`, ` CPUs: ${of('NCPU')}`, ` Total Memory: ${memory}`, ` Name: ${of('Name')}`, ` Docker Root Dir: ${of('DockerRootDir')}`, ' Debug Mode: false',
    ' Experimental: false', ' Insecure Registries:', '  127.0.0.0/8', ' Live Restore Enabled: true', '',
  ];
  return `${lines.join('\n')}\n`;
}

export const info: Verb = {
  name: 'info',
  aliases: ['system info'],
  common: true,
  usage: '[OPTIONS]',
  help: 'Display system-wide information',
  flags: [inspectFormatFlag],
  words: [0, 0],
  interspersed: true,
  failure: 1,
  async run(parsed, terminal) {
    const format = parsed.string('format');
    const shown = document(terminal);
    if (format) return formatted(terminal, format, shown, '');
    terminal.out(text(shown));
    return 0;
  },
};

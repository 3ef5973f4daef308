// What containers and registries need of the machine around: the network, ports, the terminal, docker's client configuration.
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { nodeNet } from '../../host/node/net.ts';
import { ClientConfig } from '../client-config.ts';
import { type Check, note, ok, problem } from './check.ts';

const network: Check = {
  name: 'Network',
  look() {
    const { nameServers } = nodeNet;
    return [nameServers.length === 0 ? note('no name server is known', 'programs in containers find no hosts by name: see /etc/resolv.conf') : ok(`name servers ${nameServers.join(', ')}`)];
  },
};

const proxyNames = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'] as const;

const proxies: Check = {
  name: 'Proxies',
  look({ env }) {
    const used = proxyNames.flatMap((name) => { const said = env[name] || env[name.toLowerCase()]; return said === undefined || said === '' ? [] : [`${name}=${said.replace(/\/\/[^@/]*@/, '//***@')}`]; });
    return [ok(used.length === 0 ? 'none' : used.join(' '))];
  },
};

/** The lowest port that a user may listen on, where the host says so. */
function lowestPort(): number {
  if (process.geteuid?.() === 0 || process.platform === 'win32' || process.platform === 'darwin') return 1;
  try { return Number(readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'latin1')); } catch { return 1024; }
}

const ports: Check = {
  name: 'Ports',
  look() {
    const lowest = lowestPort();
    return [lowest <= 80 ? ok(`all from ${lowest} on can be published`) : note(`only those from ${lowest} on can be published`, 'publish others on a higher port of this machine: -p 8080:80')];
  },
};

const hasProgram = (name: string, path: string): boolean => path.split(delimiter).some((folder) => folder !== '' && ['', '.exe', '.cmd'].some((end) => existsSync(join(folder, name + end))));

const registries: Check = {
  name: 'Registries',
  look(terminal) {
    let damage = '';
    const config = new ClientConfig({ env: terminal.env, err: (text) => { damage = text.replace('WARNING: ', '').trim(); } });
    if (damage !== '') return [problem(damage, 'correct it or move it away: until then nobody is logged in')];
    if (!existsSync(config.path)) return [ok(`no configuration (${config.path})`)];
    const missing = config.helpers.filter((helper) => !hasProgram(`docker-credential-${helper}`, terminal.env['PATH'] ?? ''));
    const { servers } = config;
    return [
      ok(`${config.path}${servers.length === 0 ? '' : `, logged in to ${servers.join(', ')}`}`),
      ...missing.map((helper) => problem(`the credential helper docker-credential-${helper} is not in $PATH`, `install it, or take ${JSON.stringify(helper)} out of ${config.path}`)),
    ];
  },
};

const terminalCheck: Check = {
  name: 'Terminal',
  look({ inIsTty, outIsTty, env, columns }) {
    if (!inIsTty || !outIsTty) return [ok('none: run -it needs one')];
    return [ok(`${env['TERM'] ?? 'TERM is not set'}, ${columns()} columns`)];
  },
};

const sockets: Check = {
  name: '/proc',
  look() {
    if (process.platform !== 'linux') return [note(`${process.platform}: processes that were killed are recognised by their number alone`)];
    return [existsSync('/proc/self/fd') ? ok('is mounted') : problem('is not mounted', 'host directories cannot be mounted into containers without it')];
  },
};

export const surroundingChecks: readonly Check[] = [network, proxies, ports, registries, terminalCheck, sockets];

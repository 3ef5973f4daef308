// Registries as the command line asks them: with the user's credentials, certificates and proxies.
import { setTimeout } from 'node:timers/promises';
import { join } from 'node:path';
import { nodeFetch } from '../host/node/fetch.ts';
import type { Fetch } from '../host/ports.ts';
import { type Credentials, isLoopback, Registry, type RegistryOptions, type RegistryPorts } from '../oci/registry/index.ts';
import { ClientConfig, configFolder, serverOf } from './client-config.ts';
import { InputError } from './input.ts';
import type { Terminal } from './verb.ts';
import { versionText } from './host-facts.ts';

const portsOf = (terminal: Terminal): RegistryPorts => ({
  fetch: nodeFetch({ env: terminal.env, certificates: [join(configFolder(terminal), 'certs.d'), '/etc/docker/certs.d'] }), nowMs: () => Date.now(), sleep: async (ms) => { await setTimeout(ms); },
});

/** Requests as those to registries: with the user's certificates and proxies. */
export const openFetch = (terminal: Terminal): Fetch => portsOf(terminal).fetch;

/** Whether a registry may be asked without a certificate that somebody vouches for: the loopback, and what WHERRY_INSECURE_REGISTRIES names (commas between). */
const isInsecure = (domain: string, { env }: Terminal): boolean => isLoopback(domain) || (env['WHERRY_INSECURE_REGISTRIES'] ?? '').split(',').map((word) => word.trim()).includes(domain);

/** The registry of a domain, asked by the user whom the configuration names, or by the one given. */
export function openRegistry(domain: string, terminal: Terminal, { credentials, insecure = isInsecure(domain, terminal), ...options }: Pick<RegistryOptions, 'offline' | 'insecure'> & { credentials?: Credentials } = {}): Registry {
  const config = new ClientConfig(terminal);
  return new Registry(domain, portsOf(terminal), {
    ...options, insecure, headers: { 'user-agent': `wherry/${versionText()}`, ...config.headers }, credentials: credentials ?? config.credentials(serverOf(domain)),
    warn: (text) => terminal.err(`WARNING: ${text}\n`),
  });
}

/** Where images of a domain are asked for, in turn: of Docker Hub first what WHERRY_REGISTRY_MIRRORS names (`https://mirror.example,http://mirror.lan:5000`). */
export function registriesOf(domain: string, terminal: Terminal): Registry[] {
  const words = domain === 'docker.io' ? (terminal.env['WHERRY_REGISTRY_MIRRORS'] ?? '').split(',').map((word) => word.trim()).filter((word) => word !== '') : [];
  const mirrors = words.map((word) => {
    const [, scheme, host = ''] = /^(?:(https?):\/\/)?([^/]+)\/?$/.exec(word) ?? [];
    if (host === '') throw new InputError(`WHERRY_REGISTRY_MIRRORS: ${JSON.stringify(word)} is no registry; it takes https://HOST or http://HOST, commas between`);
    return openRegistry(host, terminal, scheme === 'http' ? { insecure: true } : {});
  });
  return [...mirrors, openRegistry(domain, terminal)];
}

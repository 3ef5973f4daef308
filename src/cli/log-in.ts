// Proves to a registry who we are, and keeps it for pull and push.
import { type Credentials, RegistryError } from '../oci/registry/index.ts';
import { ClientConfig, HUB_SERVER, serverNamed } from './client-config.ts';
import type { Parsed } from './flags.ts';
import { InputError } from './input.ts';
import { openRegistry } from './registries.ts';
import { secretLine } from './standard-io.ts';
import type { Terminal } from './verb.ts';

const introduction = `Log in with your Docker ID or email address to push and pull images from Docker Hub. If you don't have a Docker ID, head over to https://hub.docker.com/ to create one.
You can log in with your password or a Personal Access Token (PAT). Using a limited-scope PAT grants better security and is required for organizations using SSO. Learn more at https://docs.docker.com/go/access-tokens/

`;

/** `wherry login`. Throws InputError, RegistryError. */
export async function logIn(parsed: Parsed, terminal: Terminal): Promise<number> {
  const { server, domain } = serverNamed(parsed.words[0]);
  const said = await spoken(parsed, terminal);
  const config = new ClientConfig(terminal);
  const known = said.username === undefined && said.password === undefined ? config.credentials(server) : {};
  if (isSomebody(known) && await again(known, domain, config, server, terminal)) return 0;
  const credentials = await asked({ username: said.username ?? '', password: said.password ?? '' }, known.username ?? '', server, terminal);
  await prove(credentials, domain, config, server, terminal);
  return 0;
}

const isSomebody = ({ username, password, identityToken }: Credentials): boolean => identityToken !== undefined || (username !== undefined && password !== undefined && username !== '' && password !== '');

/** What the command line says. Throws InputError. */
async function spoken(parsed: Parsed, terminal: Terminal): Promise<{ username: string | undefined; password: string | undefined }> {
  const username = parsed.string('username');
  const password = parsed.string('password');
  const isPiped = parsed.bool('password-stdin');
  if (password !== undefined && isPiped) throw new InputError('conflicting options: cannot specify both --password and --password-stdin');
  if (isPiped && !username) throw new InputError('the --password-stdin option requires --username to be set');
  if (username === '') throw new InputError('username is empty');
  if (password === '') throw new InputError('password is empty');
  if (password !== undefined) terminal.err('WARNING! Using --password via the CLI is insecure. Use --password-stdin.\n');
  return { username, password: isPiped ? await terminal.line() : password };
}

/** Asks a terminal for what is missing. Throws InputError. */
async function asked({ username, password }: { username: string; password: string }, known: string, server: string, terminal: Terminal): Promise<{ username: string; password: string }> {
  if (username !== '' && password !== '') return { username, password };
  if (!terminal.inIsTty) throw new InputError('Error: Cannot perform an interactive login from a non TTY device');
  if (username === '') username = await askName(known, server, terminal);
  if (username === '') throw new InputError('Error: Non-null Username Required');
  terminal.out('Password: ');
  const secret = await secretLine();
  terminal.out('\n');
  if (secret === '') throw new InputError('Error: Password Required');
  return { username, password: secret };
}

async function askName(known: string, server: string, terminal: Terminal): Promise<string> {
  if (server === HUB_SERVER && known === '') terminal.out(introduction);
  terminal.out(known === '' ? 'Username: ' : `Username (${known}): `);
  return (await terminal.line())?.trim() || known;
}

/** Tries what is kept from an earlier login; false when the registry does not take it any more. */
async function again(known: Credentials, domain: string, config: ClientConfig, server: string, terminal: Terminal): Promise<boolean> {
  terminal.err(`Authenticating with existing credentials...${known.username ? ` [Username: ${known.username}]` : ''}\n\n Info -> To login with a different account, run 'wherry logout' followed by 'wherry login'\n\n\n`);
  try {
    await prove(known, domain, config, server, terminal);
    return true;
  } catch (error) {
    if (!(error instanceof RegistryError) || error.code === 'unreachable') throw error;
    terminal.err(`Login did not succeed, error: Error response from daemon: ${error.message}\n`);
    return false;
  }
}

/** Throws RegistryError. */
async function prove(credentials: Credentials, domain: string, config: ClientConfig, server: string, terminal: Terminal): Promise<void> {
  const registry = openRegistry(domain, terminal, { credentials, offline: credentials.identityToken === undefined });
  await registry.login();
  const { identityToken = credentials.identityToken } = registry;
  const isWritten = config.store(server, { ...credentials, ...(identityToken === undefined ? {} : { identityToken, password: '' }) });
  if (isWritten) {
    terminal.err(`\nWARNING! Your credentials are stored unencrypted in '${config.path}'.\nConfigure a credential helper to remove this warning. See\nhttps://docs.docker.com/go/credential-store/\n\n`);
  }
  terminal.out('Login Succeeded\n');
}

// docker's client configuration (~/.docker/config.json, or $DOCKER_CONFIG): who we are at registries, kept in the file or by credential helpers. Fields that are not ours stay.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Credentials } from '../oci/registry/index.ts';
import { InputError } from './input.ts';
import type { Terminal } from './verb.ts';

/** The name that Docker Hub has in configurations. */
export const HUB_SERVER = 'https://index.docker.io/v1/';

interface Auth { auth?: string; username?: string; password?: string; identitytoken?: string; registrytoken?: string; [field: string]: unknown }
interface Document { auths?: Record<string, Auth>; credsStore?: string; credHelpers?: Record<string, string>; HttpHeaders?: Record<string, string>; detachKeys?: unknown; [field: string]: unknown }

/** The folder that the configuration and certificates are in. */
export const configFolder = ({ env }: Pick<Terminal, 'env'>): string => env['DOCKER_CONFIG'] || join(env['HOME'] || homedir(), '.docker');

/** How a registry is called in configurations. */
export const serverOf = (domain: string): string => (domain === 'docker.io' ? HUB_SERVER : domain);

/** `https://reg.example/v1/` → `reg.example`: what older clients wrote. */
const hostIn = (server: string): string => server.replace(/^https?:\/\//, '').split('/')[0]!;

/** The server that a user names; Docker Hub without a name. `domain` is what images of it begin with. */
export function serverNamed(said = ''): { readonly server: string; readonly domain: string } {
  const host = hostIn(said);
  const isHub = ['', 'docker.io', 'index.docker.io', 'registry-1.docker.io'].includes(host);
  return isHub ? { server: HUB_SERVER, domain: 'docker.io' } : { server: host, domain: host };
}

/** What a credential helper says of a server it does not know. */
const NOT_FOUND = 'credentials not found in native keychain';
/** A helper's user name when its secret is an identity token. */
const TOKEN_USER = '<token>';

export class ClientConfig {
  readonly path: string;
  readonly #env: Terminal['env'];
  #document: Document = {};

  /** A file that is no configuration is told of, and left alone. */
  constructor(terminal: Pick<Terminal, 'env' | 'err'>) {
    this.path = join(configFolder(terminal), 'config.json');
    this.#env = terminal.env;
    try { this.#document = this.#read(); } catch (error) {
      if (!(error instanceof InputError)) throw error;
      terminal.err(`WARNING: ${error.message}\n`);
    }
  }

  /** Throws InputError for a file that is no configuration. */
  #read(): Document {
    if (!existsSync(this.path)) return {};
    const text = readFileSync(this.path, 'utf8');
    if (text.trim() === '') return {};
    try {
      const document: unknown = JSON.parse(text);
      if (typeof document === 'object' && document !== null && !Array.isArray(document)) return document as Document;
    } catch { /* said below */ }
    throw new InputError(`Error loading config file: ${this.path}: it holds no JSON object`);
  }

  /** Sent with every request to a registry. */
  get headers(): Readonly<Record<string, string>> {
    return Object.fromEntries(Object.entries(this.#document.HttpHeaders ?? {}).filter(([, value]) => typeof value === 'string'));
  }

  /** The keys that leave a container. */
  get detachKeys(): string | undefined { return typeof this.#document.detachKeys === 'string' ? this.#document.detachKeys : undefined; }

  /** Servers that the file holds something for. */
  get servers(): string[] { return Object.keys(this.#document.auths ?? {}); }

  /** The credential helpers that the file names. */
  get helpers(): string[] { return [...new Set([this.#document.credsStore ?? '', ...Object.values(this.#document.credHelpers ?? {})])].filter((name) => name !== ''); }

  /** The helper that keeps a server's credentials; undefined: the file does. */
  #helperFor(server: string): string | undefined { return this.#document.credHelpers?.[server] || this.#document.credsStore || undefined; }

  /** Who we are at a server; empty for nobody. Throws InputError when a helper fails. */
  credentials(server: string): Credentials {
    const helper = this.#helperFor(server);
    return helper === undefined ? this.#inFile(server) : this.#fromHelper(helper, server);
  }

  #inFile(server: string): Credentials {
    const auths = this.#document.auths ?? {};
    const entry = auths[server] ?? Object.entries(auths).find(([key]) => hostIn(key) === hostIn(server))?.[1];
    if (!entry) return {};
    const [username, password] = entry.auth ? pairOf(entry.auth, this.path) : [entry.username, entry.password];
    return {
      ...(entry.identitytoken ? { identityToken: entry.identitytoken } : {}), ...(entry.registrytoken ? { registryToken: entry.registrytoken } : {}), ...(username ? { username } : {}), ...(password ? { password } : {}),
    };
  }

  #fromHelper(helper: string, server: string): Credentials {
    const text = this.#call(helper, 'get', server);
    if (text === undefined) return {};
    let answer: { Username?: string; Secret?: string };
    try { answer = JSON.parse(text) as typeof answer; } catch { throw new InputError(`error getting credentials - err: docker-credential-${helper} gave no JSON`); }
    const { Username: username = '', Secret: secret = '' } = answer;
    return username === TOKEN_USER ? { identityToken: secret } : { username, password: secret };
  }

  /** Asks a helper; undefined when it does not know the server. */
  #call(helper: string, verb: 'get' | 'store' | 'erase', input: string): string | undefined {
    const { status, stdout, error } = spawnSync(`docker-credential-${helper}`, [verb], { input, encoding: 'utf8', env: this.#env as NodeJS.ProcessEnv });
    // A helper may end without having read what it is told.
    const failure = (error as NodeJS.ErrnoException | undefined)?.code === 'EPIPE' && status !== null ? undefined : error as NodeJS.ErrnoException | undefined;
    if (!failure && status === 0) return stdout;
    const said = (stdout ?? '').trim();
    if (said === NOT_FOUND) return undefined;
    const what = verb === 'get' ? 'getting' : verb === 'store' ? 'storing' : 'erasing';
    const why = failure ? (failure.code === 'ENOENT' ? `exec: "docker-credential-${helper}": executable file not found in $PATH` : failure.message) : `exit status ${status}`;
    throw new InputError(`error ${what} credentials - err: ${why}, out: \`${said}\``);
  }

  /** Keeps who we are at a server. True when a password went into the file as it is, where it was not before. */
  store(server: string, { username = '', password = '', identityToken }: Credentials): boolean {
    const helper = this.#helperFor(server);
    if (helper !== undefined) {
      this.#call(helper, 'store', JSON.stringify({ ServerURL: server, Username: identityToken === undefined ? username : TOKEN_USER, Secret: identityToken ?? password }));
      this.#change((auths) => { auths[server] = {}; });
      return false;
    }
    const auth = Buffer.from(`${username}:${identityToken === undefined ? password : ''}`).toString('base64');
    const entry: Auth = { auth, ...(identityToken === undefined ? {} : { identitytoken: identityToken }) };
    if (JSON.stringify(this.#document.auths?.[server]) === JSON.stringify(entry)) return false;
    this.#change((auths) => { auths[server] = entry; });
    return identityToken === undefined;
  }

  /** Forgets who we are at a server. */
  erase(server: string): void {
    const helper = this.#helperFor(server);
    if (helper !== undefined) this.#call(helper, 'erase', server);
    if (this.#document.auths && server in this.#document.auths) this.#change((auths) => { delete auths[server]; });
  }

  /** Reads again, changes and replaces the file at once: whole, for its owner alone (a link stays one). */
  #change(work: (auths: Record<string, Auth>) => void): void {
    this.#document = this.#read();
    const auths = (this.#document.auths ??= {});
    work(auths);
    const path = existsSync(this.path) ? realpathSync(this.path) : this.path;
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const temporary = `${path}.${process.pid}`;
    try {
      writeFileSync(temporary, JSON.stringify(this.#document, null, '\t'), { mode: 0o600, flush: true } as object);
      if (existsSync(path)) chmodSync(temporary, statSync(path).mode & 0o600);
      renameSync(temporary, path);
    } finally { rmSync(temporary, { force: true }); }
  }
}

/** User and password of an `auth` field; passwords may hold colons. */
function pairOf(auth: string, path: string): [string, string] {
  const text = Buffer.from(auth, 'base64').toString();
  const colon = text.indexOf(':');
  if (colon < 0) throw new InputError(`Error loading config file: ${path}: invalid auth configuration file`);
  return [text.slice(0, colon), text.slice(colon + 1).replace(/\0+$/, '')];
}

// The client configuration: what login keeps and where, what pull and push find of it, credential helpers, files that others wrote. And a pull whose process is killed.
import { spawn } from 'node:child_process';
import { chmodSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { addImage } from '../registry/images.ts';
import { TestRegistry } from '../registry/server.ts';
import { answer } from './sessions.ts';
import { TerminalSession } from './terminal-session.ts';

const folder = mkdtempSync(join(tmpdir(), 'wherry-login-'));
const at = (name: string): string => join(folder, name);
let basic: TestRegistry;
let bearer: TestRegistry;
let count = 0;

test.before(async () => {
  basic = await TestRegistry.start({ auth: { kind: 'basic', users: { alice: 's3cret:with:colons' } } });
  bearer = await TestRegistry.start({ auth: { kind: 'bearer', users: { alice: 's3cret' }, refresh: true } });
  for (const registry of [basic, bearer]) await addImage(registry, 'app', '1');
});

test.after(() => {
  for (const registry of [basic, bearer]) registry.stop();
  rmSync(folder, { recursive: true });
});

interface Client { readonly path: string; run(line: string): Promise<string>; read(): Record<string, unknown> & { auths?: Record<string, object> } }

/** A client with a configuration of its own. */
function client(document?: object | string): Client {
  const config = at(`config${count++}`);
  const path = join(config, 'config.json');
  if (document !== undefined) {
    mkdirSync(config);
    writeFileSync(path, typeof document === 'string' ? document : JSON.stringify(document));
  }
  return {
    path,
    async run(line) {
      const { code, out, err } = await answer(line, at(`root${count}`), { DOCKER_CONFIG: config, PATH: `${at('bin')}:${process.env['PATH']}`, HELPER: at('kept') });
      return `${code} ${out}${err}`;
    },
    read: () => JSON.parse(readFileSync(path, 'utf8')) as ReturnType<Client['read']>,
  };
}

const login = (host: string, password = 's3cret:with:colons'): string => `login -u alice --password-stdin ${host} <<< ${password}`;

test('the file: for its owner alone, with what others wrote in it', async () => {
  const others = { auths: { 'other.example': { auth: 'eDp5' } }, credHelpers: {}, psFormat: 'table {{.ID}}', HttpHeaders: { 'X-Own': 'yes' }, plugins: { a: { b: '1' } } };
  const one = client(others);
  assert.match(await one.run(login(basic.host)), /^0 Login Succeeded\n\nWARNING! Your credentials are stored unencrypted in '.*config\.json'\.\n/);
  const auth = Buffer.from('alice:s3cret:with:colons').toString('base64');
  assert.equal(one.read(), { ...others, auths: { ...others.auths, [basic.host]: { auth } } });
  assert.is(statSync(one.path).mode & 0o777, 0o600);
  assert.match(readFileSync(one.path, 'utf8'), /^{\n\t"auths": {\n/);
  basic.asked.length = 0;
  assert.match(await one.run(`pull -q ${basic.host}/app:1`), /^0 /);
  assert.ok(basic.asked.every(({ headers }) => headers['x-own'] === 'yes' && headers['user-agent']?.startsWith('wherry/')));
  assert.match(await one.run(`logout ${basic.host}`), /^0 Removing/);
  assert.equal(one.read(), others);
});

test('a file that is a link stays one', async () => {
  const one = client('{}');
  const real = at('real.json');
  writeFileSync(real, '{"a":1}');
  rmSync(one.path);
  symlinkSync(real, one.path);
  await one.run(login(basic.host));
  assert.ok(lstatSync(one.path).isSymbolicLink());
  assert.is(one.read()['a'], 1);
});

test('a folder that is not there is made, for its owner alone', async () => {
  const one = client();
  await one.run(login(basic.host));
  assert.is(statSync(join(one.path, '..')).mode & 0o777, 0o700);
});

test('a wrong password keeps nothing', async () => {
  const one = client();
  assert.is(await one.run(login(basic.host, 'wrong')), `1 Error response from daemon: login attempt to http://${basic.host}/v2/ failed with status: 401 Unauthorized\n`);
  assert.throws(() => one.read());
});

test('names that older clients wrote, and fields in clear', async () => {
  const auth = Buffer.from('alice:s3cret:with:colons').toString('base64');
  for (const auths of [{ [`https://${basic.host}/v1/`]: { auth } }, { [`http://${basic.host}`]: { auth } }, { [basic.host]: { username: 'alice', password: 's3cret:with:colons' } }]) assert.match(await client({ auths }).run(`pull -q ${basic.host}/app:1`), /^0 /, JSON.stringify(auths));
  assert.match(await client({ auths: { [basic.host]: {} } }).run(`pull -q ${basic.host}/app:1`), /^1 .*no basic auth credentials\n$/);
});

test('what is no configuration: told, nothing lost', async () => {
  for (const text of ['{"auths":', '[]', '"x"']) {
    const one = client(text);
    assert.match(await one.run(`pull -q ${basic.host}/app:1`), /WARNING: Error loading config file: .*config\.json: .*no basic auth credentials\n$/s);
    assert.match(await one.run(login(basic.host)), /^1 /);
    assert.is(readFileSync(one.path, 'utf8'), text);
  }
  const bad = client({ auths: { [basic.host]: { auth: Buffer.from('no colon').toString('base64') } } });
  assert.match(await bad.run(`pull -q ${basic.host}/app:1`), /^1 .*invalid auth configuration file\n$/s);
});

test('bearer: a refresh token is kept in the place of the password', async () => {
  const one = client();
  assert.is(await one.run(login(bearer.host, 's3cret')), '0 Login Succeeded\n');
  const { identitytoken, auth } = one.read().auths![bearer.host] as { identitytoken: string; auth: string };
  assert.match(identitytoken, /^[0-9a-f-]{36}$/);
  assert.is(Buffer.from(auth, 'base64').toString(), 'alice:');
  bearer.asked.length = 0;
  assert.match(await one.run(`pull -q ${bearer.host}/app:1`), /^0 /);
  assert.equal(bearer.asked.filter(({ url }) => url.pathname === '/token').map(({ method }) => method), ['POST']);
  assert.match(await one.run(`login ${bearer.host}`), /^0 Login Succeeded\nAuthenticating with existing credentials\.\.\./);
});

// --- helpers ---

/** Keeps one server's credentials in the file $HELPER, as docker-credential-helpers have it. */
const helper = `#!/bin/sh
echo "$1" >> "$HELPER.calls"
case "$1" in
store) cat > "$HELPER" ;;
get) read -r server; grep -q "\\"ServerURL\\":\\"$server\\"" "$HELPER" 2>/dev/null && cat "$HELPER" || { echo "credentials not found in native keychain"; exit 1; } ;;
erase) rm -f "$HELPER" ;;
esac
`;

test('a credential helper keeps what the file does not', async () => {
  mkdirSync(at('bin'));
  writeFileSync(at('bin/docker-credential-test'), helper);
  chmodSync(at('bin/docker-credential-test'), 0o755);
  for (const document of [{ credsStore: 'test' }, { credHelpers: { [basic.host]: 'test', [bearer.host]: 'test' }, credsStore: 'nowhere' }]) {
    const one = client(document);
    assert.match(await one.run(`pull -q ${basic.host}/app:1`), /^1 .*no basic auth credentials\n$/);
    assert.is(await one.run(login(basic.host)), '0 Login Succeeded\n');
    assert.equal(one.read(), { ...document, auths: { [basic.host]: {} } });
    assert.equal(JSON.parse(readFileSync(at('kept'), 'utf8')), { ServerURL: basic.host, Username: 'alice', Secret: 's3cret:with:colons' });
    assert.match(await one.run(`pull -q ${basic.host}/app:1`), /^0 /);
    assert.match(await one.run(`login ${basic.host}`), /^0 Login Succeeded\nAuthenticating with existing credentials\.\.\. \[Username: alice\]/);
    assert.match(await one.run(`logout ${basic.host}`), /^0 Removing/);
    assert.equal(one.read(), { ...document, auths: {} });
    await one.run(login(bearer.host, 's3cret'));
    assert.is((JSON.parse(readFileSync(at('kept'), 'utf8')) as { Username: string }).Username, '<token>');
    assert.match(await one.run(`pull -q ${bearer.host}/app:1`), /^0 /);
    await one.run(`logout ${bearer.host}`);
  }
});

test('a helper that is not there, or fails', async () => {
  assert.match(await client({ credsStore: 'nowhere' }).run(login(basic.host)), /^1 error storing credentials - err: exec: "docker-credential-nowhere": executable file not found in \$PATH, out: ``\n$/);
  writeFileSync(at('bin/docker-credential-broken'), '#!/bin/sh\necho locked\nexit 3\n');
  chmodSync(at('bin/docker-credential-broken'), 0o755);
  assert.match(await client({ credsStore: 'broken' }).run(login(basic.host)), /^1 error storing credentials - err: exit status 3, out: `locked`\n$/);
});

test('manifest inspect: the document, with tabs', async () => {
  const registry = await TestRegistry.start();
  try {
    await addImage(registry, 'app', '1');
    const document: unknown = JSON.parse(registry.manifest('app', '1')!.bytes.toString());
    assert.is(await client().run(`manifest inspect ${registry.host}/app:1`), `0 ${JSON.stringify(document, null, '\t')}\n`);
    assert.is(await client().run(`manifest inspect --insecure ${registry.host}/app:nope`), `1 no such manifest: ${registry.host}/app:nope\n`);
  } finally { registry.stop(); }
});

test('mirrors of Docker Hub are asked in turn; images have its name', async () => {
  const [empty, mirror] = [await TestRegistry.start(), await TestRegistry.start()];
  try {
    await addImage(mirror, 'library/app', '1');
    const env = { DOCKER_CONFIG: at('none'), WHERRY_REGISTRY_MIRRORS: `${empty.origin}, ${mirror.origin}/` };
    const { code, out } = await answer('pull app:1', at('mirrored'), env);
    assert.is(code, 0);
    assert.ok(empty.asked.length > 0);
    assert.match(out, /^1: Pulling from library\/app\n.*\nStatus: Downloaded newer image for app:1\ndocker\.io\/library\/app:1\n$/s);
    assert.match((await answer('images app:1', at('mirrored'))).out, /\napp +1 /);
    assert.match((await answer('pull app:1', at('mirrored'), { ...env, WHERRY_REGISTRY_MIRRORS: 'ftp://x' })).err, /^WHERRY_REGISTRY_MIRRORS: "ftp:\/\/x" is no registry/);
  } finally { for (const registry of [empty, mirror]) registry.stop(); }
});

test('registries that need no TLS by name, through a proxy', async () => {
  const registry = await TestRegistry.start();
  try {
    await addImage(registry, 'app', '1');
    const env = { DOCKER_CONFIG: at('none'), HTTP_PROXY: registry.origin, HTTPS_PROXY: 'http://127.0.0.1:1' };
    const refused = await answer('pull -q registry.test:8/app:1', at('insecure'), env);
    assert.match(refused.err, /^Error response from daemon: Get "https:\/\/registry\.test:8\/v2\/": proxyconnect tcp: dial tcp 127\.0\.0\.1:1: connect: connection refused\n$/);
    assert.equal(registry.asked, []);
    const { code, out } = await answer('pull -q registry.test:8/app:1', at('insecure'), { ...env, WHERRY_INSECURE_REGISTRIES: 'other.test, registry.test:8' });
    assert.equal([code, out], [0, 'registry.test:8/app:1\n']);
  } finally { registry.stop(); }
});

test('search is refused by name', async () => assert.match(await client().run('search busybox'), /^1 wherry search is not supported: /));

// --- at a terminal ---

const atTerminal = (config: string, ...words: string[]): TerminalSession => new TerminalSession([process.execPath, 'bin/wherry.mjs', ...words], { ...process.env, WHERRY_ROOT: at('terminal'), DOCKER_CONFIG: config });

test('at a terminal: name and password are asked for, the password is not shown', async () => {
  const session = atTerminal(at('typed'), 'login', basic.host);
  await session.see(/Username: $/);
  session.type('alice\r');
  await session.see(/Password: $/);
  await session.awaitModes(false);
  session.type('s3cret:with:colons\r');
  const { code, text, restored } = await session.ended();
  assert.is(code, 0, text);
  assert.ok(restored && text.includes('Login Succeeded') && !text.includes('s3cret'), text);
});

test('what was kept and is not taken any more: told, and asked again', async () => {
  const config = at('stale');
  mkdirSync(config);
  writeFileSync(join(config, 'config.json'), JSON.stringify({ auths: { [basic.host]: { auth: Buffer.from('alice:old').toString('base64') } } }));
  const session = atTerminal(config, 'login', basic.host);
  await session.see(/Login did not succeed, error: Error response from daemon: login attempt to .* failed with status: 401 Unauthorized/);
  await session.see(/Username \(alice\): $/);
  session.type('\r');
  await session.see(/Password: $/);
  await session.awaitModes(false);
  session.type('s3cret:with:colons\r');
  assert.is((await session.ended()).code, 0);
});

test('ended at the password: the terminal is as it was', async () => {
  for (const [signal, code] of [['SIGINT', 130], ['SIGTERM', 143]] as const) {
    const session = atTerminal(at('interrupted'), 'login', '-u', 'alice', basic.host);
    await session.see(/Password: $/);
    await session.awaitModes(false);
    process.kill(await session.pid(), signal);
    const ended = await session.ended();
    assert.is(ended.code, code);
    assert.ok(ended.restored);
  }
});

// --- a process that is killed ---

/** Ends when `wherry pull` has, or is killed when so many bytes have come. */
function pull(root: string, host: string, killAt = Infinity): Promise<number | null> {
  const child = spawn(process.execPath, ['bin/wherry.mjs', 'pull', `${host}/big:1`], { env: { ...process.env, WHERRY_ROOT: root, DOCKER_CONFIG: at('none') }, stdio: 'ignore' });
  sent = (bytes) => { if (bytes >= killAt) child.kill('SIGKILL'); };
  return new Promise((done) => { child.on('close', (code) => done(code)); });
}
let sent: (bytes: number) => void = () => {};

test('a killed pull leaves nothing to see, and the next one goes on', async () => {
  const registry = await TestRegistry.start();
  try {
    const content = Buffer.from(Array.from({ length: 3_000_000 }, (_, i) => Math.imul(i, 2654435761) >>> 13));
    const { layers: [layer = ''] } = await addImage(registry, 'big', '1', { layers: [[{ name: 'big', content }]], pack: (tar) => tar });
    registry.faults = [({ url, headers }, response) => {
      if (!url.pathname.endsWith(layer)) return false;
      const bytes = registry.blobs.get(layer)!;
      const from = Number(/bytes=(\d+)/.exec(headers.range ?? '')?.[1] ?? 0);
      response.writeHead(from > 0 ? 206 : 200, { 'content-length': String(bytes.length - from), ...(from > 0 ? { 'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}` } : {}) });
      let done = from;
      const more = (): void => {
        if (response.destroyed) return;
        const piece = bytes.subarray(done, done + 200_000);
        if (piece.length === 0) { response.end(); return; }
        response.write(piece);
        done += piece.length;
        sent(done);
        setTimeout(more, 5);
      };
      more();
      return true;
    }];
    const root = at('killed');
    for (const bytes of [400_000, 1_200_000, 2_400_000]) {
      assert.is(await pull(root, registry.host, bytes), null, 'killed');
      const { out } = await answer('images -q', root);
      assert.is(out, '');
    }
    assert.is(await pull(root, registry.host), 0);
    const ranges = registry.asked.filter(({ url }) => url.pathname.endsWith(layer)).map(({ headers }) => Number(/bytes=(\d+)/.exec(headers.range ?? '')?.[1] ?? 0));
    assert.is(ranges.length, 4);
    assert.ok(ranges.at(-1)! > 0 && ranges.every((from, i) => i === 0 || from >= ranges[i - 1]!), `each goes on where the last one was: ${ranges}`);
    assert.match((await answer('images -q', root)).out, /^[0-9a-f]{12}\n$/);
  } finally { registry.stop(); }
});

test.run();

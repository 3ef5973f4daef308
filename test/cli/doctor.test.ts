// What doctor finds: nothing on a healthy machine, and each of the things that are broken here on purpose.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { runLine } from '../../src/cli/command-line.ts';
import { archiveOf } from '../oci/archives.ts';

const folder = mkdtempSync(join(tmpdir(), 'wherry-doctor-'));
test.after(() => { rmSync(folder, { recursive: true }); });

let stores = 0;
async function inStore(prepare: (root: string, say: (line: string) => Promise<unknown>) => Promise<void> = async () => {}, line = 'doctor --format json', env: Record<string, string> = {}): Promise<{ code: number; out: string; rows: { Status: string; Check: string; Finding: string; Advice: string }[] }> {
  const root = join(folder, `store${stores++}`);
  let out = '';
  const say = (words: string): Promise<number> => {
    out = '';
    return runLine(words.split(' '), { env: { WHERRY_ROOT: root, DOCKER_CONFIG: join(folder, 'none'), PATH: '/bin', ...env }, out: (text) => { out += text; }, err: (text) => { out += text; }, outIsTty: false, errIsTty: false, inIsTty: false, columns: () => 80, line: async () => undefined });
  };
  await prepare(root, say);
  const code = await say(line);
  return { code, out, rows: line.includes('json') ? out.trim().split('\n').map((row) => JSON.parse(row)) : [] };
}

async function withImage(_root: string, say: (line: string) => Promise<unknown>): Promise<void> {
  const archive = join(folder, `image${stores}.tar`);
  writeFileSync(archive, await archiveOf({ tags: ['x:1'], config: { Cmd: ['true'] } }));
  await say(`load -i ${archive}`);
}

const problemsOf = ({ rows }: { rows: { Status: string; Check: string; Finding: string }[] }): string[] => rows.filter(({ Status }) => Status === 'problem').map(({ Check, Finding }) => `${Check}: ${Finding}`);

test('a healthy machine', async () => {
  const said = await inStore(withImage, 'doctor --verify --format json');
  assert.equal(problemsOf(said), []);
  assert.is(said.code, 0);
  const found = new Map(said.rows.map(({ Check, Finding }) => [Check, Finding]));
  assert.match(found.get('Self test') ?? '', /^a BusyBox shell ran in \d+\.\d s$/);
  assert.match(found.get('Images') ?? '', /^1 image, 1 layer, .*, every layer as its digest says$/);
  assert.is(found.get('WebAssembly'), 'tail calls, SIMD, bulk memory');
});

test('for people', async () => {
  const { out, code } = await inStore(undefined, 'doctor');
  assert.match(out, /^ok {8}Node\.js {6}v\d+[^]*\n\nno problems, (?:no|\d+) notes?\n$/);
  assert.is(code, 0);
});

/** Where the only layer's tar lies. */
const layerOf = (root: string): string => {
  const blobs = join(root, 'oci/blobs/sha256');
  return join(blobs, readdirSync(blobs).find((name) => isTar(join(blobs, name)))!);
};
const isTar = (path: string): boolean => readFileSync(path).subarray(257, 262).toString() === 'ustar';

test('a layer that was changed is found when all is read', async () => {
  const damage = async (root: string, say: (line: string) => Promise<unknown>): Promise<void> => {
    await withImage(root, say);
    const path = layerOf(root);
    const bytes = readFileSync(path);
    bytes[0]! ^= 1;
    writeFileSync(path, bytes);
  };
  assert.equal(problemsOf(await inStore(damage)), []);
  const said = await inStore(damage, 'doctor --verify --format json');
  assert.is(said.code, 1);
  assert.match(problemsOf(said).join(), /^Images: layer sha256:[0-9a-f]{12} of x:1 is not what its digest says$/);
});

test('a layer that is missing', async () => {
  const said = await inStore(async (root, say) => { await withImage(root, say); rmSync(layerOf(root)); });
  assert.match(problemsOf(said).join(), /^Images: layer sha256:[0-9a-f]{12} of x:1: layer .* is missing from the store$/);
  assert.is(said.code, 1);
});

test('a record of a container that is damaged', async () => {
  const said = await inStore(async (root) => {
    mkdirSync(join(root, 'containers/abc'), { recursive: true });
    writeFileSync(join(root, 'containers/abc/config.json'), '{');
  });
  assert.match(problemsOf(said).join(), /^Containers: containers\/abc\/config\.json is damaged/);
});

test('a store that is no folder', async () => {
  const said = await inStore(async (root) => writeFileSync(root, ''));
  assert.match(problemsOf(said)[0] ?? '', /^Store: .* is no folder$/);
});

test('a credential helper that is not installed, a configuration that is none, secrets', async () => {
  const config = (text: string): string => {
    const path = mkdtempSync(join(folder, 'docker-'));
    writeFileSync(join(path, 'config.json'), text);
    return path;
  };
  const missing = await inStore(undefined, undefined, { DOCKER_CONFIG: config('{"auths":{"reg.example":{"auth":"c2VjcmV0OnNlY3JldA=="}},"credsStore":"nosuch"}'), HTTPS_PROXY: 'http://me:secret@proxy:3128' });
  assert.equal(problemsOf(missing), ['Registries: the credential helper docker-credential-nosuch is not in $PATH']);
  assert.match(missing.out, /logged in to reg\.example/);
  assert.match(missing.out, /HTTPS_PROXY=http:\/\/\*\*\*@proxy:3128/);
  assert.not.match(missing.out, /secret|c2Vj/);
  assert.match(problemsOf(await inStore(undefined, undefined, { DOCKER_CONFIG: config('{') })).join(), /^Registries: .*Error loading config file/);
});

test.run();

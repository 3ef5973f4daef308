// Registries that answer with documents and headers that are wrong in any way: a clear error with a code, nothing in the store, no endless work.
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseChallenges } from '../../src/oci/registry/challenge.ts';
import { memoryStore } from '../oci/archives.ts';
import { faults } from '../oci/whole.ts';
import { answer } from './answers.ts';
import { clientOf } from './client.ts';
import { addImage, addIndex, types } from './images.ts';
import { TestRegistry } from './server.ts';

let registry: TestRegistry;
test.before(async () => { registry = await TestRegistry.start(); });
test.after(() => { registry.stop(); });

type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/** Every place in a document. */
function places(value: Json, path: readonly (string | number)[] = []): (readonly (string | number)[])[] {
  if (typeof value !== 'object' || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, inner]) => places(inner, [...path, key]))];
}

/** The same with another value at a place; undefined: without it. */
function changed(value: Json, [key, ...rest]: readonly (string | number)[], to: Json | undefined): Json | undefined {
  if (key === undefined) return to;
  const copy = structuredClone(value) as Record<string, Json>;
  const inner = changed(copy[key] as Json, rest, to);
  if (inner === undefined) delete copy[key];
  else copy[key] = inner;
  return copy as Json;
}

const odd: (Json | undefined)[] = [undefined, null, true, 0, -1, 1.5, 1e300, '', 'x', '../../etc/passwd', `sha256:${'0'.repeat(63)}`, `sha512:${'0'.repeat(128)}`, [], {}, [null], [{}]];

/** What a pull ends with. */
async function outcome(name: string): Promise<string> {
  const { images, files } = memoryStore();
  try { await clientOf(registry).pull(images, name); } catch (error) {
    const { code, name: kind, message } = error as Error & { code?: string };
    assert.ok(['RegistryError', 'ImageError'].includes(kind) && code, `${kind}: ${message}\n${(error as Error).stack}`);
    assert.equal(images.store.images(), []);
    assert.equal(files().filter((path) => !path.includes('/left/')), []);
    return code!;
  }
  assert.equal(faults(images), []);
  return 'pulled';
}

test('manifests with one odd value', async () => {
  await addImage(registry, 'app', 'good', { layers: [[{ name: 'a', content: 'a' }], [{ name: 'b', content: 'b' }]] });
  const good = JSON.parse(registry.manifest('app', 'good')!.bytes.toString()) as Json;
  const outcomes = new Set<string>();
  for (const [i, place] of places(good).entries()) {
    for (const [j, value] of odd.entries()) {
      const document = changed(good, place, value);
      registry.addManifest('app', `m${i}-${j}`, types.manifest, document === undefined ? '' : JSON.stringify(document));
      outcomes.add(await outcome(`app:m${i}-${j}`));
    }
  }
  assert.ok(outcomes.has('pulled') && outcomes.size > 2, [...outcomes].join());
});

test('configurations and indexes with one odd value', async () => {
  const remote = await addImage(registry, 'app', 'good');
  const good = JSON.parse(registry.manifest('app', 'good')!.bytes.toString()) as { config: { digest: string; size: number } } & Record<string, Json>;
  const config = JSON.parse(registry.blobs.get(remote.config)!.toString()) as Json;
  for (const [i, place] of places(config).entries()) {
    for (const [j, value] of odd.entries()) {
      const bytes = JSON.stringify(changed(config, place, value) ?? '');
      registry.addManifest('app', `c${i}-${j}`, types.manifest, { ...good, config: { ...good.config, digest: registry.addBlob('app', bytes), size: bytes.length } });
      await outcome(`app:c${i}-${j}`);
    }
  }
  addIndex(registry, 'app', 'index', [[remote, { architecture: 'amd64' }], [remote, { architecture: 'arm64' }]]);
  const index = JSON.parse(registry.manifest('app', 'index')!.bytes.toString()) as Json;
  for (const [i, place] of places(index).entries()) {
    for (const [j, value] of odd.entries()) {
      const document = changed(index, place, value);
      registry.addManifest('app', `i${i}-${j}`, types.index, document === undefined ? '' : JSON.stringify(document));
      await outcome(`app:i${i}-${j}`);
    }
  }
});

test('an index that leads to itself, by a digest that it cannot have, and one nested too deep', async () => {
  const remote = await addImage(registry, 'app', 'good');
  let inner = remote;
  for (let i = 0; i < 8; i++) inner = { ...remote, digest: addIndex(registry, 'app', `deep${i}`, [[inner, { architecture: 'amd64' }]]), mediaType: types.index };
  assert.is(await outcome('app:deep2'), 'pulled');
  assert.is(await outcome('app:deep7'), 'bad-content');
});

test('documents without end are not read to their end', async () => {
  registry.faults = [({ method, url }, response) => {
    if (method !== 'GET' || !url.pathname.includes('/manifests/')) return false;
    response.writeHead(200, { 'content-type': types.manifest });
    const more = (): void => { while (!response.destroyed && response.write(Buffer.alloc(1 << 20, 32))); };
    response.on('drain', more);
    more();
    return true;
  }];
  assert.is(await outcome('app:good'), 'bad-content');
  registry.faults = [];
});

test('odd headers', async () => {
  await addImage(registry, 'app', 'good');
  const headers: [string, string][] = [
    ['content-type', ''], ['content-type', 'text/html'], ['content-type', 'application/vnd.docker.distribution.manifest.v1+json'], ['docker-content-digest', 'x'], ['docker-content-digest', ''], ['warning', '299'], ['warning', '299 - "'], ['www-authenticate', 'Bearer'],
    ['retry-after', 'never'], ['content-encoding', 'identity'],
  ];
  for (const [name, value] of headers) {
    registry.faults = [({ url, method }, response) => {
      const found = url.pathname.includes('/manifests/') && registry.manifest('app', url.pathname.split('/').at(-1)!);
      return found && answer(response, 200, { 'content-type': found.mediaType, 'docker-content-digest': found.digest, [name]: value }, method === 'HEAD' ? '' : found.bytes.toString());
    }];
    await outcome('app:good');
  }
  for (const challenge of ['Bearer', 'Bearer realm=""', 'Bearer realm="ftp://x"', `Bearer realm="${registry.origin}/nothing"`, 'Basic', 'Digest realm="x"', ', ,', 'Bearer realm="http://127.0.0.1:1/token"']) {
    registry.faults = [(_, response) => answer(response, 401, { 'www-authenticate': challenge })];
    assert.match(await outcome('app:good'), /^(unauthorized|unreachable|not-found|unsupported)$/, challenge);
  }
  registry.faults = [];
});

test('any header is read as challenges without harm', () => {
  fc.assert(fc.property(fc.string(), (text) => { parseChallenges(text); }), { numRuns: 2000 });
  fc.assert(fc.property(fc.array(fc.constantFrom('Bearer', 'Basic', ' ', ',', '=', '"', '\\', 'realm', 'x', 'scope="a b"', 'é')), (words) => { parseChallenges(words.join('')); }), { numRuns: 2000 });
  assert.equal(parseChallenges('Basic realm="a, b", Bearer realm="https://x/y",service=z , scope="repository:a:pull,push"'), [
    { scheme: 'basic', parameters: { realm: 'a, b' } }, { scheme: 'bearer', parameters: { realm: 'https://x/y', service: 'z', scope: 'repository:a:pull,push' } },
  ]);
  assert.equal(parseChallenges('Negotiate, bearer realm="q\\"r"'), [{ scheme: 'bearer', parameters: { realm: 'q"r' } }]);
});

test.run();

// pull, push, login and logout as docker's client and daemon answered them with Debian's docker-registry (recorded), and as ours do with a registry of tests.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { TestRegistry } from '../registry/server.ts';
import { answer, comparable, recording } from './sessions.ts';

const folder = mkdtempSync(join(tmpdir(), 'wherry-registry-'));
let open: TestRegistry;
let closed: TestRegistry;

test.before(async () => {
  open = await TestRegistry.start();
  closed = await TestRegistry.start({ auth: { kind: 'basic', users: { alice: 's3cret' } } });
});

test.after(() => {
  for (const registry of [open, closed]) registry.stop();
  rmSync(folder, { recursive: true });
});

/** What differs for good reasons: addresses, where the configuration lies, the size of manifests and of columns, digests (layers are packed by another gzip, manifests are OCI's), words that docker says only when it is slow. */
const plain = (text: string): string => comparable(text.replaceAll(open.host, '127.0.0.1:5977').replaceAll(closed.host, '127.0.0.1:5978').replace(/size: \d+/g, 'size: N').replace(/'[^']*\/config\.json'/g, 'CONFIG').replace(/sha256:[0-9a-f]{64}/g, 'a digest').replace(/^[0-9a-f]{12}: (Waiting|Verifying Checksum)\n/gm, ''));

/** The line for our registries, in which the image that was pushed has another digest than docker's. */
const own = (line: string): string => line.replaceAll('127.0.0.1:5977', open.host).replaceAll('127.0.0.1:5978', closed.host).replace(/(\/bb@)sha256:5ca6[0-9a-f]{60}/, (_, before: string) => before + open.manifest('bb', '1')!.digest);

/** The rows of a table; docker shows the names of one image in any order. */
const rows = (text: string): string => text.replace(/ {2,}/g, '  ').split('\n').sort().join('\n');

for (const [line, code, out, err] of recording('registry')) {
  test(line, async () => {
    const ours = await answer(own(line), join(folder, 'root'), { DOCKER_CONFIG: join(folder, 'config') });
    const table = line.startsWith('images') ? rows : (text: string) => text;
    assert.is(table(plain(ours.out)), table(plain(out)));
    assert.is(plain(ours.err), plain(err));
    assert.is(ours.code, code);
  });
}

test.run();

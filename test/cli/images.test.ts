// Verbs for images where the session with docker's client does not reach: names that change hands, questions, terminals, pipes, documents.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { runLine } from '../../src/cli/command-line.ts';
import type { Terminal } from '../../src/cli/verb.ts';
import { tarOf } from '../layers/tars.ts';
import { archiveOf, sha256 } from '../oci/archives.ts';

const folder = mkdtempSync(join(tmpdir(), 'wherry-images-'));
const at = (name: string): string => join(folder, name);
test.after(() => { rmSync(folder, { recursive: true }); });

interface Said { code: number; out: string; err: string }
let stores = 0;

/** A store of its own, and what answers in it. `answers`: lines of standard input. */
function freshStore(answers: string[] = []): { root: string; say: (line: string, changes?: Partial<Terminal>) => Promise<Said> } {
  const root = at(`store${stores++}`);
  return { root, say: async (line, changes = {}) => {
    const said = { out: '', err: '' };
    const terminal: Terminal = {
      env: { WHERRY_ROOT: root }, out: (text) => { said.out += text; }, err: (text) => { said.err += text; }, outIsTty: false, errIsTty: false, inIsTty: false, columns: () => 120, line: async () => answers.shift(), ...changes,
    };
    return { code: await runLine(line.split(' '), terminal), ...said };
  } };
}

async function archive(name: string, options: Parameters<typeof archiveOf>[0]): Promise<string> {
  writeFileSync(at(name), await archiveOf(options));
  return at(name);
}

test('an image whose name goes to another is told of, and stays without', async () => {
  const { say } = freshStore();
  const one = await archive('one.tar', { tags: ['x:1'], config: { Labels: { n: '1' } } });
  const two = await archive('two.tar', { tags: ['x:1'], config: { Labels: { n: '2' } } });
  await say(`load -i ${one}`);
  const { out: id } = await say('images -q --no-trunc');
  assert.is((await say(`load -i ${two}`)).out, `The image x:1 already exists, renaming the old one with ID ${id.trim()} to empty string\nLoaded image: x:1\n`);
  assert.is((await say(`load -i ${two}`)).out, 'Loaded image: x:1\n');
  assert.match((await say('images -f dangling=true')).out, new RegExp(`\\n<none> +<none> +${id.slice(7, 19)} +N/A +5B\\n$`));
  assert.is((await say('images -q -f label=n=2')).out.length, 13);
  assert.is((await say('images -q -f label=n')).out.length, 26);
});

test('an archive without names', async () => {
  const { say } = freshStore();
  assert.match((await say(`load -i ${await archive('nameless.tar', { tags: null })}`)).out, /^Loaded image ID: sha256:[0-9a-f]{64}\n$/);
});

test('image prune asks, and only y is a yes', async () => {
  const { say } = freshStore(['n', 'yes', 'Y']);
  await say(`load -i ${await archive('dangling.tar', { tags: null })}`);
  const question = 'WARNING! This will remove all dangling images.\nAre you sure you want to continue? [y/N] ';
  for (let i = 0; i < 2; i++) assert.equal(await say('image prune'), { code: 0, out: question, err: '' });
  assert.match((await say('image prune')).out, /^WARNING![^]*\[y\/N\] Deleted Images:\ndeleted: sha256:[0-9a-f]{64}\ndeleted: sha256:[0-9a-f]{64}\n\nTotal reclaimed space: [\d.]+k?B\n$/);
  assert.is((await say('image prune -a')).out, 'WARNING! This will remove all images without at least one container associated to them.\nAre you sure you want to continue? [y/N] ', 'no answer is a no');
});

test('archives are not written to a terminal, nor read from one', async () => {
  const { say } = freshStore();
  assert.equal(await say('save x', { outIsTty: true }), { code: 1, out: '', err: 'cowardly refusing to save to a terminal. Use the -o flag or redirect\n' });
  assert.equal(await say('load', { inIsTty: true }), { code: 1, out: '', err: 'requested load from stdin, but stdin is empty\n' });
});

test('save -o: the file is there whole or not at all', async () => {
  const { say, root } = freshStore();
  await say('load -q -i images/busybox.tar');
  assert.equal(await say(`save busybox -o ${at('saved.tar')}`), { code: 0, out: '', err: '' });
  const saved = readFileSync(at('saved.tar'));
  const layer = readdirSync(join(root, 'oci/blobs/sha256')).map((name) => join(root, 'oci/blobs/sha256', name)).find((path) => readFileSync(path).length > 1e6)!;
  rmSync(layer);
  assert.is((await say(`save busybox -o ${at('saved.tar')}`)).code, 1);
  assert.is((await say(`save busybox -o ${at('never.tar')}`)).code, 1);
  assert.is(sha256(readFileSync(at('saved.tar'))), sha256(saved));
  assert.not(existsSync(at('never.tar')));
  assert.equal(readdirSync(folder).filter((name) => name.startsWith('.tmp')), []);
});

test('import: an image of a tar, with changes', async () => {
  const { say } = freshStore();
  writeFileSync(at('root.tar'), await tarOf([{ name: 'hello', content: 'world' }]));
  const { out, code } = await say(`import -c CMD=x ${at('root.tar')}`);
  assert.equal([out, code], ['', 1], 'no instruction');
  const { out: id } = await say(`import --message why -c LABEL\ta=b ${at('root.tar')} imp:1`);
  assert.match(id, /^sha256:[0-9a-f]{64}\n$/);
  assert.is((await say('inspect -f {{.Id}}\n{{.Config.Labels.a}}\n{{.Comment}}\n{{.Size}}\n{{json\t.RepoTags}} imp:1')).out, `${id}b\nwhy\n5\n["imp:1"]\n`);
  assert.is((await say('history --format {{.Comment}}\t{{.Size}} imp:1')).out, 'why\t5B\n');
  for (const url of ['http://localhost/x.tar', 'https://example.org/x.tar']) assert.match((await say(`import ${url}`)).err, new RegExp(`^cannot import ${url}: URLs are not fetched`));
});

test('inspect: Docker\'s document', async () => {
  const { say } = freshStore();
  await say('load -q -i images/busybox.tar');
  const { out } = await say('inspect busybox');
  assert.match(out, /^\[\n {4}\{\n {8}"Id": "sha256:[0-9a-f]{64}",\n {8}"RepoTags": \[\n {12}"busybox:latest"\n {8}\],\n/);
  assert.match(out, /\n {4}\}\n\]\n$/);
  const [document] = JSON.parse(out) as Record<string, any>[];
  assert.equal(document!['Config'], { Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'], Cmd: ['sh'], WorkingDir: '/' });
  assert.equal([document!['Architecture'], document!['Os'], document!['Created'], document!['RootFS'].Layers.length], ['amd64', 'linux', '2024-01-01T00:00:00Z', 1]);
  assert.is((await say('inspect -f json busybox')).out, `${JSON.stringify([document])}\n`);
  assert.is((await say('inspect -f {{.Config.Labels}}{{.Config.OnBuild}}{{.Config.ExposedPorts}}{{.Config.Healthcheck}} busybox')).out, 'map[][]map[]<nil>\n');
});

test('what was loaded has no digest of a registry, and can be called by that of its manifest', async () => {
  const { say } = freshStore();
  await say('load -q -i images/busybox.tar');
  assert.is((await say('images --format {{.Digest}}')).out, '<none>\n');
  assert.match((await say('images --digests')).out, /^REPOSITORY +TAG +DIGEST +IMAGE ID +CREATED +SIZE\nbusybox +latest +<none> +/);
  const { out: digest } = await say('inspect -f {{.Descriptor.digest}} busybox');
  assert.match(digest, /^sha256:[0-9a-f]{64}\n$/);
  assert.is((await say(`inspect -f {{.RepoDigests}}{{.RepoTags}} busybox@${digest.trim()}`)).out, '[][busybox:latest]\n');
  assert.is((await say(`images --format {{.Repository}}:{{.Tag}} busybox@sha256:${'0'.repeat(64)}`)).out, '');
  assert.is((await say('images --format {{.Repository}}:{{.Tag}} busy*')).out, 'busybox:latest\n');
});

test('another platform is refused where one can be said', async () => {
  const { say } = freshStore();
  await say('load -q -i images/busybox.tar');
  for (const line of ['history --platform linux/arm64 busybox', 'image inspect --platform linux/arm64 busybox', 'load --platform arm64 -i images/busybox.tar', `save --platform linux/arm64 -o ${at('arm.tar')} busybox`, 'rmi --platform linux/arm64 busybox']) {
    const { code, err } = await say(line);
    assert.is(code, 1, line);
    assert.match(err, /does not provide the specified platform \(linux\/arm64\)/, line);
  }
  assert.match((await say('history --platform what busybox')).err, /^invalid platform: "what": unknown operating system or architecture/);
  assert.is((await say('history -q --platform linux/amd64 busybox')).code, 0);
});

test('pipes: what save writes load reads, compressed or not; questions are answered from standard input', () => {
  const shell = (line: string): Said => {
    const { status, stdout, stderr } = spawnSync('bash', ['-o', 'pipefail', '-c', line], { encoding: 'utf8', timeout: 60_000, env: { ...process.env, A: at('a'), B: at('b'), W: `${process.execPath} bin/wherry.mjs` } });
    return { code: status!, out: stdout, err: stderr };
  };
  assert.is(shell('WHERRY_ROOT=$A $W load -q -i images/busybox.tar && WHERRY_ROOT=$A $W save busybox | gzip | WHERRY_ROOT=$B $W load -q').out, 'Loaded image: busybox:latest\nLoaded image: busybox:latest\n');
  assert.is(shell('WHERRY_ROOT=$A $W images -q --no-trunc').out, shell('WHERRY_ROOT=$B $W images -q --no-trunc').out);
  assert.match(shell('echo y | WHERRY_ROOT=$B $W image prune -a').out, /\nuntagged: busybox:latest\n/);
  assert.is(shell('WHERRY_ROOT=$A $W save busybox | head -c 1000 | wc -c; exit ${PIPESTATUS[0]}').code, 141);
});

test.run();

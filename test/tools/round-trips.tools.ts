// Round trips through real tools: what we save and export is loaded and unpacked by skopeo, umoci, podman, GNU tar and dockerd, and what they make of it is loaded by us: trees, digests, configurations and histories are equal.
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Images } from '../../src/engine/images.ts';
import { nodeCodecs } from '../../src/host/node/store.ts';
import { tarOfTree } from '../../src/layers/index.ts';
import { type Image, importImage } from '../../src/oci/index.ts';
import { archiveOf, type Options, source } from '../oci/archives.ts';
import { at, fileSource, has, imageIn, isRoot, newStore, save, scratch, toFile, tool } from './images.ts';
import { linesOfFolder, linesOfInode, type Shown } from './trees.ts';

const now = (): bigint => 1n;
const tree = (images: Images, image: Image, shown?: Shown): string[] => linesOfInode(images.openRootFs(image, { now }).root, shown).filter(isImages);
/** What every container has besides its image. */
const containerFiles = /^(\.dockerenv|dev|dev\/.*|etc\/(hostname|hosts|mtab|resolv\.conf)|proc|sys) /;
const isImages = (line: string): boolean => !containerFiles.test(line);

/** Compares trees, and shows only where they differ. */
function same(actual: readonly string[], expected: readonly string[], what = ''): void {
  const only = (a: readonly string[], b: readonly string[]): string[] => { const there = new Set(b); return a.filter((line) => !there.has(line)).slice(0, 10); };
  assert.equal(only(actual, expected), only(expected, actual), what);
}

const load = async (images: Images, file: string): Promise<Image> => (await images.store.load(fileSource(file), file))[0]!.image;
/** What of a configuration must survive any tool: what runs, and what history tells. */
const meaning = ({ config }: Image): unknown => ({ run: config.config, os: config.os, architecture: config.architecture, created: config.created, author: config.author, history: config.history, layers: config.rootfs.diff_ids });

let images: Images;
let image: Image;
let packed: Images;
test.before(async () => {
  images = newStore('ours');
  image = await imageIn(images, { tags: ['app:1', 'app:2'] });
  packed = newStore('packed');
  await imageIn(packed, { gzip: true });
  await save(images, 'saved.tar', 'app:1', 'app:2');
  await save(packed, 'packed.tar', 'app:1');
});

/** A test that needs a tool says so and leaves itself out without it. */
function given(needs: readonly [boolean, string][], what: string, body: () => Promise<void> | void): void {
  const missing = needs.filter(([there]) => !there).map(([, name]) => name);
  if (missing.length > 0) test.skip(`${what} (needs ${missing.join(', ')})`, body);
  else test(what, body);
}

const skopeo = [has('skopeo'), 'skopeo'] as [boolean, string];
const umoci = [has('umoci'), 'umoci'] as [boolean, string];
const podman = [has('podman'), 'podman'] as [boolean, string];
const root = [isRoot, 'root'] as [boolean, string];

given([skopeo], 'skopeo: docker-archive to OCI layout and back', async () => {
  for (const archive of ['saved.tar', 'packed.tar']) {
    tool('skopeo', 'copy', '-q', '--insecure-policy', `docker-archive:${archive}:app:1`, `oci:${archive}.layout:app`);
    tool('skopeo', 'copy', '-q', '--insecure-policy', `oci:${archive}.layout:app`, `docker-archive:${archive}.back:app:1`);
    tool('skopeo', 'copy', '-q', '--insecure-policy', `oci:${archive}.layout:app`, `oci-archive:${archive}.oci:app`);
    for (const back of [`${archive}.back`, `${archive}.oci`]) {
      const theirs = newStore(`skopeo-${back}`);
      const loaded = await load(theirs, at(back));
      assert.equal(meaning(loaded), meaning(image), back);
      same(tree(theirs, loaded), tree(images, image), back);
    }
  }
});

given([skopeo], 'skopeo: the archive read as an OCI layout keeps every digest', async () => {
  await save(packed, 'one.tar', 'app:1');
  tool('skopeo', 'copy', '-q', '--insecure-policy', '--preserve-digests', 'oci-archive:one.tar', 'dir:kept');
  const manifest = packed.store.find('app:1');
  assert.ok(Buffer.compare(readFileSync(at('kept/manifest.json')), manifest.manifestBytes) === 0);
  assert.ok(Buffer.compare(readFileSync(at(`kept/${manifest.id.slice(7)}`)), manifest.configBytes) === 0);
});

given([umoci, root, [has('getfattr'), 'attr']], 'umoci: the unpacked root file system is our tree', () => {
  for (const archive of ['saved', 'packed']) {
    mkdirSync(at(`${archive}-layout`));
    tool('tar', '-C', at(`${archive}-layout`), '-xf', `${archive}.tar`);
    tool('umoci', 'unpack', '--image', `${archive}-layout:1`, `${archive}-bundle`);
    same(linesOfFolder(at(`${archive}-bundle/rootfs`)), tree(images, image));
  }
});

given([root, [has('getfattr'), 'attr']], 'GNU tar: the unpacked export is our tree', async () => {
  await toFile('export.tar', tarOfTree(images.openRootFs(image, { now }).root));
  mkdirSync(at('unpacked'));
  tool('tar', '-C', at('unpacked'), '--xattrs', '--xattrs-include=*', '--numeric-owner', '-xpf', 'export.tar');
  same(linesOfFolder(at('unpacked')).filter(isImages), tree(images, image));
});

/** Tools of the containers/storage family keep whole seconds. */
const wholeSeconds = (lines: readonly string[]): string[] => lines.map((line) => line.replace(/ (\d+)\d{9}(?= |$)/, ' $1'));

given([podman, root], 'podman: load, save, import, export', async () => {
  const run = (...args: string[]): string => tool('podman', '--root', at('podman/root'), '--runroot', at('podman/run'), '--storage-driver=vfs', '--cgroup-manager=cgroupfs', '--events-backend=none', ...args);
  for (const archive of ['saved.tar', 'packed.tar']) {
    run('load', '-q', '-i', archive);
    assert.is(`sha256:${run('inspect', '--format', '{{.Id}}', 'app:1').trim()}`, image.id);
    for (const format of ['docker-archive', 'oci-archive']) {
      const name = `podman-${archive}-${format}.tar`;
      run('save', '-q', '--format', format, '-o', name, 'app:1');
      const theirs = newStore(`store-${name}`);
      const loaded = await load(theirs, at(name));
      assert.equal(meaning(loaded), meaning(image), name);
      same(tree(theirs, loaded), tree(images, image), name);
    }
    run('rmi', '-f', 'app:1');
  }
  const file = await toFile('for-podman.tar', tarOfTree(images.openRootFs(image, { now }).root));
  run('import', '-q', file, 'localhost/imported:1');
  run('save', '-q', '-o', 'podman-imported.tar', 'localhost/imported:1');
  const theirs = newStore('podman-imported');
  same(tree(theirs, await load(theirs, at('podman-imported.tar'))), tree(images, image));
  run('create', '--name', 'cont', '--network=none', 'localhost/imported:1', 'sh');
  run('export', '-o', 'podman-export.tar', 'cont');
  const imported = await importImage(theirs.store, fileSource(at('podman-export.tar')), nodeCodecs, { createdNs: 0n });
  same(wholeSeconds(tree(theirs, imported)), wholeSeconds(tree(images, image)));
});

const dockerd = [has('dockerd') && has('containerd') && has('docker'), 'dockerd, containerd and docker on the PATH'] as [boolean, string];
let daemon: ChildProcess | undefined;
const docker = (...args: string[]): string => tool('docker', '-H', `unix://${at('docker.sock')}`, ...args);

async function startDaemon(): Promise<void> {
  if (daemon) return;
  const options = ['--data-root', at('docker/data'), '--exec-root', at('docker/exec'), '-p', at('docker.pid'), '-H', `unix://${at('docker.sock')}`, '--bridge=none', '--iptables=false', '--ip6tables=false', '--storage-driver=vfs'];
  daemon = spawn('dockerd', options, { stdio: 'ignore', cwd: scratch });
  for (let tries = 0; tries < 300 && !(existsSync(at('docker.sock')) && tryDocker()); tries++) await new Promise((resolve) => setTimeout(resolve, 100));
}
const tryDocker = (): boolean => { try { docker('version'); return true; } catch { return false; } };
test.after(async () => {
  if (!daemon) return;
  const gone = new Promise((resolve) => daemon!.on('exit', resolve));
  daemon.kill();
  await gone;
});

const dockerNeeds = [dockerd, root];

given(dockerNeeds, 'dockerd: load, history, save', async () => {
  await startDaemon();
  for (const archive of ['saved.tar', 'packed.tar']) {
    docker('load', '-q', '-i', archive);
    const facts = JSON.parse(docker('inspect', 'app:1'))[0] as { Id: string; RepoTags: string[]; RootFS: { Layers: string[] }; Created: string };
    assert.equal([facts.Id, facts.RootFS.Layers], [image.id, image.config.rootfs.diff_ids]);
    assert.equal(docker('history', '--no-trunc', '--format', '{{.CreatedBy}}|{{.Comment}}', 'app:1').trim().split('\n'), ['RUN y|c', 'ENV A=1|', 'ADD x|']);
    docker('save', '-o', `docker-${archive}`, 'app:1');
    const theirs = newStore(`docker-store-${archive}`);
    const loaded = await load(theirs, at(`docker-${archive}`));
    assert.equal([loaded.id, loaded.names], [image.id, ['docker.io/library/app:1']]);
    same(tree(theirs, loaded), tree(images, image));
    docker('rmi', '-f', image.id);
  }
});

given([...dockerNeeds, skopeo], 'dockerd and skopeo: images without layers, with one layer twice, several in one archive', async () => {
  await startDaemon();
  const odd = newStore('odd');
  const layer = [{ name: 'f', content: 'f' }];
  const kinds: [string, Options][] = [['none:1', { layers: [] }], ['twice:1', { layers: [layer, layer], oci: true }], ['gzip:1', { layers: [layer, [{ name: 'g', content: 'g' }]], gzip: true }]];
  for (const [tag, options] of kinds) await odd.store.load(source(await archiveOf({ ...options, tags: [tag] })), tag);
  const tags = kinds.map(([tag]) => tag);
  await save(odd, 'odd.tar', ...tags);
  assert.equal(docker('load', '-q', '-i', 'odd.tar').trim().split('\n').sort(), tags.map((tag) => `Loaded image: ${tag}`).sort());
  for (const tag of tags) {
    const { id } = odd.store.find(tag);
    assert.is(docker('inspect', '-f', '{{.Id}}', tag).trim(), id);
    tool('skopeo', 'copy', '-q', '--insecure-policy', `docker-archive:odd.tar:${tag}`, `docker-archive:odd-${tag.slice(0, -2)}.tar:${tag}`);
    const theirs = newStore(`odd-${tag.slice(0, -2)}`);
    assert.equal(meaning(await load(theirs, at(`odd-${tag.slice(0, -2)}.tar`))), meaning(odd.store.find(tag)));
  }
});

/** Docker 20.10 cuts times to seconds, keeps of xattrs only security.capability, and touches /etc. */
const asDocker = (lines: readonly string[]): string[] => wholeSeconds(lines).filter((line) => !line.startsWith('etc ')).map((line) => line.replace(/user\.note=\w+/, ''));

given(dockerNeeds, 'dockerd: import of our export, export, commit', async () => {
  await startDaemon();
  const file = await toFile('for-docker.tar', tarOfTree(images.openRootFs(image, { now }).root));
  docker('import', file, 'imported:1');
  docker('create', '--name', 'cont', '--network=none', 'imported:1', 'sh');
  docker('export', '-o', 'docker-export.tar', 'cont');
  const theirs = newStore('docker-imported');
  const exported = await importImage(theirs.store, fileSource(at('docker-export.tar')), nodeCodecs, { createdNs: 0n });
  same(asDocker(tree(theirs, exported)), asDocker(tree(images, image)));
  docker('save', '-o', 'docker-imported.tar', 'imported:1');
  const imported = await load(theirs, at('docker-imported.tar'));
  same(tree(theirs, imported), tree(images, image), 'import keeps the tar');
  docker('rm', 'cont');
});

/** Changes of every kind, made by the same shell in both. */
const script = readFileSync('test/cli/changes.sh', 'utf8');
const wherry = (...args: string[]): string => tool(process.execPath, join(process.cwd(), 'bin/wherry.mjs'), '--root', at('cli'), ...args);

given(dockerNeeds, 'dockerd and wherry: the same changes give the same diff, and images that are equal in both', async () => {
  await startDaemon();
  const busybox = join(process.cwd(), 'images/busybox.tar');
  const changes = ['CMD ["sh"]', 'ENV A=1 B="x y"', 'LABEL l=v', 'EXPOSE 80', 'WORKDIR /new', 'USER 1:2', 'VOLUME /data', 'ONBUILD RUN x', 'HEALTHCHECK --interval=5s CMD true'].flatMap((c) => ['-c', c]);
  const commit = ['commit', '-m', 'why', '-a', 'me <me@example.org>', ...changes, 'changed', 'made:1'];
  docker('load', '-q', '-i', busybox);
  wherry('load', '-q', '-i', busybox);
  docker('run', '--name', 'changed', '--network=none', 'busybox', 'sh', '-c', script);
  wherry('run', '--name', 'changed', 'busybox', 'sh', '-c', script);
  const lines = (text: string): string[] => text.trim().split('\n').sort();
  assert.equal(lines(wherry('diff', 'changed')), lines(docker('diff', 'changed')));
  docker(...commit);
  wherry(...commit);
  docker('save', '-o', 'made-docker.tar', 'made:1');
  wherry('save', '-o', 'made-wherry.tar', 'made:1');
  const theirs = newStore('made');
  const ours = await load(theirs, at('made-wherry.tar'));
  const made = await load(theirs, at('made-docker.tar'));
  const shown = { times: false } as const;
  same(tree(theirs, ours, shown), tree(theirs, made, shown));
  const comparable = ({ config }: Image): unknown => {
    const { config: run, history = [], author } = config;
    const { Hostname, Domainname, AttachStdin, AttachStdout, AttachStderr, Tty, OpenStdin, StdinOnce, Image: _, ...fields } = run as Record<string, unknown>;
    return { fields: Object.fromEntries(Object.entries(fields).filter(([, v]) => v !== null && v !== '' && Object.keys(v as object).length > 0).sort()), author, history: history.map(({ created, ...rest }) => rest), layers: config.rootfs.diff_ids.slice(0, -1) };
  };
  assert.equal(comparable(ours), comparable(made));
  docker('load', '-q', '-i', 'made-wherry.tar');
  assert.is(docker('inspect', '-f', '{{.Id}}', 'made:1').trim(), ours.id);
  assert.is(docker('run', '--rm', '--network=none', 'made:1', 'sh', '-c', 'tail -n 1 /etc/passwd; id -u; echo $A $B; pwd'), 'changed\n1\n1 x y\n/new\n');
});

test.run();

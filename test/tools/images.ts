// An image with everything in it that tools treat differently, in a store on disk, and the tools to try it with.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { makedev, S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFREG } from '../../src/abi/index.ts';
import { Images } from '../../src/engine/images.ts';
import { nodeCodecs, nodeFolder } from '../../src/host/node/store.ts';
import { packTar, type TarItem, type TarMember } from '../../src/layers/index.ts';
import { type Image, imagesToSave, saveImages } from '../../src/oci/index.ts';
import { type Member, tarOf } from '../layers/tars.ts';
import { sha256 } from '../oci/archives.ts';
import { inMemory } from '../oci/archives.ts';

export const has = (tool: string): boolean => spawnSync('sh', ['-c', `command -v ${tool}`]).status === 0;
export const isRoot = process.getuid?.() === 0;

export const scratch = mkdtempSync(join(tmpdir(), 'wherry-tools-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));
export const at = (name: string): string => join(scratch, name);

/** Runs a tool; its output, or an error with what it said. */
export function tool(command: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: scratch, maxBuffer: 1 << 28, timeout: 120_000 });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${status}\n${stderr}${stdout}`);
  return stdout.toString();
}

export const newStore = (name: string): Images => new Images(nodeFolder(at(name)), nodeCodecs, inMemory);

export async function toFile(name: string, chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  writeFileSync(at(name), Buffer.concat(all));
  return at(name);
}

export async function* fileSource(path: string): AsyncGenerator<Uint8Array> { yield readFileSync(path); }

const mtimeNs = 1_600_000_000_123_456_789n;
const base = { uid: 0, gid: 0, size: 0, mtimeNs };
const other = (path: string, mode: number, more: Partial<TarMember> = {}): TarItem => ({ member: { ...base, path, mode, ...more } });
function file(path: string, content: string, more: Partial<TarMember> = {}): TarItem {
  const data = Buffer.from(content, 'latin1');
  return { member: { ...base, path, mode: S_IFREG | 0o644, size: data.length, ...more }, read: (into, offset) => { const piece = data.subarray(offset, offset + into.length); into.set(piece); return piece.length; } };
}

const lower = (): TarItem[] => [
  other('bin', S_IFDIR | 0o755), file('bin/sh', '#!', { mode: S_IFREG | 0o4755 }), other('etc', S_IFDIR | 0o755), file('etc/a', 'a'), file('etc/b', 'b'), other('etc/sub', S_IFDIR | 0o700, { uid: 7, gid: 8 }),
  file('etc/sub/c', 'c'), file('etc/hidden', 'h'), file('two', 'both'), other('also-two', S_IFREG | 0o644, { hardLink: true, link: 'two' }), other('lib', S_IFLNK | 0o777, { link: 'usr/lib' }),
  other('usr', S_IFDIR | 0o755), other('usr/lib', S_IFDIR | 0o755), file('usr/lib/large', 'large '.repeat(100_000)), other('tmp', S_IFDIR | 0o1777), other('var', S_IFDIR | 0o2775), file('var/old', 'old'),
];

/** What makes tools differ. */
const upper = (): TarItem[] => [
  other('etc', S_IFDIR | 0o755), file('etc/.wh.hidden', ''), file('etc/a', 'changed'), other('var', S_IFDIR | 0o2775), file('var/.wh..wh..opq', ''), file('var/new', 'new'),
  ...Array.from({ length: 40 }, (_, i) => other('long/'.repeat(i + 1).slice(0, -1), S_IFDIR | 0o755)), file('owner', 'o', { uid: 3_000_001, gid: 2_500_000 }), file('long/'.repeat(40) + 'n'.repeat(120), 'long'), file('no-rights', 'x', { mode: S_IFREG }),
  file(Buffer.from('ünï-čödé').toString('latin1'), 'utf8'), file('raw-\xff', 'raw'), file(`raw-${'\xfe'.repeat(150)}`, 'raw'), other('raw-link', S_IFLNK | 0o777, { link: '\xfd'.repeat(150) }), file('capable', 'c', { xattrs: [['security.capability', Buffer.from('0100000200040000000000000000000000000000', 'hex')]] }),
  file('user-xattr', 'u', { xattrs: [['user.note', Buffer.from('some text')]] }), other('fifo', S_IFIFO | 0o600), other('null', S_IFCHR | 0o666, { rdev: makedev(1, 3) }), other('disk', S_IFBLK | 0o660, { rdev: makedev(8, 300) }),
  other('dangling', S_IFLNK | 0o777, { link: `${'far/'.repeat(40)}away` }), file('before', 'b', { mtimeNs: 1_000_000_000n }),
];

/** The image in a new store: two layers, the upper one packed with gzip where asked for. */
export async function imageIn(images: Images, { gzip = false, tags = ['app:1'] }: { gzip?: boolean; tags?: string[] } = {}): Promise<Image> {
  const tars: Uint8Array[] = [];
  for (const items of [lower(), upper()]) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of packTar(items)) chunks.push(chunk);
    tars.push(Buffer.concat(chunks));
  }
  const blobs = tars.map((tar, i) => (gzip && i === 1 ? gzipSync(tar) : tar));
  const config = JSON.stringify({
    architecture: 'amd64', os: 'linux', created: '2024-05-06T07:08:09.5Z', author: 'somebody', config: { Cmd: ['sh'], Env: ['PATH=/bin', 'A=1'], Labels: { a: 'b' }, WorkingDir: '/tmp', ExposedPorts: { '80/tcp': {} } },
    rootfs: { type: 'layers', diff_ids: tars.map((tar) => `sha256:${sha256(tar)}`) },
    history: [{ created: '2024-05-06T07:08:09Z', created_by: 'ADD x' }, { created: '2024-05-06T07:08:09.5Z', created_by: 'ENV A=1', empty_layer: true }, { created: '2024-05-06T07:08:09.5Z', created_by: 'RUN y', comment: 'c' }],
  });
  const members: Member[] = [...blobs.map((blob, i) => ({ name: `${i}.tar`, content: blob })), { name: 'config.json', content: config }];
  members.push({ name: 'manifest.json', content: JSON.stringify([{ Config: 'config.json', RepoTags: tags, Layers: ['0.tar', '1.tar'] }]) });
  const bytes = await tarOf(members);
  const [loaded] = await images.store.load((async function* () { yield bytes; })(), 'the image');
  return loaded!.image;
}

export const save = (images: Images, name: string, ...words: string[]): Promise<string> => toFile(name, saveImages(images.store, imagesToSave(images.store, words)));

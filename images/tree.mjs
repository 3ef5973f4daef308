// A tree of files in memory with owners and modes, filled from Debian packages and literals, and written as a layer tar and a docker archive. Reproducible: same input, same bytes.
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import tar from 'tar-stream';

/** All times in an image: reproducible archives have no other. */
export const EPOCH = new Date('2024-01-01T00:00:00Z');

/** Top directories that are links into usr (merged /usr). */
const mergedUsr = ['bin', 'sbin', 'lib', 'lib32', 'lib64', 'libx32'];

export class Tree {
  /** path → { type: 'file' | 'directory' | 'symlink' | 'link' | 'character-device', mode, uid, gid, content?, linkname? } */
  entries = new Map();
  #usr;

  /** `merged`: paths under /bin, /lib … go to /usr. */
  constructor({ merged = false } = {}) { this.#usr = merged; }

  #place(path) {
    const clean = path.replace(/^(\.?\/)+/, '').replace(/\/+$/, '');
    const top = clean.split('/')[0];
    return this.#usr && mergedUsr.includes(top) && clean !== top ? `usr/${clean}` : clean;
  }

  #add(path, entry) {
    const place = this.#place(path);
    if (place === '') return;
    const old = this.entries.get(place);
    if (old && entry.type === 'directory') return;
    const parent = place.slice(0, Math.max(0, place.lastIndexOf('/')));
    if (parent && !this.entries.has(parent)) this.directory(parent);
    this.entries.set(place, { uid: 0, gid: 0, ...entry });
  }

  directory(path, mode = 0o755) { this.#add(path, { type: 'directory', mode }); return this; }
  file(path, content, mode = 0o644) { this.#add(path, { type: 'file', mode, content: Buffer.from(content) }); return this; }
  symlink(path, target) { this.#add(path, { type: 'symlink', mode: 0o777, linkname: target }); return this; }
  hostFile(path, source, mode = 0o755) { return this.file(path, readFileSync(source), mode); }
  link(path, target) { this.#add(path, { type: 'link', mode: 0o755, linkname: this.#place(target) }); return this; }
  has(path) { return this.entries.has(this.#place(path)); }
  content(path) { return this.entries.get(this.#place(path))?.content; }

  /** Adds the files of a .deb with their owners; `keep` may refuse a path. */
  async deb(file, keep = () => true) {
    const dpkg = spawn('dpkg-deb', ['--fsys-tarfile', file], { stdio: ['ignore', 'pipe', 'inherit'] });
    const extract = tar.extract();
    dpkg.stdout.pipe(extract);
    for await (const entry of extract) {
      const chunks = [];
      for await (const chunk of entry) chunks.push(chunk);
      const { name, type, mode, uid, gid, linkname } = entry.header;
      const path = name.replace(/^\.?\//, '');
      if (path === '' || !keep(path)) continue;
      if (this.#usr && type === 'directory' && mergedUsr.includes(path.replace(/\/$/, ''))) continue;
      this.#add(path, { type, mode: mode & 0o7777, uid, gid, content: Buffer.concat(chunks), linkname: type === 'link' ? this.#place(linkname) : linkname });
    }
    return this;
  }

  /** Writes regular files and symbolic links that `wanted` says yes to into a folder of the host, with the times they have in the image. */
  writeTo(folder, wanted) {
    for (const [path, { type, mode, content, linkname }] of this.entries) {
      if (!wanted(path) || (type !== 'file' && type !== 'symlink')) continue;
      const at = join(folder, path);
      mkdirSync(dirname(at), { recursive: true });
      if (type === 'symlink') { symlinkSync(linkname, at); continue; }
      writeFileSync(at, content);
      chmodSync(at, mode & 0o777);
      utimesSync(at, EPOCH, EPOCH);
    }
  }

  /** The tree as an uncompressed tar, entries in the order of their paths (hard links after what they name). */
  async tar() {
    const writer = new TarWriter();
    const order = [...this.entries].sort(([a, x], [b, y]) => (x.type === 'link') - (y.type === 'link') || (a < b ? -1 : a > b ? 1 : 0));
    for (const [path, { content, ...header }] of order) {
      await writer.add({ ...header, name: header.type === 'directory' ? `${path}/` : path }, header.type === 'file' ? content : undefined);
    }
    return writer.finish();
  }
}

/** tar-stream's pack, collected into one buffer. */
class TarWriter {
  #pack = tar.pack();
  #chunks = [];
  #done = (async () => { for await (const chunk of this.#pack) this.#chunks.push(chunk); })();

  add(header, content) {
    return new Promise((resolve, reject) => {
      this.#pack.entry({ mode: 0o644, mtime: EPOCH, uname: '', gname: '', ...header, size: content?.length ?? 0 }, content, (error) => (error ? reject(error) : resolve()));
    });
  }

  async finish() {
    this.#pack.finalize();
    await this.#done;
    return Buffer.concat(this.#chunks);
  }
}

export const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** Writes layers as `docker save` does: a config, a manifest.json, and one tar a layer. `config` is the image's run configuration. */
export async function dockerArchive({ tags, layers, config, gzipLayers = false }) {
  const blobs = layers.map((layer) => ({ layer, id: sha256(layer) }));
  const image = {
    architecture: 'amd64', os: 'linux', created: EPOCH.toISOString(), config,
    rootfs: { type: 'layers', diff_ids: blobs.map((b) => `sha256:${b.id}`) },
    history: blobs.map(() => ({ created: EPOCH.toISOString(), created_by: 'wherry images/build.mjs' })),
  };
  const configBytes = Buffer.from(JSON.stringify(image));
  const configName = `${sha256(configBytes)}.json`;
  const writer = new TarWriter();
  for (const { id, layer } of blobs) await writer.add({ name: `${id}/layer.tar` }, gzipLayers ? gzipSync(layer, { level: 9 }) : layer);
  await writer.add({ name: configName }, configBytes);
  await writer.add({ name: 'manifest.json' }, Buffer.from(JSON.stringify([{ Config: configName, RepoTags: tags, Layers: blobs.map((b) => `${b.id}/layer.tar`) }])));
  return writer.finish();
}

/** The applets of a busybox binary, as it lists them itself. */
export const appletsOf = (busybox) => execFileSync(busybox, ['--list-full'], { encoding: 'utf8' }).split('\n').filter(Boolean);

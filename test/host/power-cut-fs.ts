// A file system in memory whose power is cut at a chosen call: names come back as after some prefix of what was done since the last sync of a folder, content as it was synced, as it was written, or torn.
import { PowerCut, randomNumbers } from './faulty-disk.ts';
import type { FsLike } from '../../src/host/fs-like.ts';

interface File { bytes: Uint8Array; synced: Uint8Array }
type Node = File | 'folder';
type Names = Map<string, Node>;

const fail = (code: string, path: string): Error => Object.assign(new Error(`${code}: ${path}`), { code });
const tidy = (path: string): string => path.replace(/\/+$/, '');
const parentOf = (path: string): string => path.slice(0, path.lastIndexOf('/'));
const isUnder = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`);

export class PowerCutFs implements FsLike {
  /** Calls that change something, so far. */
  steps = 0;
  cutAt = Infinity;
  #names: Names = new Map();
  /** What was done to names since `#durable`. */
  #log: ((names: Names) => void)[] = [];
  #durable: Names = new Map();
  readonly #open = new Map<number, { node: Node; at: number }>();
  #nextFd = 3;

  /** The same disk after the power came back. */
  restarted(seed: number): PowerCutFs {
    const pick = randomNumbers(seed + 1);
    const after = new PowerCutFs();
    const names = new Map(this.#durable);
    for (const change of this.#log.slice(0, pick(this.#log.length + 1))) change(names);
    const files = new Map<File, File>();
    for (const [path, node] of names) {
      if (node !== 'folder' && !files.has(node)) files.set(node, survivor(node, pick));
      after.#names.set(path, node === 'folder' ? node : files.get(node)!);
    }
    after.#durable = new Map(after.#names);
    return after;
  }

  /** All files. */
  files(): string[] { return [...this.#names].filter(([, node]) => node !== 'folder').map(([path]) => path).sort(); }

  #step(): void { if (this.steps++ >= this.cutAt) throw new PowerCut('the power was cut'); }

  #change(change: (names: Names) => void): void {
    this.#step();
    change(this.#names);
    this.#log.push(change);
  }

  #node(path: string): Node {
    if (this.steps > this.cutAt) throw new PowerCut('the power was cut');
    const node = this.#names.get(tidy(path));
    if (!node) throw fail('ENOENT', path);
    return node;
  }

  openSync(path: string, flags: string): number {
    const there = this.#names.get(tidy(path));
    if (flags.includes('x') && there) throw fail('EEXIST', path);
    if (!there && /[wa]/.test(flags)) {
      if (this.#names.get(parentOf(path)) !== 'folder') throw fail('ENOENT', path);
      const file: File = { bytes: new Uint8Array(0), synced: new Uint8Array(0) };
      this.#change((names) => names.set(path, file));
    }
    const node = this.#node(path);
    if (flags === 'w' && node !== 'folder') node.bytes = new Uint8Array(0);
    this.#open.set(this.#nextFd, { node, at: 0 });
    return this.#nextFd++;
  }

  closeSync(fd: number): void { this.#open.delete(fd); }

  #file(fd: number): File {
    const node = this.#open.get(fd)?.node;
    if (node === undefined || node === 'folder') throw fail('EBADF', String(fd));
    return node;
  }

  readSync(fd: number, into: Uint8Array, offset: number, length: number, position: number): number {
    const piece = this.#file(fd).bytes.subarray(position, position + length);
    into.set(piece, offset);
    return piece.length;
  }

  writeSync(fd: number, from: Uint8Array, offset = 0, length = from.length - offset, position?: number): number {
    this.#step();
    const open = this.#open.get(fd)!;
    const file = this.#file(fd);
    const at = position ?? open.at;
    const bytes = new Uint8Array(Math.max(file.bytes.length, at + length));
    bytes.set(file.bytes);
    bytes.set(from.subarray(offset, offset + length), at);
    file.bytes = bytes;
    open.at = at + length;
    return length;
  }

  ftruncateSync(fd: number, size: number): void {
    this.#step();
    const bytes = new Uint8Array(size);
    bytes.set(this.#file(fd).bytes.subarray(0, size));
    this.#file(fd).bytes = bytes;
  }

  fsyncSync(fd: number): void {
    this.#step();
    const node = this.#open.get(fd)!.node;
    if (node !== 'folder') node.synced = node.bytes;
    else {
      this.#durable = new Map(this.#names);
      this.#log = [];
    }
  }

  fstatSync(fd: number): { size: number } { return { size: this.#file(fd).bytes.length }; }

  statSync(path: string): { size: number; mtimeMs: number; isFile(): boolean } {
    const node = this.#node(path);
    return { size: node === 'folder' ? 0 : node.bytes.length, mtimeMs: Date.now(), isFile: () => node !== 'folder' };
  }

  existsSync(path: string): boolean { return this.#names.has(tidy(path)); }

  mkdirSync(path: string): string | undefined {
    const made: string[] = [];
    for (let at = tidy(path); at !== '' && !this.#names.has(at); at = parentOf(at)) made.unshift(at);
    for (const folder of made) this.#change((names) => names.set(folder, 'folder'));
    return made[0];
  }

  readdirSync(path: string): string[] {
    if (this.#node(path) !== 'folder') throw fail('ENOTDIR', path);
    const prefix = `${tidy(path)}/`;
    return [...this.#names.keys()].filter((name) => name.startsWith(prefix) && !name.slice(prefix.length).includes('/')).map((name) => name.slice(prefix.length));
  }

  renameSync(from: string, to: string): void {
    const node = this.#node(from);
    if (node === 'folder' && this.#names.has(to) && this.readdirSync(to).length > 0) throw fail('ENOTEMPTY', to);
    this.#change((names) => {
      for (const [path, moved] of [...names]) {
        if (!isUnder(path, from)) continue;
        names.delete(path);
        names.set(to + path.slice(from.length), moved);
      }
    });
  }

  rmdirSync(path: string): void {
    if (this.readdirSync(path).length > 0) throw fail('ENOTEMPTY', path);
    this.#change((names) => names.delete(path));
  }

  rmSync(path: string): void {
    for (const name of [...this.#names.keys()].filter((n) => isUnder(n, tidy(path))).sort().reverse()) this.#change((names) => names.delete(name));
  }
}

/** What is left of a file's content. */
function survivor(file: File, pick: (below: number) => number): File {
  const kinds = [file.synced, file.bytes, torn(file, pick)];
  const bytes = kinds[pick(kinds.length)]!.slice();
  return { bytes, synced: bytes };
}

/** The size that was written with a hole from somewhere on, or a part of the new bytes; what was synced and not cut off stays. */
function torn(file: File, pick: (below: number) => number): Uint8Array {
  if (file.bytes === file.synced) return file.bytes;
  const least = Math.min(file.synced.length, file.bytes.length);
  const bytes = new Uint8Array(pick(2) === 0 ? file.bytes.length : least + pick(file.bytes.length - least + 1));
  bytes.set(file.synced.subarray(0, bytes.length));
  const until = pick(bytes.length + 1);
  bytes.set(file.bytes.subarray(0, until));
  return bytes;
}

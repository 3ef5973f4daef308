// A folder on a disk whose power is cut at a chosen moment: names appear at once or not at all, contents as faulty-disk.ts says.
import type { Blob, Folder, NewFile, RandomFile } from '../../src/host/ports.ts';
import { FaultyDisk, type FaultyFile } from '../host/faulty-disk.ts';

export class FaultyFolder implements Folder {
  readonly disk: FaultyDisk;
  readonly #files = new Map<string, FaultyFile>();
  /** A name that was being given when the power was cut. */
  #underWay: [string, FaultyFile] | undefined;

  constructor(disk: FaultyDisk, contents: ReadonlyMap<string, Uint8Array> = new Map()) {
    this.disk = disk;
    for (const [path, bytes] of contents) this.#files.set(path, disk.file(bytes));
  }

  /** What is there when the power is back. */
  afterCut(random: (below: number) => number): Map<string, Uint8Array> {
    const names = new Map(this.#files);
    if (this.#underWay && random(2) === 1) names.set(...this.#underWay);
    return new Map(Array.from(names, ([path, file]) => [path, file.afterCut(random)]));
  }

  #give(path: string, file: FaultyFile): void {
    this.#underWay = [path, file];
    this.disk.step();
    this.#underWay = undefined;
    this.#files.set(path, file);
  }

  edit(path: string): RandomFile {
    if (!this.#files.has(path)) this.#give(path, this.disk.file());
    return this.#files.get(path)!;
  }

  create(): NewFile {
    const file = this.disk.file();
    return {
      blob: file,
      append: (bytes) => file.write(bytes, file.size),
      sync: () => file.sync(),
      commit: (path) => {
        file.sync();
        this.#give(path, file);
      },
      discard: () => {},
    };
  }

  open(path: string): Blob | undefined { return this.#files.get(path); }
  size(path: string): number | undefined { return this.#files.get(path)?.size; }
  has(path: string): boolean { return this.#files.has(path); }
  read(path: string): Uint8Array | undefined {
    const file = this.#files.get(path);
    if (!file) return undefined;
    const bytes = new Uint8Array(file.size);
    file.read(bytes, 0);
    return bytes;
  }
  write(path: string, bytes: Uint8Array): void {
    const file = this.create();
    file.append(bytes);
    file.commit(path);
  }
  list(): string[] { throw new Error('not asked for here'); }
  remove(path: string): void { this.#files.delete(path); }
  exclusive<T>(work: () => T): T { return work(); }
}

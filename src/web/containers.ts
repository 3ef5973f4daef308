// The containers of a page: made, run and started again by the one worker, and what `diff`, `commit` and `export` take from them.
import { latin1Bytes } from '../base/index.ts';
import { argvOf, bootContainer, type ContainerRecord, type Containers, EngineError, exitCode, imageConfigOf, type Images } from '../engine/index.ts';
import type { Cpu } from '../guest/index.ts';
import type { Host } from '../host/ports.ts';
import { type DiffLine, diffLines, tarOfChanges, tarOfTree } from '../layers/index.ts';
import type { Machine, MachineParts } from '../machine/index.ts';
import { commitImage } from '../oci/index.ts';
import type { OverlayFs } from '../vfs/index.ts';
import type { Program } from './program.ts';
import type { Ask, ContainerRow, Ended, TerminalSize } from './protocol.ts';

export interface PageParts {
  readonly images: Images;
  readonly containers: Containers;
  readonly host: Host;
  readonly cpu: Promise<Cpu>;
  /** Whether the store outlives this worker. */
  readonly kept: boolean;
}

/** The exit code of a container that could not be run, as Docker has it. */
const NOT_RUN = 125;

async function* fileLines(fs: OverlayFs): AsyncGenerator<DiffLine> { yield* diffLines(fs.changes()); }

export class PageContainers {
  readonly #parts: PageParts;
  /** Files of the container that runs, and of those that are only in memory. */
  readonly #open = new Map<string, OverlayFs>();
  /** How many read the files of a container that does not run. */
  readonly #readers = new Map<string, number>();

  /** Containers whose files were in the memory of a worker that is gone are removed. */
  constructor(parts: PageParts) {
    this.#parts = parts;
    for (const { Id, InMemory } of parts.containers.list()) if (InMemory) parts.containers.remove(Id);
  }

  list(): ContainerRow[] {
    return this.#parts.containers.list().map((record) => ({
      id: record.Id, name: record.Name, image: record.Config.Image, command: argvOf(record), status: record.State.Status, exitCode: record.State.ExitCode,
    }));
  }

  #openFs(record: ContainerRecord, readonly: boolean): OverlayFs {
    const { images, host } = this.#parts;
    return images.openContainerFs(record, { now: () => host.clock.realtimeNs(), readonly, loop: host.loop });
  }

  /** The files of a container that is to run. */
  #begin(record: ContainerRecord): OverlayFs {
    const fs = this.#open.get(record.Id) ?? this.#openFs(record, false);
    this.#open.set(record.Id, fs);
    return fs;
  }

  /** It does not run any more. Files that are only in memory stay open as long as the container is there. */
  #end({ Id, InMemory, HostConfig }: ContainerRecord): void {
    if (InMemory && !HostConfig.AutoRemove) return;
    const fs = this.#open.get(Id);
    this.#open.delete(Id);
    fs?.close();
  }

  /** Works on the files of a container as they are; one that does not run does not start meanwhile. */
  async *#reading<T>(text: string, work: (fs: OverlayFs) => AsyncIterable<T>): AsyncGenerator<T> {
    const { containers } = this.#parts;
    const record = containers.find(text);
    const open = this.#open.get(record.Id);
    if (open) return yield* work(open);
    const readers = this.#readers.get(record.Id) ?? 0;
    if (readers === 0) containers.hold(record.Id);
    this.#readers.set(record.Id, readers + 1);
    try {
      const fs = this.#openFs(record, true);
      try { yield* work(fs); } finally { fs.close(); }
    } finally { this.#leave(record.Id); }
  }

  #leave(id: string): void {
    const readers = this.#readers.get(id)! - 1;
    this.#readers.set(id, readers);
    if (readers === 0) this.#parts.containers.release(id);
  }

  /** Runs a new container to its end. */
  async run({ image: named, argv, tty, remove, name }: Ask<'run'>, program: Program): Promise<Ended> {
    const { images, containers } = this.#parts;
    const image = images.store.find(named);
    const record = containers.create(image, {
      image: named, command: argv, env: [], tty: tty !== null, interactive: true, attached: true, callerEnv: {}, hostConfig: { AutoRemove: remove }, inMemory: remove || !this.#parts.kept, ...(name === undefined ? {} : { name }),
    });
    return this.#boot(record, tty, program);
  }

  start({ container, tty }: Ask<'start'>, program: Program): Promise<Ended> { return this.#boot(this.#parts.containers.find(container), tty, program); }

  async #boot(record: ContainerRecord, tty: TerminalSize | null, program: Program): Promise<Ended> {
    const { containers } = this.#parts;
    containers.begin(record.Id);
    const machine = await this.#machine(record, program.io(tty));
    let code = NOT_RUN;
    try { code = exitCode(await program.run(machine)); } finally {
      try { this.#end(record); } finally { containers.end(record.Id, { exitCode: code }); }
    }
    return { code, container: record.Id };
  }

  async #machine(record: ContainerRecord, io: MachineParts['io']): Promise<Machine> {
    const { host, cpu, containers } = this.#parts;
    try { return bootContainer({ host, cpu: await cpu, io }, record.Config, this.#begin(record)); } catch (error) {
      containers.failed(record.Id, record.State, (error as Error).message, error instanceof EngineError ? error.exitCode : NOT_RUN);
      this.#end(record);
      throw error;
    }
  }

  /** Lines of `diff`; paths, which are any bytes, as UTF-8. */
  async diff(text: string): Promise<string[]> {
    const decoder = new TextDecoder();
    const lines: string[] = [];
    for await (const { kind, path } of this.#reading(text, (fs) => fileLines(fs))) lines.push(`${kind} ${decoder.decode(latin1Bytes(path))}`);
    return lines;
  }

  /** Makes an image of a container; its id. */
  async commit({ container, name }: Ask<'commit'>): Promise<string> {
    const { images, containers, host } = this.#parts;
    const record = containers.find(container);
    const layer = this.#reading(container, (fs) => tarOfChanges(fs.root, fs.changes()));
    const image = await commitImage(images.store, images.store.find(record.Image), layer, {
      names: name === '' ? [] : [name], config: imageConfigOf(record), createdBy: argvOf(record).join(' '), createdNs: host.clock.realtimeNs(),
    });
    return image.id;
  }

  /** The container's whole tree as a tar. */
  export(text: string): AsyncIterable<Uint8Array> { return this.#reading(text, (fs) => tarOfTree(fs.root)); }

  remove(text: string): void {
    const { Id } = this.#parts.containers.find(text);
    this.#parts.containers.remove(Id);
    this.#open.get(Id)?.close();
    this.#open.delete(Id);
  }
}

// The containers of a page: made, run and started again by the one worker, and what `diff`, `commit` and `export` take from them.
import { latin1Bytes } from '../base/index.ts';
import { bootContainer, type ContainerRecord, type Containers, EngineError, exitCode, type Images } from '../engine/index.ts';
import type { Cpu } from '../guest/index.ts';
import type { Host } from '../host/ports.ts';
import { diffLines, tarOfChanges, tarOfTree } from '../layers/index.ts';
import type { Machine } from '../machine/index.ts';
import { commitImage, type RunConfig } from '../oci/index.ts';
import type { OverlayFs } from '../vfs/index.ts';
import type { Program } from './program.ts';
import type { Ask, ContainerRow, Ended, TerminalSize } from './protocol.ts';

export interface PageParts { readonly images: Images; readonly containers: Containers; readonly host: Host; readonly cpu: Promise<Cpu> }

/** What an image made of a container says about running it. */
function runConfigOf({ Config }: ContainerRecord): RunConfig {
  const { User, Env, Entrypoint, Cmd, WorkingDir, Labels, Volumes, ExposedPorts, StopSignal } = Config;
  return { User, Env, Entrypoint, Cmd, WorkingDir, Labels, Volumes, ...(ExposedPorts ? { ExposedPorts } : {}), ...(StopSignal ? { StopSignal } : {}) };
}

const wordsOf = ({ Config }: ContainerRecord): string[] => [...Config.Entrypoint ?? [], ...Config.Cmd ?? []];

export class PageContainers {
  readonly #parts: PageParts;
  /** Of containers that live as long as this worker. */
  readonly #inMemory = new Map<string, OverlayFs>();

  /** Containers whose files were in the memory of a worker that is gone are removed. */
  constructor(parts: PageParts) {
    this.#parts = parts;
    for (const { Id, InMemory } of parts.containers.list()) if (InMemory) parts.containers.remove(Id);
  }

  list(): ContainerRow[] {
    return this.#parts.containers.list().map((record) => ({
      id: record.Id, name: record.Name, image: record.Config.Image, command: wordsOf(record), status: record.State.Status, exitCode: record.State.ExitCode,
    }));
  }

  #rootFs(record: ContainerRecord): OverlayFs {
    const known = this.#inMemory.get(record.Id);
    if (known) return known;
    const rootFs = this.#parts.images.openContainerFs(record, { now: () => this.#parts.host.clock.realtimeNs(), loop: this.#parts.host.loop });
    if (record.InMemory) this.#inMemory.set(record.Id, rootFs);
    return rootFs;
  }

  /** Runs a new container to its end. */
  async run({ image: name, argv, tty, remove }: Ask<'run'>, program: Program): Promise<Ended> {
    const { images, containers } = this.#parts;
    const image = images.store.find(name);
    const record = containers.create(image, { image: name, command: argv, env: [], tty: tty !== null, interactive: true, attached: true, callerEnv: {}, autoRemove: remove, inMemory: true });
    return this.#boot(record, tty, program);
  }

  start({ container, tty }: Ask<'start'>, program: Program): Promise<Ended> { return this.#boot(this.#parts.containers.find(container), tty, program); }

  async #boot(record: ContainerRecord, tty: TerminalSize | null, program: Program): Promise<Ended> {
    const { host, cpu, containers } = this.#parts;
    try {
      containers.begin(record.Id);
      return { code: await this.#supervise(record, bootContainer({ host, cpu: await cpu, io: program.io(tty) }, record.Config, this.#rootFs(record)), program), container: record.Id };
    } catch (error) {
      containers.failed(record.Id, record.State, (error as Error).message, error instanceof EngineError ? error.exitCode : 125);
      if (record.HostConfig.AutoRemove) this.#inMemory.delete(record.Id);
      throw error;
    }
  }

  async #supervise(record: ContainerRecord, machine: Machine, program: Program): Promise<number> {
    const code = exitCode(await program.run(machine));
    this.#rootFs(record).sync();
    if (record.HostConfig.AutoRemove) this.#inMemory.delete(record.Id);
    this.#parts.containers.end(record.Id, code);
    return code;
  }

  /** Lines of `diff`; paths, which are any bytes, as UTF-8. */
  diff(text: string): string[] {
    const decoder = new TextDecoder();
    return diffLines(this.#rootFs(this.#parts.containers.find(text)).changes()).map(({ kind, path }) => `${kind} ${decoder.decode(latin1Bytes(path))}`);
  }

  /** Makes an image of a container; its id. */
  async commit({ container, name }: Ask<'commit'>): Promise<string> {
    const { images, containers, host } = this.#parts;
    const record = containers.find(container);
    const rootFs = this.#rootFs(record);
    const image = await commitImage(images.store, images.store.find(record.Image), tarOfChanges(rootFs.root, rootFs.changes()), {
      names: name === '' ? [] : [name], config: runConfigOf(record), createdBy: wordsOf(record).join(' '), createdNs: host.clock.realtimeNs(),
    });
    return image.id;
  }

  /** The container's whole tree as a tar. */
  export(text: string): AsyncIterable<Uint8Array> { return tarOfTree(this.#rootFs(this.#parts.containers.find(text)).root); }

  remove(text: string): void {
    const { Id } = this.#parts.containers.find(text);
    this.#parts.containers.remove(Id);
    this.#inMemory.delete(Id);
  }
}

// The layers of an image on their way from a registry: three downloads at a time, each unpacked as it comes and checked.
import type { Chunks, UnpackLimit } from '../compression.ts';
import type { Descriptor, Digest } from '../image.ts';
import type { VerifiedLayer } from '../load.ts';
import type { Member } from '../members.ts';
import type { LoadOptions, Store } from '../store.ts';
import { type Downloaded, download, isWorthKeeping } from './download.ts';
import { RegistryError } from './errors.ts';
import type { TransferProgress } from './progress.ts';
import type { Registry } from './registry.ts';

export interface ArrivingOptions { readonly progress: TransferProgress; readonly unpackLimit: UnpackLimit | undefined }

/** Layers that come at the same time. */
const PARALLEL = 3;
const short = (digest: Digest): string => digest.slice(7, 19);

export interface Wanted { readonly descriptor: Descriptor; readonly diffId: Digest }

/** A layer on its way: known before, or being downloaded, checked and unpacked. */
interface Coming { readonly isKnown: boolean; readonly verified: Promise<VerifiedLayer>; isTold: boolean }

/** The layers of one image. */
export class ArrivingLayers {
  readonly #store: Store;
  readonly #registry: Registry;
  readonly #repository: string;
  readonly #wanted: readonly Wanted[];
  readonly #options: ArrivingOptions;
  readonly #downloaded: Downloaded[] = [];
  readonly #coming = new Map<string, Coming>();
  /** Downloads that wait for others to end. */
  readonly #waiting: (() => void)[] = [];
  #free = PARALLEL;
  #isCancelled = false;
  /** What went wrong first: the others were only stopped. */
  #failure: unknown;

  constructor(store: Store, registry: Registry, repository: string, wanted: readonly Wanted[], options: ArrivingOptions) {
    this.#store = store;
    this.#registry = registry;
    this.#repository = repository;
    this.#wanted = wanted;
    this.#options = options;
  }

  async all(): Promise<readonly VerifiedLayer[]> {
    for (const wanted of this.#wanted) this.#begin(wanted);
    const layers: VerifiedLayer[] = [];
    try {
      for (const wanted of this.#wanted) layers.push(await this.#end(wanted));
      return layers;
    } catch (error) {
      this.#cancel(error);
      throw this.#failure;
    }
  }

  #cancel(error: unknown): void {
    if (!this.#isCancelled) this.#failure = error;
    this.#isCancelled = true;
  }

  /** Each blob once. */
  #begin({ descriptor, diffId }: Wanted): void {
    const key = `${descriptor.digest} ${diffId}`;
    if (this.#coming.has(key)) return;
    const { progress } = this.#options;
    const known = this.#store.knownLayer(descriptor.digest, diffId);
    progress({ id: short(descriptor.digest), status: known ? 'Already exists' : 'Pulling fs layer' });
    if (!known && this.#free === 0) progress({ id: short(descriptor.digest), status: 'Waiting' });
    const verified = known ? this.#verify(known, descriptor, diffId) : this.#inTurn(() => this.#download(descriptor, diffId)).then(({ member, unpacked }) => this.#verify(member, descriptor, diffId, unpacked));
    verified.catch((error: unknown) => { this.#cancel(error); });
    this.#coming.set(key, { isKnown: known !== undefined, verified, isTold: false });
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((go) => { this.#waiting.push(go); });
    try { return await work(); } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free++;
    }
  }

  /** Downloads a layer; it is unpacked as it comes, where it comes from its beginning. */
  async #download(descriptor: Descriptor, diffId: Digest): Promise<{ member: Member; unpacked: Promise<Member> | undefined }> {
    const { progress } = this.#options;
    const id = short(descriptor.digest);
    this.#demandGoingOn();
    let isThere = false;
    let unpacked: Promise<Member> | undefined;
    const ports = {
      ...this.#store.transfer, isCancelled: () => this.#isCancelled, cause: () => this.#failure, seen: (current: number) => progress({ id, status: 'Downloading', current, total: descriptor.size }),
      arriving: (chunks: Chunks) => {
        unpacked = this.#store.unpackArriving(descriptor, diffId, chunks, this.#unpacking(descriptor, () => isThere));
        unpacked?.catch(() => {});
      },
    };
    try {
      const member = await download(this.#registry, this.#repository, descriptor, ports);
      isThere = true;
      this.#downloaded.push(member);
      for (const status of ['Verifying Checksum', 'Download complete']) progress({ id, status });
      return { member, unpacked };
    } catch (error) {
      (await unpacked?.catch(() => undefined))?.file.discard();
      throw error;
    }
  }

  #demandGoingOn(): void { if (this.#isCancelled) throw new RegistryError('unreachable', 'context canceled'); }

  /** Told once the layer is there: nobody wants to hear two things of it at once. */
  #unpacking({ digest }: Descriptor, isTold: () => boolean): LoadOptions {
    const { progress, unpackLimit } = this.#options;
    return {
      ...(unpackLimit ? { unpackLimit } : {}),
      progress: (event) => {
        this.#demandGoingOn();
        if (event.kind === 'unpack' && isTold()) progress({ id: short(digest), status: 'Extracting', current: event.bytes, total: event.total });
      },
    };
  }

  async #verify(member: Member, descriptor: Descriptor, diffId: Digest, unpacked?: Promise<Member>): Promise<VerifiedLayer> {
    const layer = await this.#store.checkLayer(member, diffId, this.#unpacking(descriptor, () => true), unpacked);
    // While others are still unpacked by threads.
    for (const { file } of [member, ...(layer.tar ? [layer.tar] : [])]) file.sync();
    return layer;
  }

  /** Layers are done in their order, as docker says it. */
  async #end({ descriptor, diffId }: Wanted): Promise<VerifiedLayer> {
    const coming = this.#coming.get(`${descriptor.digest} ${diffId}`)!;
    const layer = await coming.verified;
    if (!coming.isKnown && !coming.isTold) this.#options.progress({ id: short(descriptor.digest), status: 'Pull complete' });
    coming.isTold = true;
    return layer;
  }

  /** Ends what is under way. Whole blobs stay for the next time, unless it is they that were wrong. */
  async abandon(error: unknown): Promise<void> {
    this.#cancel(error);
    const keep = isWorthKeeping(this.#failure);
    await this.#discard((file) => { if (keep) file.leave(); else file.discard(); });
  }

  /** Removes what the store did not take. */
  discard(): Promise<void> { return this.#discard((file) => { file.discard(); }); }

  async #discard(each: (file: Downloaded['file']) => void): Promise<void> {
    const settled = await Promise.allSettled(Array.from(this.#coming.values(), ({ verified }) => verified));
    for (const { file } of this.#downloaded) each(file);
    for (const layer of settled) if (layer.status === 'fulfilled') layer.value.tar?.file.discard();
  }
}

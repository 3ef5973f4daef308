// What a build is given.
import type { HostConfig, Images } from '../engine/index.ts';
import type { Cpu } from '../guest/index.ts';
import type { Codecs, Fetch, Folder, Host, Processes, Streams } from '../host/ports.ts';
import type { Image } from '../oci/index.ts';
import type { FileSystem } from '../vfs/index.ts';

export interface BuildPorts {
  readonly images: Images;
  /** What a step may write, in bytes; absent: as much as an overlay in memory may. */
  readonly scratchBytes?: number;
  readonly folder: Folder;
  readonly codecs: Codecs;
  readonly host: Host;
  readonly processes: Processes;
  /** Made when the first command runs. */
  cpu(): Cpu;
  /** An image ready to run; with `pull` the newest one. Throws when there is none. */
  findImage(name: string, options: { readonly pull: boolean; readonly platform: string | undefined }): Promise<Image>;
  /** Absent: nothing is fetched. */
  readonly fetch?: Fetch;
  /** Called when the build has ended. */
  atEnd(discard: () => void): void;
  /** A reference as users see it. */
  shownName(name: string): string;
  /** What Docker's builder prints. */
  say(text: string): void;
  /** Where commands write. */
  readonly streams: Pick<Streams, 'stdout' | 'stderr'>;
}

export interface BuildOptions {
  /** The text of the Dockerfile. */
  readonly dockerfile: string;
  readonly context: FileSystem;
  /** --build-context. */
  readonly contexts: ReadonlyMap<string, FileSystem>;
  /** --build-context with docker-image://: names of images. */
  readonly imageContexts: ReadonlyMap<string, string>;
  readonly buildArgs: ReadonlyMap<string, string>;
  readonly labels: ReadonlyMap<string, string>;
  readonly tags: readonly string[];
  readonly target: string | undefined;
  readonly platform: string | undefined;
  readonly pull: boolean;
  readonly noCache: boolean;
  /** none, default or host. */
  readonly network: string;
  readonly limits: Partial<HostConfig>;
  /** Is given the files of what was built. */
  readonly output: ((files: FileSystem) => Promise<void>) | undefined;
  /** By id. */
  readonly secrets: ReadonlyMap<string, () => Uint8Array>;
  /** What is written as time, for builds that shall be the same whenever they are made: seconds since 1970. */
  readonly fixedSec: number | undefined;
}

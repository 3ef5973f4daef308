// What the page and its worker say to each other: calls, each a row with its question and its answer, and what passes by itself while a program runs.

/** An image, as the page shows it. */
export interface ImageRow {
  readonly id: string;
  /** As Docker shows them. */
  readonly names: readonly string[];
  readonly sizeBytes: number;
  /** RFC 3339. */
  readonly created: string | undefined;
  /** The words a container of it runs when none are given. */
  readonly command: readonly string[];
}

/** A container, as the page shows it. */
export interface ContainerRow {
  readonly id: string;
  readonly name: string;
  /** The image as it was named. */
  readonly image: string;
  readonly command: readonly string[];
  readonly status: 'created' | 'running' | 'paused' | 'restarting' | 'exited';
  readonly exitCode: number;
}

/** Where images are kept: in the browser's files, or in memory, and why. */
export interface StoreState { readonly kept: boolean; readonly why: string }

export interface TerminalSize { readonly rows: number; readonly columns: number }

export interface Ended { readonly code: number; readonly container: string }

/** A file the user chose to write to; null: the answer is the bytes. */
type Into = FileSystemFileHandle | null;

/** Who asks a registry. */
export interface Credentials { readonly username: string; readonly password: string }

/** `digest`: of the manifest, or of the index it was chosen from. */
export interface PullAnswer { readonly id: string; readonly digest: string; readonly isNew: boolean }
export interface PushAnswer { readonly digest: string }

export interface Calls {
  store: { ask: object; answer: StoreState };
  images: { ask: object; answer: readonly ImageRow[] };
  /** Loads an image archive, and answers with the images' names, or ids where they have none. */
  load: { ask: { readonly archive: Blob; readonly name: string }; answer: readonly string[] };
  /** Fetches an image from its registry, which must let pages ask it. */
  pull: { ask: { readonly image: string; readonly platform: { readonly os: string; readonly architecture: string; readonly variant?: string } | null; readonly credentials: Credentials | null }; answer: PullAnswer };
  push: { ask: { readonly image: string; readonly credentials: Credentials | null }; answer: PushAnswer };
  /** `rmi`, and its lines. */
  remove: { ask: { readonly image: string; readonly force: boolean }; answer: readonly string[] };
  save: { ask: { readonly images: readonly string[]; readonly into: Into }; answer: Blob | null };
  containers: { ask: object; answer: readonly ContainerRow[] };
  /** Runs a command in a new container, to its end. No words: what the image says. */
  run: { ask: { readonly image: string; readonly argv: readonly string[]; readonly tty: TerminalSize | null; readonly remove: boolean; readonly name?: string }; answer: Ended };
  /** Runs a container again. */
  start: { ask: { readonly container: string; readonly tty: TerminalSize | null }; answer: Ended };
  /** Lines as `diff` prints them. */
  diff: { ask: { readonly container: string }; answer: readonly string[] };
  /** Answers with the new image's id. */
  commit: { ask: { readonly container: string; readonly name: string }; answer: string };
  export: { ask: { readonly container: string; readonly into: Into }; answer: Blob | null };
  removeContainer: { ask: { readonly container: string }; answer: null };
}
export type Verb = keyof Calls;
export type Ask<V extends Verb> = Calls[V]['ask'];
export type Answer<V extends Verb> = Calls[V]['answer'];

/** Page → worker. */
export type ToWorker =
  | { [V in Verb]: { readonly type: 'call'; readonly id: number; readonly verb: V; readonly ask: Ask<V> } }[Verb]
  /** Input of the program that runs; no bytes: its end. */
  | { readonly type: 'input'; readonly bytes: Uint8Array }
  | ({ readonly type: 'resize' } & TerminalSize)
  /** A signal for the program that runs. */
  | { readonly type: 'signal'; readonly signo: number };

/** Worker → page. */
export type FromWorker =
  | { readonly type: 'answer'; readonly id: number; readonly answer: Answer<Verb> }
  | { readonly type: 'error'; readonly id: number; readonly message: string; readonly code: string | undefined }
  /** How far a call is; `total` 0: not known. */
  | { readonly type: 'progress'; readonly id: number; readonly bytes: number; readonly total: number }
  | { readonly type: 'output'; readonly stream: 'stdout' | 'stderr'; readonly bytes: Uint8Array };

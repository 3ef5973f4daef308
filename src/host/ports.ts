// What the core may ask of the world. Each port is small, speaks bytes and numbers only, and an absent capability is an absent field.

export interface Clock {
  /** Wall clock, nanoseconds since 1970 UTC. */
  realtimeNs(): bigint;
  /** A clock that never goes back, in nanoseconds. */
  monotonicNs(): bigint;
}

export interface Random {
  /** Fills `into` with cryptographically strong random bytes. */
  fill(into: Uint8Array): void;
}

/** What is said to bytes that are given: a promise asks for no more before it is fulfilled. */
export type Taken = Promise<void> | void;

/** One stream of the terminal or of the program's standard output: called with bytes, all of which it takes; never blocks. */
export type Sink = (bytes: Uint8Array) => Taken;

/** Where the container's standard streams go when they are not a terminal, and where its input comes from. */
export interface Streams {
  stdout: Sink;
  stderr: Sink;
  /** Registers the consumer of standard input; `null` is the end of input. Absent: the input is empty. */
  stdin?(consumer: (bytes: Uint8Array | null) => Taken): void;
}

/** A real terminal beside the machine (raw mode is the host's business). */
export interface Tty {
  write: Sink;
  input(consumer: Sink): void;
  size(): { rows: number; columns: number };
  onResize(listener: () => void): void;
}

/** Read access to one immutable blob (an uncompressed layer tar), synchronously. */
export interface Blob {
  readonly size: number;
  /** Reads up to `into.length` bytes at `offset`; returns how many, 0 at the end. */
  read(into: Uint8Array, offset: number): number;
}

/** A file under way: it gets its name when it is whole. */
export interface NewFile {
  append(bytes: Uint8Array): void;
  /** What was appended so far. */
  readonly blob: Blob;
  /** Returns when everything appended is on the disk, so that `commit` has little left to do. */
  sync(): void;
  /** Makes it durable under this path (temporary file → sync → rename). */
  commit(path: string): void;
  discard(): void;
}

/** A file under way that can be gone on with later. */
export interface LeftFile extends NewFile {
  /** Ends this process's part: the next who resumes it has what was appended. */
  leave(): void;
}

/** One file of ours that is read and written at any place: the blocks and the journal of a writable layer, a pack of small files. */
export interface RandomFile {
  /** In bytes. */
  readonly size: number;
  /** Reads up to `into.length` bytes at `offset`; returns how many, 0 at the end. */
  read(into: Uint8Array, offset: number): number;
  /** Writes all of `from` at `offset`, the file grows as needed. Throws what the host says when it cannot (a full disk: code ENOSPC). */
  write(from: Uint8Array, offset: number): void;
  truncate(size: number): void;
  /** Returns when everything written is on the disk. */
  sync(): void;
  close(): void;
}

/** A folder that belongs to us: the store. Paths are relative, with `/`; folders come into being as files need them. */
export interface Folder {
  /** The whole file, or undefined when there is none. */
  read(path: string): Uint8Array | undefined;
  /** For reading at any place, or undefined when there is none. */
  open(path: string): Blob | undefined;
  has(path: string): boolean;
  /** Of a file, in bytes; undefined for a folder and for what is not there. */
  size(path: string): number | undefined;
  /** Replaces the file at once (temporary file → sync → rename). With `lasting` false nothing is synced: when the host's power is cut, the file may be as it was, missing or empty. */
  write(path: string, bytes: Uint8Array, lasting?: boolean): void;
  /** Puts all of `bytes` in one piece behind what others appended, without a sync; returns how long the file is then. Absent: files have one writer. */
  append?(path: string, bytes: Uint8Array): number;
  /** Gives a file another name, and replaces what has it; nothing happens when there is none. Absent with `append`. */
  rename?(from: string, to: string): void;
  create(): NewFile;
  /** A file under way that outlives its process: begins with what an earlier one of that name (plain characters) held when it was left or its process was killed. Nobody else has it meanwhile. Absent: every one begins empty. */
  resume?(name: string): LeftFile;
  /** Removes what was left and nobody goes on with; how many bytes that were. */
  dropLeft?(): number;
  /** Opens for reading and writing, made when it is not there; its name is durable when this returns. */
  edit(path: string): RandomFile;
  /** How many bytes the host has left for files of the folder; absent or undefined: it does not tell. */
  room?(): number | undefined;
  /** Names in a folder, none when it is not there. */
  list(path: string): string[];
  /** A file, or a folder with all that is in it; nothing happens when there is none. */
  remove(path: string): void;
  /** Runs `work` while no other process does the same in this folder. */
  exclusive<T>(work: () => T): T;
}

/** A SHA-256 under way. */
export interface Hash {
  update(bytes: Uint8Array): void;
  /** The digest in lower-case hex; the last call. */
  hex(): string;
}

/** What the host computes faster than we could. */
export interface Codecs {
  sha256(): Hash;
  /** Throws when the bytes are no whole gzip stream. */
  gunzip(source: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>;
  /** The same bytes give the same stream, on one host. */
  gzip(source: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>;
  /** Throws when the bytes are no whole zstd stream. */
  unzstd(source: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>;
}

/** Lets the host's event loop run, and wakes the machine. */
export interface Loop {
  /** Calls `step` as soon as the event loop allows. */
  soon(step: () => void): void;
  /** Calls `step` after `delayNs`; the returned function cancels it. */
  later(step: () => void, delayNs: bigint): () => void;
}

/** A byte store for what may be lost at any time: translations, records. */
export interface CacheStore {
  get(key: string): Uint8Array | undefined;
  put(key: string, value: Uint8Array): void;
}

/** A process of the host (or a page's worker) that runs containers. */
export interface ProcessId {
  readonly pid: number;
  /** Tells processes apart that had the same number one after the other. */
  readonly started: string;
}

/** Who we are and who still runs: a container belongs to the process that runs it. */
export interface Processes {
  readonly self: ProcessId;
  isAlive(id: ProcessId): boolean;
}

/** An address in text ("10.0.0.1", "::1") and a port. */
export interface NetAddress { readonly address: string; readonly port: number }

/** What a stream of the host tells; called from the event loop. */
export interface NetStreamEvents {
  opened(local: NetAddress): void;
  data(bytes: Uint8Array): void;
  /** The other side sends no more. */
  ended(): void;
  /** Room again after a write that returned false. */
  drained(): void;
  /** It is over; `code` is the errno's name (ECONNREFUSED, ECONNRESET, …) when it failed. Nothing is told afterwards. */
  closed(code: string | undefined): void;
}

/** A TCP connection of the host. */
export interface NetStream {
  /** Takes all of it; false asks to wait for `drained`. */
  write(bytes: Uint8Array): boolean;
  /** Sends no more. */
  end(): void;
  pause(): void;
  resume(): void;
  destroy(): void;
}

/** A UDP socket of the host. */
export interface NetDatagrams {
  send(bytes: Uint8Array, to: NetAddress): void;
  close(): void;
}

/** What listens. */
export interface NetListener {
  /** Where, with the port the host chose for 0. */
  readonly local: NetAddress;
  close(): void;
}

/** An interface of the host with its IPv4 address, and one of IPv6; hardware addresses are six numbers in hexadecimal with colons. */
export interface HostInterface { readonly name: string; readonly address: string; readonly prefix: number; readonly six?: { readonly address: string; readonly prefix: number }; readonly hardware: string }

/** Sockets of the host, with the rights of the user who runs us. */
export interface Net {
  connect(to: NetAddress, events: NetStreamEvents): NetStream;
  /** `family` 4 or 6; `failed` is told an errno's name (ECONNREFUSED after an unreachable port). */
  datagrams(family: 4 | 6, received: (bytes: Uint8Array, from: NetAddress) => void, failed: (code: string) => void): NetDatagrams;
  /** Listens on an address of the host, of its family only; `accepted` is told of every connection and gives what it is told of. Rejects with an error whose code is an errno's name (EADDRINUSE). */
  listen(at: NetAddress, accepted: (stream: NetStream, from: NetAddress) => NetStreamEvents): Promise<NetListener>;
  /** A UDP socket on an address of the host. Rejects as `listen`. */
  bind(at: NetAddress, received: (bytes: Uint8Array, from: NetAddress) => void): Promise<NetDatagrams & NetListener>;
  /** Addresses of the host's name servers. */
  readonly nameServers: readonly string[];
  /** An IPv4 address of the host that is not its loopback: what listens on the loopback only is not reached by it. undefined: it has none. */
  readonly ownAddress: string | undefined;
  /** The host's interfaces but its loopback, as far as it tells. */
  readonly interfaces?: readonly HostInterface[];
  /** The host's hosts(5). */
  readonly hosts?: string;
}

/** What the host tells of a file (lstat(2)); `mode` with its type. */
export interface HostStat {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly mode: bigint;
  readonly nlink: bigint;
  readonly uid: bigint;
  readonly gid: bigint;
  readonly rdev: bigint;
  readonly size: bigint;
  /** In units of 512 bytes. */
  readonly blocks: bigint;
  readonly atimeNs: bigint;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  /** Tells files apart that had the same number one after the other; 0 where the host does not know. */
  readonly birthtimeNs: bigint;
}

/**
 * The host's files below one directory, or one file. A name is one component, its bytes as a latin1 string; no call follows a symbolic link or leaves the directory, whatever other processes do meanwhile.
 * A handle stands for one file whatever becomes of its names. Throws errors whose `code` is an errno's name.
 */
export interface HostTree {
  /** The handle of the top. */
  readonly root: number;
  /** Who we are on the host; 0 may give files to others. */
  readonly user: { readonly uid: number; readonly gid: number };
  /** Of a handle or an open file. */
  stat(handle: number): HostStat;
  statAt(directory: number, name: string): HostStat | undefined;
  handle(directory: number, name: string): number;
  /** Of a handle or an open file. */
  release(handle: number): void;
  /** The names in a directory. */
  list(directory: number): string[];
  readlink(directory: number, name: string): string;
  /** Opens the regular file that a handle stands for. `access`: O_RDONLY, O_WRONLY or O_RDWR, and O_APPEND. */
  open(handle: number, access: number): number;
  /** Makes a regular file under a free name, open for reading and writing. */
  create(directory: number, name: string, mode: number): number;
  read(file: number, into: Uint8Array, position: number): number;
  write(file: number, from: Uint8Array, position: number): number;
  truncate(file: number, size: number): void;
  /** Returns when an open file is on the disk. */
  sync(file: number): void;
  /** The same for the names of a directory. */
  syncDirectory(directory: number): void;
  /** All of the tree's file system is on the disk. */
  syncAll(): void;
  mkdir(directory: number, name: string, mode: number): void;
  symlink(directory: number, name: string, target: string): void;
  link(directory: number, name: string, toDirectory: number, newName: string): void;
  unlink(directory: number, name: string, isDirectory: boolean): void;
  /** Replaces what has the new name. */
  rename(directory: number, name: string, toDirectory: number, newName: string): void;
  chmod(handle: number, mode: number): void;
  chown(handle: number, uid: number, gid: number): void;
  /** Nanoseconds since 1970; the host may keep less of them. */
  setTimes(handle: number, atimeNs: bigint, mtimeNs: bigint): void;
  statfs(): { readonly type: number; readonly blockSize: number; readonly blocks: number; readonly blocksFree: number; readonly files: number; readonly filesFree: number };
  close(): void;
}

/** A file that several processes append to at once. */
export interface SharedLog {
  /** In bytes; 0 when there is none yet. */
  size(): number;
  read(into: Uint8Array, offset: number): number;
  /** All of it in one piece, behind what others appended. */
  append(bytes: Uint8Array): void;
  /** Another number after it was replaced: what was read of it is to be forgotten. Asked behind `size`. */
  readonly version: number;
  /** Takes the place of all that was read, up to `upTo`; what others append meanwhile stays behind it. */
  replace(bytes: Uint8Array, upTo: number): void;
  sync(): void;
}

/** Directories and files of the host that containers may be given. Paths are the host's, absolute. Throws errors whose `code` is an errno's name. */
export interface HostDirectories {
  /** What a path leads to, links followed. */
  kind(path: string): 'directory' | 'file' | undefined;
  /** Makes a directory, and those above it. */
  make(path: string): void;
  /** Whether nothing is in a directory, or it is not there. */
  isEmpty(path: string): boolean;
  /** What the files in a directory hold, in bytes; one with several names counts once. */
  size(path: string): number;
  /** Takes away a directory with all in it. */
  remove(path: string): void;
  open(path: string): HostTree;
  log(path: string): SharedLog;
  /** Gives a directory the name of an empty one, which goes; false when that one is not empty (any more). */
  replaceEmpty(from: string, to: string): boolean;
  /** Where a path of the store lies. */
  storePath(path: string): string;
}
/** What is sent with a request; the source is asked once. */
export interface HttpBody { /** In bytes. */ readonly size: number; readonly chunks: AsyncIterable<Uint8Array> }

/** One request of HTTP. */
export interface HttpRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH';
  /** http or https, absolute. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: HttpBody;
  /** Nobody vouches for the server: its certificate is not checked. */
  readonly insecure?: boolean;
}

/** The answer to a request, its content still to come. */
export interface HttpAnswer {
  readonly status: number;
  /** A header by its name in lower case; several of that name are joined by commas. */
  header(name: string): string | undefined;
  /** Where the answer leads to, absolute; a redirect that the host has followed itself (a page's) is not seen. */
  readonly location: string | undefined;
  /** The content; throws when the connection breaks before its end, is closed when it is left early. Must be read or left. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** Sends a request. Rejects with an Error whose `code` is an errno's name, ETLS (nothing secure could be agreed on), EHTTP (the server speaks something else) or EBLOCKED (the browser does not say why), and whose message says what docker's client would. */
export type Fetch = (request: HttpRequest) => Promise<HttpAnswer>;

/** Streams among the processes of one user that have the same store. Paths are the store's. */
export interface LocalStreams {
  /** Fails with ENOENT or ECONNREFUSED where nobody listens. */
  connect(path: string, events: NetStreamEvents): NetStream;
  /** Replaces what a process that is gone left at the path. */
  listen(path: string, accepted: (stream: NetStream) => NetStreamEvents): Promise<{ close(): void }>;
}

export interface Host {
  readonly clock: Clock;
  readonly random: Random;
  readonly loop: Loop;
  readonly log: (line: string) => void;
  readonly cache?: CacheStore;
  /** Absent: containers reach nothing but themselves. */
  readonly net?: Net;
  /** Absent: containers have no directories of the host, and no volumes. */
  readonly directories?: HostDirectories;
  /** Absent: containers do not reach each other. */
  readonly local?: LocalStreams;
}

// The part of node:fs that the store's folder needs; memfs has it too.

export interface FsLike {
  openSync(path: string, flags: string, mode?: number): number;
  closeSync(fd: number): void;
  readSync(fd: number, into: Uint8Array, offset: number, length: number, position: number): number;
  writeSync(fd: number, from: Uint8Array, offset?: number, length?: number, position?: number): number;
  ftruncateSync(fd: number, size: number): void;
  fsyncSync(fd: number): void;
  fstatSync(fd: number): { size: number | bigint };
  statSync(path: string): { size: number | bigint; mtimeMs: number | bigint; isFile(): boolean };
  existsSync(path: string): boolean;
  /** Gives the first folder that was made, undefined when all were there. */
  mkdirSync(path: string, options: { recursive: true }): unknown;
  readdirSync(path: string): unknown[];
  renameSync(from: string, to: string): void;
  rmdirSync(path: string): void;
  /** Absent where the host does not tell. */
  statfsSync?(path: string): { bavail: number | bigint; bsize: number | bigint };
  rmSync(path: string, options: { recursive: true; force: true }): void;
}

/** ENOENT and its like, '' for errors of another kind. */
export const errorCode = (error: unknown): string => String((error as { code?: unknown } | null)?.code ?? '');

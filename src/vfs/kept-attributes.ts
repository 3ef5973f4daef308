// What the host cannot keep of its files for a container: owners, types, set-id bits and extended attributes, by inode in a log beside them that several processes append to.
import type { HostStat, SharedLog } from '../host/ports.ts';
import { onHost } from './hostfs.ts';

/** What differs from what the host tells of a file; absent fields are as the host tells. */
export interface Kept {
  /** With its type; holds while the host's mode is `hostMode`. */
  readonly mode?: number;
  readonly hostMode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly rdev?: number;
  /** Values as latin1. */
  readonly xattrs?: Readonly<Record<string, string>>;
}

interface Row extends Kept { readonly ino: string; readonly birth: string }

const NEWLINE = 10;
/** Nanoseconds. */
const MOMENT_NS = 100_000n;
/** A log shorter than this, in bytes, is never written anew. */
const LONG = 1 << 20;
/** About what a row takes. */
const ROW_BYTES = 128;
const MOSTLY_OLD = 4;
const isEmpty = (kept: Kept): boolean => Object.keys(kept).length === 0;

/** A file without a birth time is known by its number alone. */
const keyOf = ({ ino, birthtimeNs }: HostStat): string => `${ino}.${birthtimeNs}`;

export class KeptAttributes {
  readonly #log: SharedLog;
  readonly #rows = new Map<string, Kept>();
  #read = 0;
  #version = 0;
  #unsynced = false;
  #lookedNs = -MOMENT_NS;

  constructor(log: SharedLog) { this.#log = log; }

  /** `nowNs`: a clock's; what others changed is looked for when the last look is a moment ago. */
  of(stat: HostStat, nowNs: bigint): Kept | undefined {
    if (nowNs - this.#lookedNs >= MOMENT_NS) {
      this.#lookedNs = nowNs;
      this.#catchUp();
    }
    return this.#rows.size === 0 ? undefined : this.#rows.get(keyOf(stat));
  }

  /** Replaces what is kept of a file; with nothing in it, nothing is. */
  put(stat: HostStat, kept: Kept): void {
    this.#catchUp();
    const key = keyOf(stat);
    if (isEmpty(kept) && !this.#rows.has(key)) return;
    const row: Row = { ino: String(stat.ino), birth: String(stat.birthtimeNs), ...kept };
    onHost(() => this.#log.append(new TextEncoder().encode(`${JSON.stringify(row)}\n`)));
    this.#unsynced = true;
    this.#set(row);
    this.#rewriteIfLong();
  }

  /** Rows that do not hold any more are left out, when they are most of the log. */
  #rewriteIfLong(): void {
    if (this.#read < LONG || this.#read < MOSTLY_OLD * ROW_BYTES * this.#rows.size) return;
    const lines = [...this.#rows].map(([key, kept]) => { const [ino = '', birth = ''] = key.split('.'); return `${JSON.stringify({ ino, birth, ...kept } satisfies Row)}\n`; });
    onHost(() => this.#log.replace(new TextEncoder().encode(lines.join('')), this.#read));
  }

  #set({ ino, birth, ...kept }: Row): void {
    if (isEmpty(kept)) this.#rows.delete(`${ino}.${birth}`);
    else this.#rows.set(`${ino}.${birth}`, kept);
  }

  /** Reads what was appended since, in whole lines. A line that a power cut tore is no row. */
  #catchUp(): void {
    const size = onHost(() => this.#log.size());
    if (this.#log.version !== this.#version) {
      this.#version = this.#log.version;
      this.#rows.clear();
      this.#read = 0;
    }
    if (size <= this.#read) return;
    const bytes = new Uint8Array(size - this.#read);
    const got = bytes.subarray(0, onHost(() => this.#log.read(bytes, this.#read)));
    const end = got.lastIndexOf(NEWLINE) + 1;
    this.#read += end;
    for (const line of new TextDecoder().decode(got.subarray(0, end)).split('\n')) {
      const row = rowOf(line);
      if (row) this.#set(row);
    }
  }

  sync(): void {
    if (!this.#unsynced) return;
    onHost(() => this.#log.sync());
    this.#unsynced = false;
  }
}

function rowOf(line: string): Row | undefined {
  if (line === '') return undefined;
  try {
    const row = JSON.parse(line) as Row;
    return typeof row.ino === 'string' && typeof row.birth === 'string' ? row : undefined;
  } catch { return undefined; }
}

// The journal of a writable layer: a head that says over what it lies, then one checksummed record for each transaction. Written anew from time to time.
import { Packr } from 'msgpackr/pack';
import { record, RECORD_HEAD, recordAt } from '../../base/index.ts';
import type { Folder, RandomFile } from '../../host/ports.ts';
import { LayerError } from '../errors.ts';

const VERSION = 1;
/** The file grows in steps of zeros, so that on a full disk there is room to tell what was removed, in bytes. */
const STEP = 1 << 14;

const packr = new Packr({ useRecords: false, moreTypes: true });

/** Over what the layer lies. */
interface Head { readonly version: number; readonly lower: string }

function wholeOf(file: { size: number; read(into: Uint8Array, offset: number): number }): Uint8Array {
  const bytes = new Uint8Array(file.size);
  for (let got = 0, n = 1; got < bytes.length && n > 0; got += n) n = file.read(bytes.subarray(got), got);
  return bytes;
}

/** Records are numbered, so that one that was left behind by an append that failed is not taken for the next one. */
const encoded = (value: unknown, number: number): Uint8Array => record(packr.pack(value), number);

export class LayerJournal {
  readonly #folder: Folder;
  readonly #path: string;
  readonly #lower: string;
  #file: RandomFile | undefined;
  #records = 0;
  #end = 0;

  private constructor(folder: Folder, path: string, lower: string) {
    this.#folder = folder;
    this.#path = path;
    this.#lower = lower;
  }

  /** The journal at `path`, which comes into being with the first record; `lower` names what the layer lies over. Returns the records in order; a torn tail is not among them. Throws LayerError, and what the host throws. */
  static open(folder: Folder, path: string, lower: string): { journal: LayerJournal; records: readonly unknown[] } {
    const journal = new LayerJournal(folder, path, lower);
    const file = folder.open(path);
    return { journal, records: file ? journal.#read(wholeOf(file)) : [] };
  }

  #read(bytes: Uint8Array): unknown[] {
    const head = recordAt(bytes, 0, 0);
    if (!head) throw new LayerError('damaged', `${this.#path}: the journal of the container's layer is damaged at its beginning`);
    this.#check(packr.unpack(head.bytes) as Head);
    const records: unknown[] = [];
    this.#records = 1;
    this.#end = head.end;
    for (let next = recordAt(bytes, this.#end, this.#records); next; next = recordAt(bytes, this.#end, this.#records)) {
      records.push(packr.unpack(next.bytes));
      this.#end = next.end;
      this.#records++;
    }
    if (this.#isTorn(bytes)) return records;
    throw new LayerError('damaged', `${this.#path}: the journal of the container's layer is damaged in its middle, at byte ${this.#end}`);
  }

  /** Whether what follows the last whole record is what a crash may leave: the next record comes only after this one is durable. */
  #isTorn(bytes: Uint8Array): boolean {
    if (this.#end + RECORD_HEAD > bytes.length) return true;
    const length = new DataView(bytes.buffer, bytes.byteOffset + this.#end).getUint32(0, true);
    return recordAt(bytes, this.#end + RECORD_HEAD + length, this.#records + 1) === undefined;
  }

  #check({ version, lower }: Head): void {
    if (version !== VERSION) throw new LayerError('other-version', `${this.#path}: the container's layer was written by another version of Wherry (format ${version}, this one reads ${VERSION})`);
    if (lower !== this.#lower) throw new LayerError('other-image', `${this.#path}: the container's layer was made over another image (${lower}, not ${this.#lower})`);
  }

  /** Bytes of all records. */
  get size(): number { return this.#end; }

  /** Adds a record. It counts once `sync` has returned. When this throws, nothing was added. */
  append(value: unknown): void {
    const file = this.#file ??= this.#open();
    const bytes = encoded(value, this.#records);
    try { this.#write(file, bytes); } catch (error) {
      this.#dropTail(file);
      throw error;
    }
    this.#end += bytes.length;
    this.#records++;
  }

  #write(file: RandomFile, bytes: Uint8Array): void {
    const end = this.#end + bytes.length;
    if (end <= file.size) return file.write(bytes, this.#end);
    const padded = new Uint8Array(Math.ceil((end + STEP / 2) / STEP) * STEP - this.#end);
    padded.set(bytes);
    try { file.write(padded, this.#end); } catch { file.write(bytes, this.#end); }
  }

  /** Half a record is ignored, so it does not matter when this fails. */
  #dropTail(file: RandomFile): void { try { file.truncate(this.#end); } catch { /* the next append writes over it */ } }

  sync(): void { this.#file?.sync(); }

  /** Replaces all records by these, at once. When this throws, the journal holds what it held, or these. */
  rewrite(values: Iterable<unknown>): void {
    const made = this.#folder.create();
    try {
      let records = 0;
      made.append(encoded({ version: VERSION, lower: this.#lower } satisfies Head, records++));
      for (const value of values) made.append(encoded(value, records++));
      made.commit(this.#path);
    } catch (error) {
      made.discard();
      throw error;
    } finally {
      this.#file?.close();
      this.#file = undefined;
    }
  }

  /** The file to append to, opened again after it was replaced. What follows the last whole record goes, durably: what is left of a later record must not come to life behind a new one. */
  #open(): RandomFile {
    if (!this.#folder.has(this.#path)) this.rewrite([]);
    const file = this.#folder.edit(this.#path);
    const bytes = wholeOf(file);
    this.#read(bytes);
    if (bytes.subarray(this.#end).some((byte) => byte !== 0)) {
      file.truncate(this.#end);
      file.sync();
    }
    return file;
  }

  close(): void { this.#file?.close(); }
}

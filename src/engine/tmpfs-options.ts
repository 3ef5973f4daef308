// The options of a tmpfs as mount(8) knows them: `--tmpfs /run:size=64m,mode=1777`.
import { type MountOptions, TmpFs } from '../vfs/index.ts';
import { EngineError } from './errors.ts';

interface Options { limit?: number; mode?: number; uid?: number; gid?: number; readonly mount: MountOptions }

const units: Readonly<Record<string, number>> = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40, p: 2 ** 50 };
/** Memory that `%` speaks of, where the host does not tell how much there is. */
const ALL_BYTES = 4 * 2 ** 30;

/** "64m", "50%"; undefined for what is no size. */
function bytesOf(value: string): number | undefined {
  const match = /^(\d+)([kmgtp]|%)?$/i.exec(value);
  if (!match) return undefined;
  const unit = (match[2] ?? '').toLowerCase();
  return unit === '%' ? ALL_BYTES * Number(match[1]) / 100 : Number(match[1]) * units[unit]!;
}

const number = (base: number, pattern: RegExp) => (value: string): number | undefined => (pattern.test(value) ? parseInt(value, base) : undefined);
const decimal = number(10, /^\d+$/);

/** Words that are flags of the mount. */
const flags: Readonly<Record<string, Partial<Record<keyof MountOptions, boolean>>>> = {
  defaults: {}, ro: { readonly: true }, rw: { readonly: false }, suid: { nosuid: false }, nosuid: { nosuid: true }, dev: { nodev: false }, nodev: { nodev: true }, exec: { noexec: false }, noexec: { noexec: true },
  sync: {}, async: {}, dirsync: {}, remount: {}, mand: {}, nomand: {}, atime: {}, noatime: {}, diratime: {}, nodiratime: {}, bind: {}, rbind: {}, unbindable: {}, runbindable: {}, private: {}, rprivate: {}, shared: {}, rshared: {}, slave: {}, rslave: {},
  relatime: {}, norelatime: {}, strictatime: {}, nostrictatime: {},
};

/** Words with a value; each says whether the kernel takes it. */
const values: Readonly<Record<string, (value: string, options: Options) => boolean>> = {
  size: (value, options) => (options.limit = bytesOf(value)!) !== undefined,
  mode: (value, options) => (options.mode = number(8, /^[0-7]+$/)(value)!) !== undefined,
  uid: (value, options) => (options.uid = decimal(value)!) !== undefined,
  gid: (value, options) => (options.gid = decimal(value)!) !== undefined,
  nr_inodes: (value) => bytesOf(value) !== undefined,
  nr_blocks: (value, options) => { const blocks = bytesOf(value); if (blocks !== undefined) options.limit = blocks * 4096; return blocks !== undefined; },
  mpol: () => true,
};

/** Throws EngineError 'BAD_TMPFS' in Docker's words. `path`: where it is mounted; `modeThere`: the permission bits of the directory that is there. */
export function tmpfsOf(path: string, said: string, modeThere: number | undefined, now: () => bigint): { readonly fs: TmpFs; readonly options: MountOptions } {
  const options: Options = { mount: { readonly: false, nosuid: true, nodev: true, noexec: true } };
  const data: string[] = [];
  for (const word of said === '' ? [] : said.split(',')) {
    const [key = '', value] = word.split(/=(.*)/s);
    if (value === undefined && Object.hasOwn(flags, word)) { Object.assign(options.mount, flags[word]); continue; }
    if (value === undefined || !Object.hasOwn(values, key)) throw new EngineError('BAD_TMPFS', `invalid tmpfs option [${JSON.stringify(word)}]`);
    data.push(word);
    if (!values[key]!(value, options)) throw notMounted(path, data.join(','));
  }
  const { limit, mode = modeThere ?? 0o1777, uid, gid, mount } = options;
  const fs = new TmpFs({ now, rootMode: mode & 0o7777, ...(limit ? { limit } : {}) });
  if (uid !== undefined || gid !== undefined) fs.root.setattr({ ...(uid === undefined ? {} : { uid }), ...(gid === undefined ? {} : { gid }) });
  return { fs, options: mount };
}

const notMounted = (path: string, data: string): EngineError => new EngineError('START_FAILED', `error during container init: error mounting "tmpfs" to rootfs at ${JSON.stringify(path)}: mount tmpfs:${path}, flags: 0xe, data: ${data}: invalid argument`);

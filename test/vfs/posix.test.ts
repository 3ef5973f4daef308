// One suite of file system behaviour: the calls of test/vfs/posix/*.txt, whose results were recorded on tmpfs, ext4 and the kernel's overlay by tools/record-syscalls.py, made again on our tmpfs, on our overlay
// over a layer, on a layer on disk that is closed and opened again between the calls, and, where there is root, on the file systems of this machine.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { nodeDirectories } from '../../src/host/node/tree.ts';
import type { HostTree } from '../../src/host/ports.ts';
import { memoryFolder } from '../../src/host/memory-folder.ts';
import { buildView, ImageView, indexLayer, openWritable, tarOfTree } from '../../src/layers/index.ts';
import { type FileSystem, HostFs, KeptAttributes, OverlayFs } from '../../src/vfs/index.ts';
import { blobOf, tarOf } from '../layers/tars.ts';
import { FakeMachine } from '../linux/fake-machine.ts';
import { type Block, blocksOf, expected, prepare, Script } from '../linux/syscall-script.ts';

/** The read-only view of one layer. */
const viewOf = (tar: Uint8Array): ImageView => { const blob = blobOf(tar); return new ImageView(buildView([indexLayer(blob)]), [{ blob, diffId: 'sha256:0' }]); };

/** What a machine's files make as a layer. */
async function layerOf({ root }: FakeMachine): Promise<ImageView> {
  const pieces: Uint8Array[] = [];
  for await (const piece of tarOfTree(root.root)) pieces.push(piece.slice());
  return viewOf(Buffer.concat(pieces));
}

/** The machine to go on with, over another file system with the same tree. */
function moved(m: FakeMachine, makeRoot: (now: () => bigint) => FileSystem): FakeMachine {
  const next = new FakeMachine(makeRoot, m.nowNs);
  return prepare(next, m);
}

/** A layer on disk that is closed and opened again. */
class Kept {
  readonly #folder = memoryFolder();
  readonly #lower: ImageView;
  #fs: OverlayFs | undefined;
  constructor(lower: ImageView) { this.#lower = lower; }

  readonly open = (now: () => bigint): OverlayFs => {
    this.#fs?.close();
    return this.#fs = openWritable(this.#lower, { folder: this.#folder, path: 'layer', lower: 'view' }, { now });
  };
}

/** What runs a block: a machine to begin with, what becomes of it at "--", and (when no descriptor is open) between lines. */
interface Target { start: () => FakeMachine; boundary?: (m: FakeMachine) => Promise<FakeMachine>; between?: (m: FakeMachine) => FakeMachine }

const bare = (): FakeMachine => prepare(new FakeMachine());
const overBelow = async (m: FakeMachine): Promise<FakeMachine> => { const view = await layerOf(m); return moved(m, (now) => new OverlayFs(view, { now })); };
const nothing = viewOf(await tarOf([]));

function diskAlone(): Target {
  const kept = new Kept(nothing);
  const reopened = (m: FakeMachine): FakeMachine => moved(m, kept.open);
  return { start: () => prepare(new FakeMachine(kept.open)), boundary: async (m) => reopened(m), between: reopened };
}

function diskOverBelow(): Target {
  let kept: Kept;
  const boundary = async (m: FakeMachine): Promise<FakeMachine> => { kept = new Kept(await layerOf(m)); return moved(m, kept.open); };
  return { start: bare, boundary, between: (m) => (kept ? moved(m, kept.open) : m) };
}

/** Directories of this machine, where no other mount's rules hold. */
const room = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
const made: string[] = [];

/** A directory of the host; `user`: as a user who cannot give files away sees it. */
function ofHost(user?: HostTree['user']): Target {
  const top = mkdtempSync(join(room, 'wherry-host-'));
  made.push(top);
  const directories = nodeDirectories(top);
  directories.make(join(top, 'files'));
  const tree = directories.open(join(top, 'files'));
  const seen = user ? new Proxy(tree, { get: (of, name: keyof HostTree) => (name === 'user' ? user : typeof of[name] === 'function' ? (of[name] as () => unknown).bind(of) : of[name]) }) : tree;
  return { start: () => prepare(new FakeMachine((now) => new HostFs(seen, { now, kept: new KeptAttributes(directories.log(join(top, 'log'))), own: user !== undefined }))) };
}

const targets: Record<string, () => Target> = {
  tmpfs: () => ({ start: bare }),
  'an overlay': () => ({ start: bare, boundary: overBelow }),
  'a layer on disk': diskAlone,
  'a layer on disk over another': diskOverBelow,
  'a directory of the host': ofHost,
  'a directory of the host, as another user': () => ofHost({ uid: 12345, gid: 12345 }),
};

/** What Node cannot ask of the host, and what is as the host's mount has it: times of reading. */
const notOnHost = /O_TMPFILE|FALLOC_FL|SEEK_DATA|SEEK_HOLE|RENAME_EXCHANGE/;
const isAsked = (name: string, { title, lines }: Block): boolean => !name.startsWith('a directory of the host') || !(title === 'relatime' || lines.some((line) => notOnHost.test(line)));

/** Blocks that look at what reading does to atime: a layer keeps that only together with other changes. */
const looksAtReading = ({ title }: Block): boolean => title.startsWith('which times calls change');

/** Every how many lines a layer is opened again, when nothing is open. */
const REOPEN_EVERY = 8;
const isIdle = ({ task, mounts }: FakeMachine): boolean => task.files.numbers().every((fd) => fd < 3) && task.fs.cwd.inode === mounts.root.root.lookup!('w');

/** Runs a block and tells the lines whose results are none of those recorded. */
async function differences(block: Block, { start, boundary, between }: Target): Promise<string[]> {
  const script = new Script(start());
  const wrong: string[] = [];
  for (const [i, line] of block.lines.entries()) {
    if (between && !looksAtReading(block) && i % REOPEN_EVERY === 0 && isIdle(script.machine)) script.machine = between(script.machine);
    const result = script.run(line);
    if (result === undefined) { if (line === '--' && boundary) script.machine = await boundary(script.machine); continue; }
    const wanted = expected(line, ['tmpfs', 'ext4']);
    if (!wanted.includes(result)) wrong.push(`${line}\n      here: ${result}`);
  }
  return wrong;
}

const folder = 'test/vfs/posix';
const files = readdirSync(folder).filter((name) => name.endsWith('.txt')).sort();

for (const [name, target] of Object.entries(targets)) {
  for (const block of files.flatMap((file) => blocksOf(join(folder, file)))) if (isAsked(name, block)) test(`${name}: ${block.title}`, async () => assert.is((await differences(block, target())).join('\n'), ''));
}

/** The kernel that the results were recorded on: what newer ones answer, older ones may not. */
const RECORDED_ON = [6, 18];
const sysctl = (name: string): string => { try { return readFileSync(`/proc/sys/fs/${name}`, 'latin1').trim(); } catch { return ''; } };

/** Why the file system of this machine cannot be asked, if so. */
function obstacle(): string | undefined {
  const [major = 0, minor = 0] = release().split('.').map(Number);
  if (process.getuid!() !== 0) return 'needs root';
  if (!existsSync('/dev/shm')) return 'there is no /dev/shm';
  if (major < RECORDED_ON[0]! || (major === RECORDED_ON[0] && minor < RECORDED_ON[1]!)) return `Linux ${release()} is older than the one that was asked before`;
  if (sysctl('protected_hardlinks') !== '1' || sysctl('protected_symlinks') !== '0') return 'this machine protects links otherwise';
  if (!existsSync('/usr/include/x86_64-linux-gnu/asm/unistd_64.h')) return 'the numbers of system calls are not installed (linux-libc-dev)';
  const probe = `/dev/shm/wherry-probe-${process.pid}`;
  try { execFileSync('mknod', [probe, 'c', '1', '3'], { stdio: 'pipe' }); execFileSync('python3', ['-c', ''], { stdio: 'pipe' }); } catch { return 'needs python3 and the right to make devices'; } finally { rmSync(probe, { force: true }); }
  return undefined;
}

const missing = obstacle();
if (missing) console.log(`the file system of this machine is not compared: ${missing}`);
else {
  test('the file system of this machine', () => {
    const top = mkdtempSync('/dev/shm/wherry-posix-');
    try { execFileSync('python3', ['tools/record-syscalls.py', '--check', '--on', `tmpfs=${top}`, ...files.map((file) => join(folder, file))], { encoding: 'utf8' }); } finally { rmSync(top, { recursive: true }); }
  });
}

process.umask(0o022);
test.after(() => { for (const top of made) rmSync(top, { recursive: true }); });
test.run();

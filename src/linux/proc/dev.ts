// /dev: a tmpfs with the device nodes Docker gives a container, /dev/pts with the pseudo-terminals, and what opening the terminal devices means.
import { ENXIO, EIO, S_IFCHR, S_IFDIR, S_IFLNK, makedev, minor } from '../../abi/index.ts';
import { GeneratedFs, Mount, TmpFs, generated } from '../../vfs/index.ts';
import type { MountTable, Node, OpenFile, SetAttr } from '../../vfs/index.ts';
import { memoryDevices, registerMemoryDevices } from '../files/index.ts';
import type { Kernel } from '../kernel.ts';
import { PTS_MAJOR, TtyFile } from '../tty/index.ts';
import type { Tty } from '../tty/index.ts';

const DEVPTS_MAGIC = 0x1cd1;
const TTY_GROUP = 5;
const TTY = makedev(5, 0), CONSOLE = makedev(5, 1), PTMX = makedev(5, 2);

/** The slave with this number: the console is number 0. */
function slave(kernel: Kernel, index: number): { tty: Tty; owner: { uid: number; gid: number } } | undefined {
  const { console, ptys } = kernel.files;
  if (index === 0 && console) return { tty: console, owner: { uid: 0, gid: TTY_GROUP } };
  return ptys.get(index);
}

const slaveNumbers = (kernel: Kernel): number[] => [...(kernel.files.console ? [0] : []), ...kernel.files.ptys.all().map((pty) => pty.index)];

/** Registers what opening each device number gives. */
export function registerDevices(kernel: Kernel): void {
  const { devices, ptys } = kernel.files;
  registerMemoryDevices(devices, (into) => kernel.host.random.fill(into));
  devices.register(TTY, (task, inode) => {
    const { tty } = task.process.session;
    if (!tty) throw ENXIO;
    return new TtyFile(tty as Tty, inode);
  });
  devices.register(CONSOLE, (_task, inode) => {
    if (!kernel.files.console) throw ENXIO;
    return new TtyFile(kernel.files.console, inode);
  });
  devices.register(PTMX, (task, inode) => ptys.open(inode, { uid: task.credentials.fsuid, gid: TTY_GROUP }));
  devices.registerMajor(PTS_MAJOR, (_task, inode): OpenFile => {
    const index = minor(inode.stat().rdev);
    const found = slave(kernel, index);
    if (!found) throw ENXIO;
    if (ptys.get(index)?.locked) throw EIO;
    return new TtyFile(found.tty, inode);
  });
}

/** The node of one slave: owner and mode can be changed as long as the terminal exists. */
class SlaveNode implements Node {
  mode = S_IFCHR | 0o620;
  uid: number;
  gid: number;
  readonly rdev: number;
  constructor(tty: Tty, owner: { uid: number; gid: number }) {
    this.rdev = tty.rdev;
    this.uid = owner.uid;
    this.gid = owner.gid;
  }

  setattr = (change: SetAttr): void => {
    if (change.mode !== undefined) this.mode = S_IFCHR | (change.mode & 0o7777);
    this.uid = change.uid ?? this.uid;
    this.gid = change.gid ?? this.gid;
  };
}

/** /dev/pts. */
function ptsFs(kernel: Kernel): GeneratedFs {
  const nodes = new WeakMap<Tty, SlaveNode>();
  const ptmx = generated.characterDevice(PTMX, 0o666);
  const nodeOf = (name: string): Node | undefined => {
    const found = /^(0|[1-9][0-9]*)$/.test(name) ? slave(kernel, Number(name)) : undefined;
    if (!found) return undefined;
    const node = nodes.get(found.tty) ?? new SlaveNode(found.tty, found.owner);
    nodes.set(found.tty, node);
    return node;
  };
  const root: Node = { mode: S_IFDIR | 0o755, names: () => [...slaveNumbers(kernel).map(String), 'ptmx'], child: (name) => (name === 'ptmx' ? ptmx : nodeOf(name)) };
  return new GeneratedFs({ type: 'devpts', magic: DEVPTS_MAGIC, root, startNs: kernel.realtimeNs() });
}

const DEV_LIMIT = 64 * 2 ** 20;
const root = { uid: 0, gid: 0 };

/** The fixed content of /dev. */
function fill(fs: TmpFs, hasConsole: boolean): void {
  const node = (name: string, rdev: number): void => { fs.root.create(name, { mode: S_IFCHR | 0o666, ...root, rdev }); };
  const link = (name: string, target: string): void => { fs.root.create(name, { mode: S_IFLNK | 0o777, ...root, target }); };
  for (const device of memoryDevices(() => {})) if (device.name !== 'kmsg') node(device.name, makedev(1, device.minor));
  node('tty', TTY);
  if (hasConsole) fs.root.create('console', { mode: S_IFCHR | 0o620, uid: 0, gid: TTY_GROUP, rdev: CONSOLE });
  link('ptmx', 'pts/ptmx');
  link('fd', '/proc/self/fd');
  link('stdin', '/proc/self/fd/0');
  link('stdout', '/proc/self/fd/1');
  link('stderr', '/proc/self/fd/2');
  link('core', '/proc/kcore');
  for (const name of ['pts', 'shm', 'mqueue']) fs.root.create(name, { mode: S_IFDIR | (name === 'pts' ? 0o755 : 0o1777), ...root });
}

/** Mounts /dev, /dev/pts and /dev/shm on the directory `dev` of the root file system, and registers the devices. */
export function mountDev(kernel: Kernel, mounts: MountTable, on: { mount: Mount; inode: Mount['root'] }): void {
  registerDevices(kernel);
  const now = (): bigint => kernel.realtimeNs();
  const fs = new TmpFs({ now, limit: DEV_LIMIT, rootMode: 0o755 });
  fill(fs, kernel.files.console !== undefined);
  const dev = new Mount(fs, 'tmpfs', { nosuid: true });
  mounts.attach(dev, on);
  const pts = new Mount(ptsFs(kernel), 'devpts', { nosuid: true, noexec: true });
  mounts.attach(pts, { mount: dev, inode: fs.root.lookup('pts')! });
  mounts.attach(new Mount(new TmpFs({ now, limit: kernel.confinement.shmBytes, rootMode: 0o1777 }), 'shm', { nosuid: true, nodev: true, noexec: true }), { mount: dev, inode: fs.root.lookup('shm')! });
  kernel.files.ptys.nodeOf = (index) => {
    const inode = pts.root.lookup!(String(index));
    return inode && { mount: pts, inode, parent: pts.root, name: String(index) };
  };
}


// The files of /proc/PID and /proc/PID/task/TID: a row for each. proc(5).
import { EACCES, EINVAL, O_ACCMODE, O_CLOEXEC, O_RDONLY, O_WRONLY, S_IFDIR, S_IFLNK } from '../../abi/index.ts';
import { latin1 } from '../../base/index.ts';
import { generated, pathOf } from '../../vfs/index.ts';
import type { Inode, Node, Place } from '../../vfs/index.ts';
import { AnonymousInode, EpollFile, EventFile, placeOf } from '../files/index.ts';
import type { Description } from '../files/index.ts';
import type { Process, Task } from '../task.ts';
import { argumentBytes, limitsText, mapsText, statText, statmText, statusText } from './process-text.ts';
import { memoryFile, smapsRollupText, smapsText } from './process-memory.ts';
import { mountinfoText, mountsText } from './text.ts';

const { directory, file, magicLink, symbolicLink } = generated;

/** Every id is itself. */
const identityMap = `${'0'.padStart(10)} ${'0'.padStart(10)} ${'4294967295'.padStart(10)}\n`;
const namespaceKinds = ['cgroup', 'ipc', 'mnt', 'net', 'pid', 'time', 'user', 'uts'];
const namespaceNames = [...namespaceKinds, 'pid_for_children', 'time_for_children'];
const FIRST_NAMESPACE = 4026531834;

/** Links that name the namespaces: one set for the whole container. They lead nowhere. */
const namespaces = (_task: Task): Node => directory(Object.fromEntries(namespaceNames.map((name) => {
  const kind = name.replace('_for_children', '');
  return [name, magicLink(() => `${kind}:[${FIRST_NAMESPACE + namespaceKinds.indexOf(kind)}]`, () => undefined)];
})), 0o511);

/** Bytes and calls of read and write; nothing is read from or written to a disk of the container's own. */
function ioText({ io }: Process): string {
  return `rchar: ${io.readBytes}\nwchar: ${io.writtenBytes}\nsyscr: ${io.reads}\nsyscw: ${io.writes}\nread_bytes: 0\nwrite_bytes: 0\ncancelled_write_bytes: 0\n`;
}

/** What a link in /proc/PID/fd reads as. */
export function descriptionLabel(description: Description, root: Place): string {
  const { inode } = description;
  if (inode instanceof AnonymousInode) return inode.label;
  return description.place ? pathOf(root, description.place) || '/' : '';
}

/** /proc/PID/fdinfo/N. */
function fdinfoText(task: Task, fd: number): string {
  const description = task.files.get(fd, true);
  const flags = description.flags | (task.files.hasCloseOnExec(fd) ? O_CLOEXEC : 0);
  const own = description.file instanceof EpollFile ? description.file.describe() : description.file instanceof EventFile ? [`eventfd-count: ${description.file.count.toString(16).padStart(16)}`] : [];
  return [`pos:\t${description.position}`, `flags:\t0${flags.toString(8)}`, `mnt_id:\t${placeOf(description).mount.id}`, `ino:\t${description.inode.ino}`, ...own, ''].join('\n');
}

const NUMBER = /^(0|[1-9][0-9]*)$/;

/** A directory with an entry for each open descriptor. */
function descriptorDirectory(task: Task, make: (fd: number, description: Description) => Node): Node {
  const nodes = new WeakMap<Description, Map<number, Node>>();
  return {
    mode: S_IFDIR | 0o500,
    get uid() { return task.credentials.euid; },
    get gid() { return task.credentials.egid; },
    names: () => task.files.numbers().map(String),
    child: (name) => {
      const fd = Number(name);
      if (!NUMBER.test(name) || !task.files.has(fd)) return undefined;
      const description = task.files.get(fd, true);
      const made = nodes.get(description) ?? new Map<number, Node>();
      nodes.set(description, made);
      const node = made.get(fd) ?? make(fd, description);
      made.set(fd, node);
      return node;
    },
  };
}

/** The mode of a link in /proc/PID/fd tells how the file is open. */
const linkMode = (description: Description): number => {
  const access = description.flags & O_ACCMODE;
  return S_IFLNK | (access !== O_WRONLY ? 0o500 : 0) | (access !== O_RDONLY ? 0o300 : 0);
};

const fdLink = (task: Task) => (_fd: number, description: Description): Node => ({ mode: linkMode(description), target: () => descriptionLabel(description, task.fs.root), place: () => placeOf(description) });

function setName(task: Task, bytes: Uint8Array): void { task.name = latin1(bytes).split(/[\n\0]/)[0]!.slice(0, 15); }

/** oom_score_adj, which programs write to protect themselves or their children. */
function setOomAdjustment(task: Task, bytes: Uint8Array): void {
  const value = Number(latin1(bytes).trim());
  if (!Number.isInteger(value) || value < -1000 || value > 1000) throw EINVAL;
  if (value < task.process.oomScoreAdj && task.credentials.euid !== 0) throw EACCES;
  task.process.oomScoreAdj = value;
}

/** core(5): the number may be octal or hexadecimal, too; only the bits of kinds of mappings are kept. */
function setCoredumpFilter(task: Task, bytes: Uint8Array): void {
  const text = latin1(bytes).trim();
  if (!/^(0x[0-9a-f]+|[0-9]+)$/i.test(text)) throw EINVAL;
  task.process.coredumpFilter = Number(/^0[0-7]+$/.test(text) ? `0o${text.slice(1)}` : text) & COREDUMP_BITS;
}
const COREDUMP_BITS = 0x1ff;

/** The rows of /proc/PID and of /proc/PID/task/TID. */
const rows: Record<string, (task: Task) => Node> = {
  auxv: (task) => file(() => task.space.auxv, 0o400),
  cgroup: () => file(() => '0::/\n'),
  cmdline: (task) => file(() => argumentBytes(task, 'arguments')),
  comm: (task) => file(() => `${task.name}\n`, 0o644, (bytes) => setName(task, bytes)),
  cwd: (task) => magicLink(() => pathOf(task.fs.root, task.fs.cwd) || '/', () => task.fs.cwd),
  environ: (task) => file(() => argumentBytes(task, 'environment'), 0o400),
  coredump_filter: (task) => file(() => `${task.process.coredumpFilter.toString(16).padStart(8, '0')}\n`, 0o644, (bytes) => setCoredumpFilter(task, bytes)),
  gid_map: () => file(() => identityMap),
  io: (task) => file(() => ioText(task.process), 0o400),
  mem: memoryFile,
  net: () => symbolicLink('/proc/net'),
  ns: (task) => namespaces(task),
  personality: (task) => file(() => `${task.process.personality.toString(16).padStart(8, '0')}\n`, 0o400),
  projid_map: () => file(() => identityMap),
  sessionid: () => file(() => '4294967295'),
  setgroups: () => file(() => 'allow\n'),
  smaps: (task) => file(() => smapsText(task)),
  smaps_rollup: (task) => file(() => smapsRollupText(task)),
  uid_map: () => file(() => identityMap),
  wchan: () => file(() => '0'),
  exe: (task) => magicLink(() => task.process.executable?.path ?? '', () => task.process.executable?.place),
  fd: (task) => descriptorDirectory(task, fdLink(task)),
  fdinfo: (task) => descriptorDirectory(task, (fd) => file(() => fdinfoText(task, fd), 0o400)),
  limits: (task) => file(() => limitsText(task.process)),
  loginuid: () => file(() => '4294967295'),
  maps: (task) => file(() => mapsText(task)),
  mountinfo: (task) => file(() => mountinfoText(task.fs)),
  mounts: (task) => file(() => mountsText(task.fs)),
  oom_score: () => file(() => '0\n'),
  oom_score_adj: (task) => file(() => `${task.process.oomScoreAdj}\n`, 0o644, (bytes) => setOomAdjustment(task, bytes)),
  root: (task) => magicLink(() => pathOf(task.fs.root, task.fs.root) || '/', () => task.fs.root),
  stat: (task) => file(() => statText(task)),
  statm: (task) => file(() => statmText(task)),
  status: (task) => file(() => statusText(task)),
};

/** A directory of the rows, made at first sight; owned by whoever the task runs as. */
function rowsDirectory(task: Task, extra: Record<string, Node>): Node {
  const made = new Map<string, Node>(Object.entries(extra));
  const names = [...Object.keys(rows), ...made.keys()];
  return {
    mode: S_IFDIR | 0o555,
    get uid() { return task.credentials.euid; },
    get gid() { return task.credentials.egid; },
    names: () => names,
    child: (name) => {
      let node = made.get(name);
      if (!node && Object.hasOwn(rows, name)) made.set(name, node = rows[name]!(task));
      return node;
    },
  };
}

const taskNodes = new WeakMap<Task, Node>();
function taskNode(task: Task): Node {
  const node = taskNodes.get(task) ?? rowsDirectory(task, {});
  taskNodes.set(task, node);
  return node;
}

/** The threads of a process; a zombie still has its leader. */
const threads = (process: Process): Task[] => (process.tasks.size > 0 ? [...process.tasks] : [process.leader]);

const taskDirectory = (process: Process): Node => ({
  mode: S_IFDIR | 0o555,
  names: () => threads(process).map((task) => String(task.tid)),
  child: (name) => {
    const found = threads(process).find((task) => String(task.tid) === name);
    return found && taskNode(found);
  },
});

const processNodes = new WeakMap<Process, Node>();

/** /proc/PID. The same node as long as the process exists. */
export function processNode(process: Process): Node {
  const node = processNodes.get(process) ?? rowsDirectory(process.leader, { task: taskDirectory(process) });
  processNodes.set(process, node);
  nodeProcesses.set(node, process);
  return node;
}

const nodeProcesses = new WeakMap<Node, Process>();
/** The process whose directory in /proc an inode is. */
export function processOfDirectory(inode: Inode): Process | undefined {
  const node = generated.nodeOf(inode);
  return node && nodeProcesses.get(node);
}

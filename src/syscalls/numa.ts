// Memory policies of a machine with one memory node: what asks for node 0 or the default is granted, other nodes are not there. set_mempolicy(2), mbind(2), move_pages(2).
import { EFAULT, EINVAL, ENODEV, ENOENT, EPERM, ESRCH } from '../abi/index.ts';
import { PAGE_SIZE } from '../guest/index.ts';
import type { Task } from '../linux/index.ts';
import { flags, Hex, Int, oneOf, Pid, Ptr, Size } from './codec.ts';
import { sys } from './row.ts';
import type { SyscallRow } from './row.ts';

const policies = { MPOL_DEFAULT: 0, MPOL_PREFERRED: 1, MPOL_BIND: 2, MPOL_INTERLEAVE: 3, MPOL_LOCAL: 4, MPOL_PREFERRED_MANY: 5 } as const;
const POLICY_FLAGS = 0xe000;
const { MPOL_DEFAULT, MPOL_PREFERRED, MPOL_LOCAL } = policies;
const getFlags = { MPOL_F_NODE: 1, MPOL_F_ADDR: 2, MPOL_F_MEMS_ALLOWED: 4 } as const;
const NODE_BITS = 64;

/** The nodes of a mask of `bits` - 1 bits. Throws EINVAL for nodes that are not there. */
function nodesAt(task: Task, ptr: number, bits: number): bigint {
  if (ptr === 0 || bits <= 1) return 0n;
  if (bits > 8 * PAGE_SIZE) throw EINVAL;
  let nodes = 0n;
  for (let at = 0; at < bits - 1; at += NODE_BITS) {
    const word = task.memory.readU64(ptr + at / 8) & (at + NODE_BITS > bits - 1 ? (1n << BigInt(bits - 1 - at)) - 1n : ~0n);
    if (at > 0 && word !== 0n) throw EINVAL;
    nodes |= word;
  }
  if (nodes & ~1n) throw EINVAL;
  return nodes;
}

/** Checks a policy with its nodes. Throws EINVAL. */
function checkPolicy(mode: number, nodes: bigint): void {
  const policy = mode & ~POLICY_FLAGS;
  if (!Object.values(policies).includes(policy as 0)) throw EINVAL;
  if ((policy === MPOL_DEFAULT || policy === MPOL_LOCAL) && nodes !== 0n) throw EINVAL;
  if (policy !== MPOL_DEFAULT && policy !== MPOL_LOCAL && policy !== MPOL_PREFERRED && nodes === 0n) throw EINVAL;
}

/** The policy that was set, for get_mempolicy. */
const policyOf = new WeakMap<Task, { mode: number; nodes: bigint }>();

function setMempolicy(task: Task, mode: number, ptr: number, bits: number): number {
  const nodes = nodesAt(task, ptr, bits);
  checkPolicy(mode, nodes);
  policyOf.set(task, { mode, nodes });
  return 0;
}

function getMempolicy(task: Task, modePtr: number, ptr: number, bits: number, address: number, flag: number): number {
  const { MPOL_F_NODE, MPOL_F_ADDR, MPOL_F_MEMS_ALLOWED } = getFlags;
  if (flag & ~(MPOL_F_NODE | MPOL_F_ADDR | MPOL_F_MEMS_ALLOWED) || (ptr !== 0 && bits < 1) || (flag & MPOL_F_MEMS_ALLOWED && flag & (MPOL_F_NODE | MPOL_F_ADDR))) throw EINVAL;
  if (!(flag & MPOL_F_ADDR) && address !== 0) throw EINVAL;
  if (flag & MPOL_F_ADDR && !task.space.covers(address - address % PAGE_SIZE, PAGE_SIZE)) throw EFAULT;
  const set = policyOf.get(task) ?? { mode: MPOL_DEFAULT, nodes: 0n };
  const nodes = flag & MPOL_F_MEMS_ALLOWED ? 1n : set.nodes;
  if (modePtr !== 0) task.memory.writeU32(modePtr, flag & (MPOL_F_NODE | MPOL_F_MEMS_ALLOWED) ? 0 : set.mode);
  if (ptr !== 0) {
    const mask = task.memory.writable(ptr, Math.ceil(bits / NODE_BITS) * 8).fill(0);
    mask[0] = Number(nodes);
  }
  return 0;
}

const MBIND_FLAGS = 7;

function mbind(task: Task, address: number, length: number, mode: number, ptr: number, bits: number, flag: number): number {
  if (flag & ~MBIND_FLAGS || address % PAGE_SIZE !== 0) throw EINVAL;
  checkPolicy(mode, nodesAt(task, ptr, bits));
  if (length > 0 && !task.space.covers(address, Math.ceil(length / PAGE_SIZE) * PAGE_SIZE)) throw EFAULT;
  return 0;
}

function demandProcess(task: Task, pid: number): Task {
  const target = pid === 0 ? task : task.kernel.tasks.get(pid);
  if (!target) throw ESRCH;
  if (!task.credentials.maySignal(target.credentials)) throw EPERM;
  return target;
}

/** Every page is on node 0 and stays there. */
function migratePages(task: Task, pid: number, bits: number, oldPtr: number, newPtr: number): number {
  nodesAt(task, oldPtr, bits);
  nodesAt(task, newPtr, bits);
  demandProcess(task, pid);
  return 0;
}

function movePages(task: Task, pid: number, count: number, pagesPtr: number, nodesPtr: number, statusPtr: number, flag: number): number {
  if (flag & ~6) throw EINVAL;
  const target = demandProcess(task, pid);
  for (let i = 0; i < count; i++) {
    const address = Number(task.memory.readU64(pagesPtr + 8 * i));
    const node = nodesPtr === 0 ? 0 : task.memory.readI32(nodesPtr + 4 * i);
    if (node !== 0) throw ENODEV;
    const there = target.space.covers(address - address % PAGE_SIZE, PAGE_SIZE);
    task.memory.writeU32(statusPtr + 4 * i, there ? 0 : (nodesPtr === 0 ? -ENOENT.code : -EFAULT.code) >>> 0);
  }
  return 0;
}

const NOTE = 'one memory node: policies are checked and remembered';

export const numaCalls: readonly SyscallRow[] = [
  sys(237, 'mbind', [Ptr, Size, Hex, Ptr, Size, Hex], mbind, NOTE),
  sys(238, 'set_mempolicy', [oneOf(policies), Ptr, Size], setMempolicy, NOTE),
  sys(239, 'get_mempolicy', [Ptr, Ptr, Size, Ptr, flags(getFlags)], getMempolicy, NOTE),
  sys(256, 'migrate_pages', [Pid, Size, Ptr, Ptr], migratePages, NOTE),
  sys(279, 'move_pages', [Pid, Size, Ptr, Ptr, Ptr, Hex], movePages, NOTE),
  sys(450, 'set_mempolicy_home_node', [Ptr, Size, Int, Int], (_task, address, _length, node, flag) => {
    if (flag !== 0 || node !== 0 || address % PAGE_SIZE !== 0) throw EINVAL;
    return 0;
  }, NOTE),
];

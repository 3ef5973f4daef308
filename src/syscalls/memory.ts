// Calls about memory: mmap, munmap, mprotect, mremap, brk, madvise, msync, mincore, mlock.
import {
  EACCES, EFAULT, EINVAL, ENODEV, ENOMEM, ENOSPC, ENOSYS, EPERM, F_SEAL_FUTURE_WRITE, F_SEAL_WRITE, madvice, makedev, MAP_ANONYMOUS, MAP_FIXED, MAP_FIXED_NOREPLACE, MAP_HUGETLB, MAP_PRIVATE, MAP_SHARED, MAP_SHARED_VALIDATE, MAP_TYPE, mapFlags,
  MREMAP_FIXED, MREMAP_MAYMOVE, mremapFlags, msyncFlags, protFlags, PROT_EXEC, PROT_GROWSDOWN, PROT_GROWSUP, PROT_READ, PROT_WRITE, resources, S_IFCHR, S_IFMT, S_IFREG,
} from '../abi/index.ts';
import { ADDRESS_END, PAGE_SIZE, TASK_END } from '../guest/index.ts';
import { pageUp } from '../linux/index.ts';
import type { MappedFile, Task } from '../linux/index.ts';
import { pathOf } from '../vfs/index.ts';
import type { OpenFile } from '../vfs/index.ts';
import { Fd, flags, Int, oneOf, Ptr, Size, UInt, ULongHex } from './codec.ts';
import { MemoryFile } from './files/memory-file.ts';
import { refuse, sys } from './row.ts';
import type { SyscallRow } from './row.ts';

const PROT_ALL = PROT_READ | PROT_WRITE | PROT_EXEC;
const DEV_ZERO = makedev(1, 5);
const O_RDONLY = 0, O_RDWR = 2;
const misaligned = (address: number): boolean => address % PAGE_SIZE !== 0;

function mmap(task: Task, address: number, length: number, prot: number, flag: number, fd: number, offset: number): number {
  const type = flag & MAP_TYPE;
  if (misaligned(offset) || length === 0 || ![MAP_PRIVATE, MAP_SHARED, MAP_SHARED_VALIDATE].includes(type)) throw EINVAL;
  if (length > ADDRESS_END) throw ENOMEM;
  if (flag & MAP_HUGETLB) throw ENOMEM;
  const fixed = flag & MAP_FIXED_NOREPLACE ? 'noreplace' as const : flag & MAP_FIXED ? 'replace' as const : undefined;
  if (fixed && misaligned(address)) throw EINVAL;
  if (fixed && address > ADDRESS_END) throw ENOMEM;
  const shared = type !== MAP_PRIVATE;
  const file = flag & MAP_ANONYMOUS ? undefined : mappedFile(task, fd, prot, shared);
  if (BigInt(task.space.sizeBytes) + BigInt(pageUp(length)) > task.process.limits[resources.RLIMIT_AS]!.soft) throw ENOMEM;
  const hint = fixed ? address : pageUp(address);
  return task.space.map({ address: hint > ADDRESS_END ? 0 : hint, length, prot: prot & PROT_ALL, shared, fixed, file, offset: file ? offset : 0 });
}

/** The file behind a descriptor, opened again so that it outlives the descriptor. undefined for /dev/zero, which is anonymous memory. */
function mappedFile(task: Task, fd: number, prot: number, shared: boolean): MappedFile | undefined {
  const description = task.files.get(fd);
  const { inode } = description;
  const type = inode.mode & S_IFMT;
  if (type === S_IFCHR && inode.stat().rdev === DEV_ZERO) return undefined;
  if (type !== S_IFREG || !inode.open) throw ENODEV;
  if (!description.readable || (shared && prot & PROT_WRITE && !description.writable)) throw EACCES;
  const sealed = shared && description.file instanceof MemoryFile && (description.file.seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)) !== 0;
  if (sealed && prot & PROT_WRITE) throw EPERM;
  const { place } = description;
  if (prot & PROT_EXEC && place?.mount.options.noexec) throw EPERM;
  const writable = shared && description.writable && !sealed;
  return { file: openToMap(inode.open(writable ? O_RDWR : O_RDONLY)), path: place ? pathOf(task.fs.root, place) : '', writable };
}

/** An open file for as long as a mapping refers to it: nobody will close it. */
function openToMap(file: OpenFile): OpenFile {
  if (file.mapped) {
    file.mapped();
    file.close?.();
  }
  return file;
}

function munmap(task: Task, address: number, length: number): number {
  if (misaligned(address) || length === 0 || address + length > TASK_END) throw EINVAL;
  task.space.unmap(address, length);
  return 0;
}

function mprotect(task: Task, address: number, length: number, prot: number): number {
  if (misaligned(address) || (prot & ~(PROT_ALL | PROT_GROWSDOWN | PROT_GROWSUP)) !== 0) throw EINVAL;
  if ((prot & PROT_GROWSDOWN) !== 0 && (prot & PROT_GROWSUP) !== 0) throw EINVAL;
  if (length === 0) return 0;
  task.space.protect(address, length, prot & PROT_ALL);
  return 0;
}

/** A processor without protection keys has only the key every page has. */
function pkeyMprotect(task: Task, address: number, length: number, prot: number, key: number): number {
  if (key !== -1) throw EINVAL;
  return mprotect(task, address, length, prot);
}

const PKEY_RIGHTS = 3;
function pkeyAlloc(_task: Task, flag: number, rights: number): number { throw flag !== 0 || rights & ~PKEY_RIGHTS ? EINVAL : ENOSPC; }

/** remap_file_pages(2): as the kernel has done since 4.0, a mapping of its own for the pages. */
function remapFilePages(task: Task, given: number, length: number, prot: number, page: number): number {
  const address = given - given % PAGE_SIZE;
  const size = pageUp(length);
  const region = task.space.regionAt(address);
  if (prot !== 0 || size === 0 || !region?.object || address + size > region.end) throw EINVAL;
  task.space.map({ address, length: size, prot: region.prot, shared: true, fixed: 'replace', file: region.file, object: region.object, offset: page * PAGE_SIZE, ...(region.label ? { label: region.label } : {}) });
  return 0;
}

function mremap(task: Task, address: number, oldLength: number, newLength: number, flag: number, newAddress: number): number {
  const { space } = task;
  const [mayMove, fixed] = [(flag & MREMAP_MAYMOVE) !== 0, (flag & MREMAP_FIXED) !== 0];
  if (flag & ~(MREMAP_MAYMOVE | MREMAP_FIXED) || misaligned(address) || newLength === 0 || (fixed && (!mayMove || misaligned(newAddress)))) throw EINVAL;
  const [oldSize, newSize] = [pageUp(oldLength), pageUp(newLength)];
  if (newSize > ADDRESS_END) throw ENOMEM;
  if (fixed && newAddress < address + oldSize && address < newAddress + newSize) throw EINVAL;
  const region = space.regionAt(address);
  if (!region) throw EFAULT;
  if (oldSize === 0 ? !region.object : address + oldSize > region.end && !space.covers(address, oldSize)) throw oldSize === 0 ? EINVAL : EFAULT;
  if (address + Math.min(oldSize, newSize) > region.end && newSize > oldSize) throw EFAULT;
  return space.remap(address, oldSize, newSize, mayMove, fixed ? newAddress : undefined);
}

const { MADV_DONTNEED, MADV_FREE, MADV_REMOVE, MADV_DONTFORK, MADV_WIPEONFORK } = madvice;
const knownAdvice = new Set<number>(Object.values(madvice));
/** Advice that changes what a program sees and is not followed: better refused than ignored. */
const refusedAdvice = new Set<number>([MADV_REMOVE, MADV_DONTFORK, MADV_WIPEONFORK]);

function madvise(task: Task, address: number, length: number, advice: number): number {
  if (misaligned(address) || !knownAdvice.has(advice) || refusedAdvice.has(advice)) throw EINVAL;
  const size = pageUp(length);
  if (address + size > ADDRESS_END) throw ENOMEM;
  if (advice === MADV_FREE && task.space.regions.some((r) => r.start < address + size && address < r.end && r.object)) throw EINVAL;
  if (advice === MADV_DONTNEED || advice === MADV_FREE) task.space.discard(address, size);
  if (size > 0 && !task.space.covers(address, size)) throw ENOMEM;
  return 0;
}

function msync(task: Task, address: number, length: number, flag: number): number {
  const { MS_ASYNC, MS_SYNC, MS_INVALIDATE } = msyncFlags;
  if (misaligned(address) || flag & ~(MS_ASYNC | MS_SYNC | MS_INVALIDATE) || (flag & MS_ASYNC && flag & MS_SYNC)) throw EINVAL;
  const size = pageUp(length);
  if (!task.space.covers(address, size)) throw ENOMEM;
  task.space.sync(address, size, (flag & MS_SYNC) !== 0);
  return 0;
}

/** Every mapped page is in memory. */
function mincore(task: Task, address: number, length: number, ptr: number): number {
  if (misaligned(address)) throw EINVAL;
  const size = pageUp(length);
  if (!task.space.covers(address, size)) throw ENOMEM;
  task.memory.writable(ptr, size / PAGE_SIZE).fill(1);
  return 0;
}

/** Nothing is ever swapped out, so locking only checks the range, and each call's length against RLIMIT_MEMLOCK. */
function mlock(task: Task, address: number, length: number): number {
  const { soft } = task.process.limits[resources.RLIMIT_MEMLOCK]!;
  if (soft === 0n && length > 0) throw EPERM;
  if (BigInt(length) > soft) throw ENOMEM;
  return munlock(task, address, length);
}

const MCL_CURRENT = 1, MCL_FUTURE = 2, MCL_ONFAULT = 4;
function mlockall(_task: Task, bits: number): number {
  if ((bits & (MCL_CURRENT | MCL_FUTURE)) === 0 || bits & ~(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT)) throw EINVAL;
  return 0;
}

function munlock(task: Task, address: number, length: number): number {
  const start = address - address % PAGE_SIZE;
  if (!task.space.covers(start, pageUp(address + length - start))) throw ENOMEM;
  return 0;
}

const Prot = flags(protFlags, 'PROT_NONE');
export const memoryCalls: readonly SyscallRow[] = [
  sys(9, 'mmap', [Ptr, Size, Prot, flags(mapFlags), Fd, ULongHex], mmap, 'all addresses lie below 4 GiB; huge pages are ENOMEM; memory that is mapped twice in a process is kept alike by faults, a page at a time, so a process that does that checks every load; bytes beyond the end of a file read as zero, without SIGBUS'),
  sys(10, 'mprotect', [Ptr, Size, Prot], mprotect),
  sys(11, 'munmap', [Ptr, Size], munmap),
  sys(12, 'brk', [Ptr], (task, address) => task.space.setBrk(address), 'the heap ends below the stack, at 248 MiB; malloc goes on with mmap'),
  sys(25, 'mremap', [Ptr, Size, Size, flags(mremapFlags), Ptr], mremap, 'MREMAP_DONTUNMAP is EINVAL'),
  sys(26, 'msync', [Ptr, Size, flags(msyncFlags)], msync),
  sys(27, 'mincore', [Ptr, Size, Ptr], mincore),
  sys(28, 'madvise', [Ptr, Size, oneOf(madvice)], madvise, 'DONTNEED and FREE act; REMOVE, DONTFORK and WIPEONFORK are EINVAL; the rest changes nothing a program sees'),
  sys(149, 'mlock', [Ptr, Size], mlock),
  sys(150, 'munlock', [Ptr, Size], munlock),
  sys(325, 'mlock2', [Ptr, Size, Int], mlock),
  sys(151, 'mlockall', [Int], mlockall),
  sys(152, 'munlockall', [], () => 0),
  sys(329, 'pkey_mprotect', [Ptr, Size, flags(protFlags), Int], pkeyMprotect, 'no protection keys: only key -1, as on a processor without them'),
  sys(330, 'pkey_alloc', [UInt, UInt], pkeyAlloc, 'always ENOSPC, as on a processor without protection keys'),
  sys(331, 'pkey_free', [Int], () => { throw EINVAL; }, 'no key was ever given out'),
  sys(216, 'remap_file_pages', [Ptr, Size, flags(protFlags), Size, flags(mapFlags)], remapFilePages),
  refuse(323, 'userfaultfd', ENOSYS, 'page faults are not delivered to programs'),
];

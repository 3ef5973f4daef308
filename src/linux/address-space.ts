// The address space of a process: what is mapped where, over guest memory and its permission table. mmap(2), mprotect(2), mremap(2), brk(2), madvise(2).
import { EACCES, EEXIST, EINVAL, ENOMEM, EPERM, PROT_EXEC, PROT_NONE, PROT_READ, PROT_WRITE } from '../abi/index.ts';
import { assert } from '../base/index.ts';
import { ADDRESS_END, IMAGE_BASE, MMAP_BASE, PAGE_SIZE, Perm, RECORDS_BASE, WINDOWS_END, STACK_LIMIT, STACK_TOP } from '../guest/index.ts';
import type { GuestMemory, Space } from '../guest/index.ts';
import type { OpenFile } from '../vfs/index.ts';
import type { Placements } from './placements.ts';
import { Regions } from './regions.ts';
import type { MappedFile, Region } from './regions.ts';
import { AnonymousObject, fileObject, readWhole } from './shared-memory.ts';
import type { SharedObject } from './shared-memory.ts';
import { SharedViews } from './shared-views.ts';
import type { Task } from './task.ts';

export const pageUp = (bytes: number): number => Math.ceil(bytes / PAGE_SIZE) * PAGE_SIZE;
export const pageDown = (address: number): number => address - address % PAGE_SIZE;

/** What a mapping is made of. */
export interface MapRequest {
  /** Page-aligned; where to put it (`fixed`) or where it would be nice. */
  address: number;
  length: number;
  prot: number;
  shared: boolean;
  fixed?: 'replace' | 'noreplace' | undefined;
  file?: MappedFile | undefined;
  /** Shared memory that is there already (shmat). */
  object?: SharedObject;
  /** Page-aligned. */
  offset: number;
  label?: string;
  /** MAP_32BIT, MAP_STACK and so on change nothing: everything lies below 4 GiB. */
}

/** How much of the stack is there at first, and by how much it grows at least. */
const STACK_STEP = 0x4_0000;
/** Room kept mapped below rsp at a system call. */
const STACK_SLACK = 0x8000;

/** Bits of the permission table; stores to shared memory are watched. */
const permOf = (prot: number, shared: boolean): number =>
  Perm.mapped | (prot === PROT_NONE ? 0 : Perm.read) | (prot & PROT_WRITE ? (shared ? Perm.watched : Perm.write) : 0) | (prot & PROT_EXEC ? Perm.execute : 0) | (shared ? Perm.shared : 0);

/** Names the content of a file that cannot change, for the translation cache and for choosing addresses; undefined when it has none. */
const identityOf = (file: OpenFile): string | undefined => file.inode.identity?.();

let nextSpace = 1;

export class AddressSpace {
  readonly cpu: Space;
  readonly memory: GuestMemory;
  #regions = new Regions();
  /** How many tasks use it. */
  users = 0;
  /** The task whose registers are in cpu.state. */
  live: Task | undefined;
  brkStart = 0;
  #brk = 0;
  /** Guest addresses of argv and envp strings, for /proc/[pid]/cmdline and environ. */
  args = { start: 0, end: 0, envEnd: 0 };
  /** The auxiliary vector as the program got it, for /proc/[pid]/auxv. */
  auxv: Uint8Array = new Uint8Array(0);
  /** Memory shared with other spaces. */
  readonly shared: SharedViews;
  readonly #placements: Placements;
  readonly #name = `space${nextSpace++}`;

  constructor(cpu: Space, placements: Placements, seen?: SharedViews['seen']) {
    this.cpu = cpu;
    this.memory = cpu.memory;
    this.#placements = placements;
    this.shared = new SharedViews(cpu.memory, () => this.regions, () => { cpu.level = 'all'; }, seen);
  }

  get regions(): readonly Region[] { return this.#regions.all; }
  get brk(): number { return this.#brk; }
  /** Sum of mapped bytes. */
  get sizeBytes(): number { return this.regions.reduce((sum, r) => sum + r.end - r.start, 0); }

  /** Makes a mapping and returns its address. Throws ENOMEM, EEXIST, EPERM, EINVAL. */
  map(request: MapRequest): number {
    const length = pageUp(request.length);
    if (length === 0) throw EINVAL;
    const address = this.#place(request, length);
    const content = !request.shared && request.file ? identityOf(request.file.file) : undefined;
    const there = request.fixed !== undefined && content !== undefined ? this.#holding(address, address + length, content, request.offset) : undefined;
    const sameRights = there?.prot === request.prot;
    if (there) this.#regions.remove(address, address + length);
    else if (request.fixed) this.unmap(address, length);
    const region: Region = {
      start: address, end: address + length, prot: request.prot, offset: request.offset, label: request.label, file: request.file,
      dirty: request.shared || request.file !== undefined || (request.prot & PROT_WRITE) !== 0, readOnlyShared: request.shared && request.file !== undefined && !request.file.writable, object: request.object,
      content: request.prot & PROT_WRITE ? undefined : content,
    };
    if (request.shared) this.#makeShared(region);
    this.#grow(region);
    if (!there) this.#fill(region, content);
    if (!sameRights) this.memory.protect(address, length, permOf(request.prot, request.shared));
    this.#regions.insert(region);
    if (!sameRights) this.#note(region);
    this.shared.noteAliases(region);
    return address;
  }

  /** The region where [start, end) is mapped to these bytes of a file already: programs map a library as a whole first, and then its segments again. */
  #holding(start: number, end: number, content: string, offset: number): Readonly<Region> | undefined {
    const region = this.#regions.at(start);
    return region !== undefined && region.end >= end && region.content === content && region.offset + (start - region.start) === offset ? { ...region } : undefined;
  }

  #place(request: MapRequest, length: number): number {
    const { address, fixed } = request;
    if (fixed) {
      if (address < IMAGE_BASE) throw EPERM;
      if (!this.#allowed(address, length)) throw ENOMEM;
      if (fixed === 'noreplace' && !this.#regions.isFree(address, address + length)) throw EEXIST;
      return address;
    }
    if (address !== 0 && this.#allowed(address, length) && this.#regions.isFree(address, address + length) && !meets(address, length, STACK_TOP - STACK_LIMIT, STACK_TOP)) return address;
    return this.#usualPlace(request, length) ?? this.#free(length);
  }

  /** Programs map a library from its start and as a whole first; the same one goes where it was in other processes. */
  #usualPlace(request: MapRequest, length: number): number | undefined {
    const identity = request.offset === 0 && request.file ? identityOf(request.file.file) : undefined;
    if (!identity) return undefined;
    const known = this.#placements.get(identity, length);
    if (known !== undefined) return this.#regions.isFree(known, known + length) ? known : undefined;
    const address = this.#placements.newRoom(length, (low) => this.#regions.findFree(length, low, ADDRESS_END));
    if (address !== undefined) this.#placements.set(identity, length, address);
    return address;
  }

  /** The lowest free room for a mapping. Throws ENOMEM. */
  findRoom(length: number): number { return this.#free(pageUp(length)); }

  #free(length: number): number {
    const found = this.#regions.findFree(length, MMAP_BASE, ADDRESS_END);
    if (found === undefined) throw ENOMEM;
    return found;
  }

  #allowed(address: number, length: number): boolean {
    return address >= IMAGE_BASE && address + length <= ADDRESS_END && !meets(address, length, RECORDS_BASE, WINDOWS_END);
  }

  #makeShared(region: Region): void {
    if (!region.object && !region.file) region.offset = 0;
    region.object ??= region.file ? fileObject(region.file) : new AnonymousObject();
    this.shared.add(region.object);
  }

  #grow(region: Region): void {
    if (region.prot === PROT_NONE && !region.file) return;
    try {
      this.memory.ensure(region.end);
    } catch (error) {
      if (error instanceof RangeError) throw ENOMEM;
      throw error;
    }
  }

  /** Puts a region's first content into memory, which is zero there or holds bytes of the same file. */
  #fill(region: Region, content = region.content): void {
    const there = this.memory.claim(region.start, region.end, content, region.offset);
    if (region.object) {
      this.memory.ensure(region.end);
      this.shared.load(region);
    }
    else if (region.file) {
      let at = region.start;
      for (const [start, end] of [...there, [region.end, region.end] as const]) {
        if (start > at) readWhole(region.file.file, region.offset + at - region.start, this.memory.bytes.subarray(at, start));
        at = end;
      }
    }
  }

  #note(region: Region): void {
    const identity = region.file && (region.prot & PROT_EXEC) && !(region.prot & PROT_WRITE) && !region.object ? identityOf(region.file.file) : undefined;
    if (identity) this.cpu.noteFile(region.start, region.end - region.start, `${identity}@${region.offset}`, region.content === identity);
  }

  /** munmap(2): what is not mapped is passed over. */
  unmap(address: number, length: number): void {
    const end = Math.min(address + pageUp(length), ADDRESS_END);
    if (this.#regions.isFree(address, end)) return;
    this.#forgetCode(address, end);
    const shared = new Set(this.#regions.meeting(address, end).flatMap((r) => (r.object ? [r.object] : [])));
    for (const object of shared) this.shared.giveUp(object);
    for (const region of this.#regions.remove(address, end)) {
      if (region.dirty) this.memory.zero(region.start, region.end - region.start);
      this.memory.protect(region.start, region.end - region.start, 0);
    }
    for (const object of shared) if (!this.regions.some((r) => r.object === object)) this.shared.remove(object);
  }

  #forgetCode(start: number, end: number): void {
    const { perms } = this.memory;
    for (let page = start / PAGE_SIZE; page < end / PAGE_SIZE; page++) {
      if ((perms[page]! & Perm.code) === 0) continue;
      this.cpu.invalidate(start, end - start);
      return;
    }
  }

  /** mprotect(2). Throws ENOMEM when part of the range is not mapped (what comes before it is changed, as on Linux). */
  protect(address: number, length: number, prot: number): void {
    const end = address + pageUp(length);
    if (end > ADDRESS_END) throw ENOMEM;
    let at = address;
    for (const region of this.#regions.carve(address, end)) {
      if (region.start > at) break;
      if (prot & PROT_WRITE && region.readOnlyShared) throw EACCES;
      this.#protectRegion(region, prot);
      at = region.end;
    }
    this.#regions.mergeAround(address, end);
    if (at < end) throw ENOMEM;
  }

  #protectRegion(region: Region, prot: number): void {
    if (region.prot === prot) return;
    this.#forgetCode(region.start, region.end);
    if (region.object) this.shared.giveUp(region.object);
    region.prot = prot;
    region.dirty ||= (prot & PROT_WRITE) !== 0;
    if (prot & PROT_WRITE) region.content = undefined;
    this.#grow(region);
    this.memory.protect(region.start, region.end - region.start, permOf(prot, region.object !== undefined));
    this.#note(region);
    this.shared.noteAliases(region);
  }

  /** brk(2): the new end of the heap, or the old one when it cannot move. */
  setBrk(wanted: number): number {
    if (wanted < this.brkStart || wanted > STACK_TOP - STACK_LIMIT) return this.#brk;
    const [from, to] = [pageUp(this.#brk), pageUp(wanted)];
    if (to < from) this.unmap(to, from - to);
    else if (to > from) {
      if (!this.#regions.isFree(from, to)) return this.#brk;
      this.map({ address: from, length: to - from, prot: PROT_READ | PROT_WRITE, shared: false, fixed: 'replace', offset: 0, label: '[heap]' });
    }
    return this.#brk = wanted;
  }

  /** The loader tells where the program ends. */
  startBrk(address: number): void { this.brkStart = this.#brk = address; }

  /** Maps the initial stack; returns its top. */
  mapStack(): number {
    this.map({ address: STACK_TOP - STACK_STEP, length: STACK_STEP, prot: PROT_READ | PROT_WRITE, shared: false, fixed: 'replace', offset: 0, label: '[stack]' });
    return STACK_TOP;
  }

  /** Makes the stack reach down to `address` when it may. Returns whether the page is there now. */
  growStack(address: number): boolean {
    const stack = this.#regions.at(STACK_TOP - 1);
    if (stack?.label !== '[stack]' || address >= stack.start || address < STACK_TOP - STACK_LIMIT) return false;
    const start = Math.max(STACK_TOP - STACK_LIMIT, pageDown(address) - STACK_STEP);
    if (!this.#regions.isFree(start, stack.start)) return false;
    this.map({ address: start, length: stack.start - start, prot: stack.prot, shared: false, fixed: 'noreplace', offset: 0, label: '[stack]' });
    return true;
  }

  /** System calls write to buffers above rsp that no store has touched yet: the stack must be there. */
  coverStack(rsp: number): void {
    if (rsp < STACK_TOP && !this.memory.allows(Math.max(rsp - STACK_SLACK, STACK_TOP - STACK_LIMIT), 1, Perm.mapped)) this.growStack(rsp - STACK_SLACK);
  }

  /** mremap(2) without MREMAP_DONTUNMAP. Returns the new address. */
  remap(address: number, oldLength: number, newLength: number, mayMove: boolean, fixedAt: number | undefined): number {
    const [oldSize, newSize] = [pageUp(oldLength), pageUp(newLength)];
    if (fixedAt === undefined && newSize <= oldSize) {
      if (newSize < oldSize) this.unmap(address + newSize, oldSize - newSize);
      return address;
    }
    const region = this.#regions.at(address);
    assert(region, 'mremap of what is not mapped');
    if (region.object) this.shared.giveUp(region.object);
    if (fixedAt === undefined && this.#growInPlace(region, address, oldSize, newSize)) return address;
    if (!mayMove && fixedAt === undefined) throw ENOMEM;
    return this.#move(region, address, oldSize, newSize, fixedAt);
  }

  #growInPlace(region: Region, address: number, oldSize: number, newSize: number): boolean {
    const [from, to] = [address + oldSize, address + newSize];
    if (region.end !== from || !this.#allowed(from, to - from) || !this.#regions.isFree(from, to)) return false;
    this.#extend(region, from, to);
    return true;
  }

  /** Adds [from, to) as the continuation of `region`. */
  #extend(region: Region, from: number, to: number): void {
    const more: Region = { ...region, start: from, end: to, offset: region.offset + (from - region.start) };
    this.#grow(more);
    this.#fill(more);
    this.memory.protect(from, to - from, permOf(more.prot, more.object !== undefined));
    this.#regions.insert(more);
  }

  #move(region: Region, address: number, oldSize: number, newSize: number, fixedAt: number | undefined): number {
    const at = fixedAt ?? this.#free(newSize);
    if (fixedAt !== undefined) {
      if (!this.#allowed(at, newSize)) throw EINVAL;
      this.unmap(at, newSize);
    }
    const source: Region = { ...region, offset: region.offset + (address - region.start) };
    const moved: Region = { ...source, start: at, end: at + Math.min(oldSize, newSize) };
    this.#grow({ ...moved, end: at + newSize });
    this.memory.claim(at, at + newSize);
    if (moved.prot !== PROT_NONE || moved.dirty) {
      this.memory.ensure(Math.max(moved.end, address + oldSize));
      this.memory.bytes.copyWithin(at, address, address + (moved.end - at));
    }
    this.memory.protect(at, moved.end - at, permOf(moved.prot, moved.object !== undefined));
    this.#regions.insert({ ...moved });
    if (newSize > oldSize) this.#extend(moved, moved.end, at + newSize);
    this.unmap(address, oldSize);
    this.shared.noteAliases(moved);
    return at;
  }

  covers(address: number, length: number): boolean { return this.#regions.covers(address, address + length); }
  regionAt(address: number): Region | undefined { return this.#regions.at(address); }
  isFree(address: number, length: number): boolean { return this.#regions.isFree(address, address + length); }

  /** madvise(MADV_DONTNEED): pages go back to their first content. */
  discard(address: number, length: number): void {
    for (const region of this.#regions.meeting(address, address + length)) {
      if (region.object || !region.dirty) continue;
      const [start, end] = [Math.max(region.start, address), Math.min(region.end, address + length)];
      this.#forgetCode(start, end);
      this.memory.protect(start, end - start, permOf(region.prot, false));
      this.memory.zero(start, end - start);
      if (region.file) this.#fill({ ...region, start, end, offset: region.offset + start - region.start });
    }
  }

  /** msync(2): shared file pages reach their file; `durable`: and the disk. */
  sync(address: number, length: number, durable: boolean): void {
    for (const object of new Set(this.#regions.meeting(address, address + length).flatMap((r) => (r.object ? [r.object] : [])))) {
      this.shared.giveUp(object);
      if (durable) object.sync();
    }
  }

  /** A copy for a forked child. */
  fork(): AddressSpace {
    this.shared.giveUpAll();
    const child = new AddressSpace(this.cpu.fork(), this.#placements, this.shared.seen);
    child.#regions = this.#regions.copy();
    child.brkStart = this.brkStart;
    child.#brk = this.#brk;
    child.args = { ...this.args };
    child.auxv = this.auxv;
    if (this.shared.areKeptAlike) child.shared.keepAlike();
    return child;
  }

  /** The name of the word at `address` for futexes: shared memory is the same word in every space. */
  futexKey(address: number, isPrivate: boolean): string {
    const region = isPrivate ? undefined : this.#regions.at(address);
    return region?.object ? `${region.object.id}:${region.offset + address - region.start}` : `${this.#name}/${address}`;
  }

  /** Nobody uses it any more: shared pages are stored, the memory goes back to the pool. */
  release(): void {
    this.shared.release();
    this.cpu.release(this.regions.flatMap(({ start, end, content, offset }) => (content === undefined ? [] : [{ start, end, identity: content, offset }])));
  }
}

const meets = (address: number, length: number, start: number, end: number): boolean => address < end && address + length > start;

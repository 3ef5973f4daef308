// Emission of a region as one WebAssembly function of type () -> i32: structured control flow by the dominator tree, registers in locals, exits grouped in cold blocks at the end.

import { Exit, PAGE_SHIFT, PERM_BASE, STATE_BASE, state } from '../../guest/index.ts';
import { Do, type Statement } from '../ir/block.ts';
import { countUses, Emitter, type Frame } from '../ir/emit.ts';
import { opOf } from '../ir/ops.ts';
import { Code, loads, stores } from '../wasm/index.ts';
import { type Block, endNodes } from './block.ts';
import { RegisterLocals, storeState } from './register-locals.ts';
import { dirtyOut, exitNeedsFlags, flagsDirtyOut, leavesAtEnd, mayLeave } from './flow.ts';
import type { Region } from './region.ts';

/** What a region returns instead of a guest pc: state.exit says why it left; the interpreter must run the instruction at state.pc, then go on. */
export const LEAVE = -1, SLOW = -2;

/** The functions a region calls, by index in its module. */
export interface Imports {
  readonly call: number;
  readonly syscall: number;
  readonly routine: number;
  helper(name: string): number;
  /** The function of another region of the module by its entry, and whether it overwrites all flags before it reads them. */
  region(pc: number): { readonly index: number; readonly ignoresFlags: boolean } | undefined;
}

const OP = { add: opOf('i32.add').code, and: opOf('i32.and').code, eqz: opOf('i32.eqz').code, shru: opOf('i32.shr_u').code, sub: opOf('i32.sub').code, lts: opOf('i32.lt_s').code, ltu: opOf('i32.lt_u').code, geu: opOf('i32.ge_u').code, shl: opOf('i32.shl').code, ne: opOf('i32.ne').code };

/** How a group of exits ends: the interpreter does the instruction; control goes on at the pc; the budget is used up. */
const Way = { slow: 0, go: 1, budget: 2 } as const;

/** Exits that store the same registers and leave in the same way. They arrive with the guest pc on the stack. */
interface Group {
  readonly way: number;
  readonly slots: number;
  readonly flags: boolean;
  id: number;
  /** The largest group that stores a part of what this one does: control goes on there. */
  parent: Group | null;
  label: number;
}

const popcount = (x: number): number => { let n = 0; for (; x !== 0; x &= x - 1) n++; return n; };

export class RegionEmitter implements Frame {
  readonly code = new Code(0, 4096);
  readonly #region: Region;
  readonly #imports: Imports;
  readonly #emitter: Emitter;
  readonly #locals = new RegisterLocals(this.code);
  readonly #groups = new Map<string, Group>();
  #groupList: Group[] = [];
  #scratch = -1;
  /** The address of a check that looks at two pages. */
  #start = -1;
  /** The dispatch local. */
  #next = -1;

  constructor(region: Region, imports: Imports) {
    this.#region = region;
    this.#imports = imports;
    this.#emitter = new Emitter(this);
  }

  emit(): Code {
    const { code } = this;
    const { blocks } = this.#region;
    const entry = blocks[0]!;
    const loops = blocks.some((b) => b.counts);
    if (this.#region.dispatcher !== undefined) this.#next = code.local('i32');
    if (loops) this.#locals.countBudget();
    for (const block of blocks) {
      this.#groupExits(block);
      countUses(block.statements, endNodes(block.end), false);
    }
    this.#orderGroups();
    this.#enter(entry, loops);
    for (const group of this.#groupList) group.label = code.block(0x7f);
    this.#tree(entry);
    code.unreachable();
    this.#emitGroups();
    return code;
  }

  // ---- frame of the emitter
  home(slot: number): number { return this.#locals.home(slot); }
  helper(name: string): number { return this.#imports.helper(name); }

  leave(emitter: Emitter, s: Statement): void {
    const { code } = this;
    code.i32(s.pc);
    if (s.do === Do.check) {
      emitter.emit(s.address!);
      const last = s.offset + s.size - 1;
      const low = last + s.lowest;
      const high = last + s.highest;
      if (low !== high) code.tee(this.#start < 0 ? (this.#start = code.local('i32')) : this.#start);
      this.#rightsAt(high);
      if (low !== high) {
        code.get(this.#start);
        this.#rightsAt(low);
        code.op(OP.and);
      }
      code.i32(s.detail);
      code.op(OP.and);
      if (s.detail !== 3) code.op(OP.eqz);
      else {
        code.i32(s.detail);
        code.op(OP.ne);
      }
    } else emitter.emit(s.value!);
    code.brIf(this.#groupList[s.group]!.label);
    code.drop();
  }

  /** The rights of the page that holds the byte `offset` after the address on the stack. */
  #rightsAt(offset: number): void {
    const { code } = this;
    if (offset !== 0) { code.i32(offset); code.op(OP.add); }
    code.i32(PAGE_SHIFT);
    code.op(OP.shru);
    code.memory(loads['i32.load8_u'], PERM_BASE);
  }

  // ---- exits
  #group(way: number, slots: number, flags: boolean): Group {
    const key = `${way} ${slots} ${flags}`;
    let group = this.#groups.get(key);
    if (group === undefined) this.#groups.set(key, (group = { way, slots, flags, id: -1, parent: null, label: -1 }));
    return group;
  }

  #exitGroups = new Map<Statement, Group>();

  #groupExits(block: Block): void {
    for (const s of block.statements) if (mayLeave(s) && s.live) this.#exitGroups.set(s, this.#group(Way.slow, block.dirtyIn | s.changed, exitNeedsFlags(block, s)));
    if (block.counts) this.#group(Way.budget, block.dirtyIn, block.flagsDirtyIn && block.flagsLiveIn);
    if (block.end.kind === 'branch' && leavesAtEnd(block)) this.#edgeGroup(block);
  }

  /** The group of edges that leave the region from a block's end. */
  #edgeGroup(block: Block): Group { return this.#group(Way.go, dirtyOut(block), flagsDirtyOut(block)); }

  /** Larger groups are inner blocks, so that they can go on in smaller ones. */
  #orderGroups(): void {
    const size = (g: Group): number => popcount(g.slots) + (g.flags ? 3 : 0);
    const list = [...this.#groups.values()].sort((x, y) => size(x) - size(y));
    for (const [i, group] of list.entries()) {
      group.id = i;
      for (let j = i - 1; j >= 0 && group.parent === null; j--) {
        const other = list[j]!;
        if (other.way === group.way && (other.slots & ~group.slots) === 0 && (group.flags || !other.flags)) group.parent = other;
      }
    }
    this.#groupList = list;
    for (const [s, group] of this.#exitGroups) s.group = group.id;
  }

  #emitGroups(): void {
    const { code } = this;
    for (let i = this.#groupList.length - 1; i >= 0; i--) {
      const group = this.#groupList[i]!;
      code.end();
      const parent = group.parent;
      this.#locals.store(parent === null ? group.slots : group.slots & ~parent.slots, group.flags && !(parent?.flags ?? false));
      if (parent !== null) code.br(parent.label);
      else this.#finish(group.way);
    }
  }

  /** The end of a group: the guest pc is on the stack. */
  #finish(way: number): void {
    const { code } = this;
    this.#locals.storeBudget();
    if (way !== Way.go) {
      const pc = this.#scratchLocal();
      code.set(pc);
      code.i32(STATE_BASE);
      code.get(pc);
      code.memory(stores['i32.store'], state.pc);
      if (way === Way.budget) storeState(code, state.exit, Exit.budget);
      code.i32(way === Way.budget ? LEAVE : SLOW);
    }
    code.return();
  }

  #scratchLocal(): number { return this.#scratch < 0 ? (this.#scratch = this.code.local('i32')) : this.#scratch; }

  /** Everything that differs from the state block goes there. */
  #storeAll(block: Block, flags = true): void {
    this.#locals.store(dirtyOut(block), flags && flagsDirtyOut(block));
    this.#locals.storeBudget();
  }

  // ---- entry
  /** Regions that go on elsewhere without a loop count here, so that recursion ends too. */
  #enter(entry: Block, loops: boolean): void {
    const { code } = this;
    if (loops) this.#locals.loadBudget();
    else if (this.#region.blocks.some((b) => b.end.kind === 'call' || b.end.kind === 'indirect' || b.end.kind === 'table')) {
      const left = this.#scratchLocal();
      code.i32(STATE_BASE);
      code.i32(STATE_BASE);
      code.memory(loads['i32.load'], state.budget);
      code.i32(1);
      code.op(OP.sub);
      code.tee(left);
      code.memory(stores['i32.store'], state.budget);
      code.get(left);
      code.i32(0);
      code.op(OP.lts);
      code.if();
      if (this.#region.entries.length === 1) storeState(code, state.pc, this.#region.entries[0]!);
      storeState(code, state.exit, Exit.budget);
      code.i32(LEAVE);
      code.return();
      code.end();
    }
    if (this.#region.entries.length > 1) this.#chooseEntry();
    this.#locals.load(entry.liveIn, entry.flagsLiveIn);
  }

  /** Sets the dispatch local by state.pc. Its first value is the first entry's. */
  #chooseEntry(): void {
    const { code } = this;
    const pc = this.#scratchLocal();
    code.i32(STATE_BASE);
    code.memory(loads['i32.load'], state.pc);
    code.set(pc);
    const { targets } = this.#region;
    const sorted = this.#region.entries.map((entry) => ({ entry, id: targets.findIndex((b) => b.pc === entry) })).sort((x, y) => x.entry - y.entry);
    const choose = (from: number, to: number): void => {
      if (to - from === 1) {
        code.i32(sorted[from]!.id);
        return;
      }
      const middle = (from + to) >> 1;
      code.get(pc);
      code.i32(sorted[middle]!.entry);
      code.op(OP.ltu);
      code.if(0x7f);
      choose(from, middle);
      code.else();
      choose(middle, to);
      code.end();
    };
    choose(0, sorted.length);
    code.set(this.#next);
  }

  // ---- control flow
  /** A block and everything it dominates. */
  #tree(block: Block): void {
    const { code } = this;
    if (block.isLoopHead) block.label = code.loop();
    if (block.counts) this.#loopBudget(block);
    const merges = block.dominated.filter((b) => b.isMerge).sort((x, y) => y.order - x.order);
    for (const merge of merges) merge.label = code.block();
    this.#body(block);
    for (let i = merges.length - 1; i >= 0; i--) {
      code.end();
      this.#tree(merges[i]!);
    }
    if (block.isLoopHead) code.end();
  }

  #loopBudget(block: Block): void {
    const { code } = this;
    code.i32(block.pc);
    code.get(this.#locals.budget);
    code.i32(1);
    code.op(OP.sub);
    code.tee(this.#locals.budget);
    code.i32(0);
    code.op(OP.lts);
    code.brIf(this.#group(Way.budget, block.dirtyIn, block.flagsDirtyIn && block.flagsLiveIn).label);
    code.drop();
  }

  #body(block: Block): void {
    const { code } = this;
    const emitter = this.#emitter;
    emitter.begin(block.registers.inputs);
    emitter.statements(block.statements);
    const { end } = block;
    switch (end.kind) {
      case 'next': this.#edge(block, end.next); break;
      case 'jump': this.#edge(block, end.target); break;
      case 'branch': this.#branch(block, end); break;
      case 'table': if (block.routes.length > 0 && this.#region.tables.has(end.table.address)) this.#dispatchedTable(block, end); else this.#table(block, end); break;
      case 'dispatch': this.#dispatch(block); break;
      case 'indirect': {
        emitter.emit(end.target);
        this.#leaveTo(block);
        break;
      }
      case 'call': this.#call(block, end); break;
      case 'ret':
        emitter.emit(end.target);
        this.#storeAll(block);
        code.return();
        break;
      case 'syscall':
        this.#storeAll(block);
        storeState(code, state.pc, end.next);
        code.call(this.#imports.syscall);
        this.#leaveUnlessZero();
        this.#resume(block, end.next);
        break;
      case 'routine':
        this.#storeAll(block);
        storeState(code, state.pc, end.pc);
        code.i32(end.id);
        for (let i = 0; i < 4; i++) if (i < end.args.length) emitter.emit(end.args[i]!); else code.i32(0);
        code.call(this.#imports.routine);
        this.#leaveUnlessZero();
        this.#resume(block, end.next);
        break;
      case 'slow':
        this.#storeAll(block);
        storeState(code, state.pc, end.pc);
        code.i32(SLOW);
        code.return();
        break;
    }
  }

  #leaveUnlessZero(): void {
    const { code } = this;
    code.if();
    code.i32(LEAVE);
    code.return();
    code.end();
  }

  /** A computed jump out of the region: the pc is on the stack. */
  #leaveTo(block: Block): void {
    const { code } = this;
    const pc = this.#scratchLocal();
    code.set(pc);
    this.#storeAll(block);
    code.i32(STATE_BASE);
    code.get(pc);
    code.memory(stores['i32.store'], state.pc);
    code.get(pc);
    code.returnCall(this.#imports.call);
  }

  #call(block: Block, end: { readonly target: unknown; readonly next: number }): void {
    const { code } = this;
    const emitter = this.#emitter;
    const target = (block.end as { target: Parameters<Emitter['emit']>[0] | number }).target;
    const { stub } = block;
    const callee = typeof target === 'number' && stub === undefined ? this.#imports.region(target) : undefined;
    const pc = this.#scratchLocal();
    const known = stub === undefined && typeof target === 'number' ? target : undefined;
    if (stub !== undefined) {
      code.i32(stub.entry);
      code.memory(loads['i32.load'], 0);
      code.set(pc);
    } else if (typeof target !== 'number') {
      emitter.emit(target);
      code.set(pc);
    }
    const pushTarget = (): void => { if (known !== undefined) code.i32(known); else code.get(pc); };
    this.#storeAll(block, !(callee?.ignoresFlags ?? false));
    code.i32(STATE_BASE);
    pushTarget();
    code.memory(stores['i32.store'], state.pc);
    if (callee !== undefined) code.call(callee.index);
    else {
      pushTarget();
      code.call(this.#imports.call);
    }
    code.tee(pc);
    code.i32(end.next);
    code.op(OP.ne);
    code.if();
    code.get(pc);
    code.return();
    code.end();
    this.#resume(block, end.next);
  }

  /** Goes on after everything was stored: what is needed is read again. */
  #resume(block: Block, next: number): void {
    const to = this.#inside(block, next);
    if (to === undefined) {
      this.code.i32(next);
      this.code.return();
      return;
    }
    this.#locals.load(to.liveIn, to.flagsLiveIn);
    this.#locals.loadBudget();
    this.#go(block, to);
  }

  /** An edge to a pc in or out of the region. */
  #edge(block: Block, pc: number): void {
    const to = this.#inside(block, pc);
    if (to !== undefined) {
      this.#go(block, to);
      return;
    }
    this.#storeAll(block);
    this.code.i32(pc);
    this.code.return();
  }

  /** The block of the region at the end of an edge. */
  #inside(block: Block, pc: number): Block | undefined { return block.successors.find((s) => s.pc === pc && s !== this.#region.dispatcher) ?? block.routes.find((s) => s.pc === pc); }

  /** Whether an edge is a plain branch to an open label. */
  #isJump(block: Block, to: Block): boolean { return !block.routes.includes(to) && (to.order <= block.order || to.isMerge); }

  #go(block: Block, to: Block): void {
    const { code } = this;
    if (block.routes.includes(to)) {
      code.i32(this.#region.targets.indexOf(to));
      code.set(this.#next);
      code.br(this.#region.dispatcher!.label);
    } else if (this.#isJump(block, to)) code.br(to.label);
    else this.#tree(to);
  }

  /** Jumps to where the dispatch local says; entries of tables that are not in the region leave to the address that the table has. */
  #dispatch(block: Block): void {
    const { code } = this;
    const { targets, tables } = this.#region;
    const away = [...tables.values()].map((dispatched) => ({ dispatched, label: code.block() }));
    away.reverse();
    const outside = new Map(away.map(({ dispatched, label }) => [dispatched, label]));
    const labels = targets.map((b) => b.label);
    for (const dispatched of tables.values()) for (const entry of dispatched.entries) labels.push(entry?.label ?? outside.get(dispatched)!);
    code.get(this.#next);
    code.brTable(labels, labels[0]!);
    for (const { dispatched } of away) {
      code.end();
      const { table, first } = dispatched;
      code.get(this.#next);
      code.i32(first);
      code.op(OP.sub);
      code.i32(table.entrySize === 8 ? 3 : 2);
      code.op(OP.shl);
      code.memory(loads['i32.load'], table.address);
      if (table.entrySize === 4) { code.i32(table.relativeTo); code.op(OP.add); }
      this.#leaveTo(block);
    }
  }

  /** A jump through a table that goes by way of the dispatcher. */
  #dispatchedTable(block: Block, end: Extract<Block['end'], { kind: 'table' }>): void {
    const { code } = this;
    const emitter = this.#emitter;
    const { first, entries } = this.#region.tables.get(end.table.address)!;
    const index = this.#next;
    const away = code.block();
    emitter.emit(end.index);
    code.tee(index);
    code.i32(Math.min(entries.length, end.targets.length));
    code.op(OP.geu);
    code.brIf(away);
    code.get(index);
    code.i32(first);
    code.op(OP.add);
    code.set(index);
    code.br(this.#region.dispatcher!.label);
    code.end();
    emitter.emit(end.target);
    this.#leaveTo(block);
  }

  #branch(block: Block, end: { readonly target: number; readonly next: number }): void {
    const { code } = this;
    const emitter = this.#emitter;
    const condition = (block.end as { condition: Parameters<Emitter['emit']>[0] }).condition;
    const taken = this.#inside(block, end.target);
    const other = this.#inside(block, end.next);
    if (taken === undefined || this.#isJump(block, taken)) {
      this.#conditional(block, taken, end.target, () => emitter.emit(condition));
      this.#edge(block, end.next);
    } else if (other === undefined || this.#isJump(block, other)) {
      this.#conditional(block, other, end.next, () => { emitter.emit(condition); code.op(OP.eqz); });
      this.#edge(block, end.target);
    } else {
      emitter.emit(condition);
      code.if();
      this.#go(block, taken);
      code.else();
      this.#go(block, other);
      code.end();
    }
  }

  /** A conditional branch to a label, or out of the region. */
  #conditional(block: Block, to: Block | undefined, pc: number, condition: () => void): void {
    const { code } = this;
    if (to !== undefined) {
      condition();
      code.brIf(to.label);
      return;
    }
    code.i32(pc);
    condition();
    code.brIf(this.#edgeGroup(block).label);
    code.drop();
  }

  #table(block: Block, end: { readonly targets: readonly number[] }): void {
    const { code } = this;
    const emitter = this.#emitter;
    const { index, target } = block.end as Extract<Block['end'], { kind: 'table' }>;
    const away = code.block();
    const stubs = new Map<Block, number>();
    for (const to of block.routes) stubs.set(to, code.block());
    const labels = end.targets.map((pc) => {
      const to = this.#inside(block, pc);
      return to === undefined ? away : stubs.get(to) ?? to.label;
    });
    emitter.emit(index);
    code.brTable(labels, away);
    for (const to of [...block.routes].reverse()) {
      code.end();
      this.#go(block, to);
    }
    code.end();
    emitter.emit(target);
    this.#leaveTo(block);
  }
}



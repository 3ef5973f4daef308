// The hub module: the run loop, dispatch, calls from regions, and what handlers end with. The only module that imports JavaScript functions and owns the function tables.
import { DISPATCH_BASE, DISPATCH_ENTRIES, DISPATCH_FOLD, Exit, RECORDS_BASE, RSP, STATE_BASE, gprAddress, state } from '../../guest/index.ts';
import { Code, ModuleBuilder, loads, stores } from '../wasm/index.ts';
import { GONE, RECORD_SIZE, SCRATCH_END, field, head } from './record.ts';
import { repeatOr } from './repeat.ts';

/** What regions and handlers return instead of a guest pc. */
export const LEAVE = -1;
export const SLOW = -2;

/** Values of state.exit that never leave `Space.run`: go on at state.pc with an empty stack; answer the system call with an empty stack. */
export const Inner = { resume: 0, syscall: 5 } as const;

/** System calls and misses at a guest stack this much deeper than where `run` began are answered with an empty stack. */
const DEEP = 16384;

/** Tables: handlers, and the regions bound to this instance. */
const HANDLERS = 0, REGIONS = 1;

/** Never reached by rsp: there is no caller to return to. */
const NO_LIMIT = -1;

const op = {
  eqz: [0x45], eq: [0x46], ne: [0x47], ltS: [0x48], ltU: [0x49], gtS: [0x4a], gtU: [0x4b], geU: [0x4f], add: [0x6a], sub: [0x6b], and: [0x71], or: [0x72], xor: [0x73], shl: [0x74], shrU: [0x76],
  wrap: [0xa7], i64ShrU: [0x88], i64Eqz: [0x50],
} as const;

const globalGet = (c: Code, index: number): void => { c.u8(0x23); c.u32(index); };
const globalSet = (c: Code, index: number): void => { c.u8(0x24); c.u32(index); };

/** Loads an i32 field of the state block. */
export const loadState = (c: Code, offset: number): void => { c.i32(STATE_BASE + offset); c.memory(loads['i32.load'], 0); };
/** Stores what `value` pushes. */
export const storeState = (c: Code, offset: number, value: () => void): void => { c.i32(STATE_BASE + offset); value(); c.memory(stores['i32.store'], 0); };

const leaveWith = (c: Code, exit: number): void => {
  storeState(c, state.exit, () => c.i32(exit));
  c.i32(LEAVE);
  c.return();
};

/** Functions of the hub that handlers tail-call or call; their parameters are i32 except where said. */
export interface HubFunctions {
  /** (ip): the block of the record at ip. */ readonly handler: number;
  /** (head) → result: enters a block. */ readonly enter: number;
  /** (head): its count ran out. */ readonly expired: number;
  /** (ip, offset of the link): finds the block and links it. */ readonly resolve: number;
  /** (pc: i64, ip): a computed jump. */ readonly indirect: number;
  /** (pc: i64): a return. */ readonly ret: number;
  /** (ip, address, size, access). */ readonly fault: number;
  /** (vector). */ readonly trap: number;
  /** () → 0 or 1: runs the system-call handler; state.pc is past the instruction. */ readonly syscall: number;
  /** (id, a, b, c, d) → 0 go on, 1 leave. */ readonly routine: number;
}

export interface HubFrame {
  readonly module: ModuleBuilder;
  readonly functions: HubFunctions;
  /** Type of handlers, (ip) → result. */
  readonly handlerType: number;
}

/** Pushes where the dispatch table's entry of the pc in the local lies, without DISPATCH_BASE (blocks.ts: dispatchEntry). */
function emitDispatchOffset(c: Code, pc: number): void {
  c.get(pc); c.get(pc); c.i32(DISPATCH_FOLD); c.op(op.shrU); c.op(op.xor);
  c.i32(DISPATCH_ENTRIES - 1); c.op(op.and); c.i32(3); c.op(op.shl);
}

/** Begins a hub module: imports, tables, the run loop. Handlers are added next, as elements of table 0. */
export function beginHub(): HubFrame {
  const m = new ModuleBuilder();
  const handlerType = m.type(['i32'], ['i32']);
  const regionType = m.type([], ['i32']);
  const i = (n: number) => Array.from({ length: n }, () => 'i32' as const);
  const type = (params: number, result = true) => m.type(i(params), result ? ['i32'] : []);

  m.importMemory('hub', 'memory', 1, 65536);
  const miss = m.importFunction('hub', 'miss', type(1));
  const slow = m.importFunction('hub', 'slow', type(1));
  const attend = m.importFunction('hub', 'attend', type(1, false));
  const faultImport = m.importFunction('hub', 'fault', type(4));
  const syscallImport = m.importFunction('hub', 'syscall', regionType);
  const routineImport = m.importFunction('hub', 'routine', type(5));
  /** rsp above which control has returned to the caller of the innermost `call`; rsp when `run` began. */
  const limit = m.global(NO_LIMIT);
  const base = m.global(0);

  const declare = { lookup: m.function(type(1)), drive: m.function(type(1)), run: m.function(type(0)), call: m.function(type(1)) };
  const functions: HubFunctions = {
    handler: m.function(type(1)), enter: m.function(type(1)), expired: m.function(type(1)), resolve: m.function(type(2)), indirect: m.function(m.type(['i64', 'i32'], ['i32'])),
    ret: m.function(m.type(['i64'], ['i32'])), fault: m.function(type(4)), trap: m.function(type(1)), syscall: m.function(type(0)), routine: m.function(type(5)),
  };

  const define = (index: number, params: number, write: (c: Code) => void): void => {
    const c = new Code(params);
    write(c);
    m.body(index, c);
  };
  const rsp = (c: Code): void => { c.i32(gprAddress(RSP)); c.memory(loads['i32.load'], 0); };
  /** Pushes whether the guest's stack is deep below where `run` began. */
  const deep = (c: Code): void => { globalGet(c, base); rsp(c); c.op(op.sub); c.i32(DEEP); c.op(op.gtS); };
  /** Runs the record whose address the local holds. */
  const dispatch = (c: Code, ip: number, offset = 0): void => {
    c.get(ip);
    if (offset) { c.i32(offset); c.op(op.add); }
    c.get(ip); c.memory(loads['i32.load16_u'], offset);
    c.returnCallIndirect(handlerType, HANDLERS);
  };

  // lookup(pc): what runs there, or 0 with state.exit filled in.
  define(declare.lookup, 1, (c) => {
    const entry = c.local('i32');
    emitDispatchOffset(c, 0); c.tee(entry);
    c.memory(loads['i32.load'], DISPATCH_BASE); c.get(0); c.op(op.eq);
    c.if();
    c.get(entry); c.memory(loads['i32.load'], DISPATCH_BASE + 4); c.tee(entry);
    c.if(); c.get(entry); c.return(); c.end();
    c.end();
    deep(c);
    c.if();
    storeState(c, state.exit, () => c.i32(Inner.resume));
    c.i32(0); c.return();
    c.end();
    c.get(0); c.call(miss);
  });

  // drive(pc): runs until something leaves, or until rsp is above the limit.
  define(declare.drive, 1, (c) => {
    const target = c.local('i32');
    const again = c.loop();
    storeState(c, state.pc, () => c.get(0));
    c.get(0); c.call(declare.lookup); c.tee(target); c.op(op.eqz);
    c.if(); c.i32(LEAVE); c.return(); c.end();
    c.get(target); c.i32(RECORDS_BASE); c.op(op.ltU);
    c.if(0x7f); c.get(target); c.callIndirect(regionType, REGIONS);
    c.else(); c.get(target); c.call(functions.enter); c.end();
    c.set(0);
    const slowly = c.loop();
    c.get(0); c.i32(SLOW); c.op(op.eq);
    c.if();
    loadState(c, state.pc); c.call(slow); c.tee(target); c.op(op.eqz);
    c.if(); c.i32(LEAVE); c.return(); c.end();
    c.get(target); c.i32(RECORD_SIZE); c.op(op.add); c.call(functions.handler); c.set(0);
    c.br(slowly);
    c.end();
    c.end();
    c.get(0); c.i32(LEAVE); c.op(op.eq);
    c.if(); c.i32(LEAVE); c.return(); c.end();
    rsp(c); globalGet(c, limit); c.op(op.gtU); c.op(op.eqz);
    c.brIf(again);
    c.end();
    storeState(c, state.pc, () => c.get(0));
    c.get(0);
  });

  // run(): from state.pc with an empty stack.
  define(declare.run, 0, (c) => {
    c.i32(NO_LIMIT); globalSet(c, limit);
    rsp(c); globalSet(c, base);
    loadState(c, state.pc); c.call(declare.drive);
  });

  // call(pc): the callee of a region's call; [rsp] holds the return address. A region runs at once, else the interpreter until rsp is above.
  define(declare.call, 1, (c) => {
    const entry = c.local('i32');
    const saved = c.local('i32');
    emitDispatchOffset(c, 0); c.tee(entry);
    c.memory(loads['i32.load'], DISPATCH_BASE); c.get(0); c.op(op.eq);
    c.if();
    c.get(entry); c.memory(loads['i32.load'], DISPATCH_BASE + 4); c.tee(entry); c.i32(1); c.op(op.sub); c.i32(RECORDS_BASE - 1); c.op(op.ltU);
    c.if(); c.get(entry); c.returnCallIndirect(regionType, REGIONS); c.end();
    c.end();
    globalGet(c, limit); c.set(saved);
    rsp(c); globalSet(c, limit);
    c.get(0); c.call(declare.drive);
    c.get(saved); globalSet(c, limit);
  });

  define(functions.handler, 1, (c) => dispatch(c, 0));
  define(functions.enter, 1, (c) => emitEnter(c, 0, { handlerType, expired: functions.expired }));

  // expired(head): a region starts here, the block is gone, or its count is to be looked at.
  define(functions.expired, 1, (c) => {
    const region = c.local('i32');
    storeState(c, state.pc, () => { c.get(0); c.memory(loads['i32.load'], head.pc); });
    c.get(0); c.memory(loads['i32.load'], head.region); c.tee(region);
    c.if();
    c.get(0); c.i32(0); c.memory(stores['i32.store'], head.count);
    c.get(region); c.i32(GONE); c.op(op.eq);
    c.if(); loadState(c, state.pc); c.return(); c.end();
    c.get(region); c.returnCallIndirect(regionType, REGIONS);
    c.end();
    c.get(0); c.call(attend);
    loadState(c, state.budget); c.i32(0); c.op(op.ltS);
    c.if(); leaveWith(c, Exit.budget); c.end();
    dispatch(c, 0, RECORD_SIZE);
  });

  // resolve(ip, link): the branch at ip goes to its next instruction or to its target; both are looked up once.
  define(functions.resolve, 2, (c) => {
    const pc = c.local('i32');
    const target = c.local('i32');
    c.get(0); c.memory(loads['i32.load'], field.disp);
    c.get(0); c.memory(loads['i32.load'], field.pc); c.get(0); c.memory(loads['i32.load8_u'], field.length); c.op(op.add);
    c.get(1); c.i32(field.taken); c.op(op.eq); c.select(); c.set(pc);
    storeState(c, state.pc, () => c.get(pc));
    c.get(0); c.i32(SCRATCH_END); c.op(op.ltU);
    c.if(); leaveWith(c, Inner.resume); c.end();
    c.get(pc); c.call(declare.lookup); c.tee(target); c.op(op.eqz);
    c.if(); c.i32(LEAVE); c.return(); c.end();
    c.get(target); c.i32(RECORDS_BASE); c.op(op.ltU);
    c.if(); c.get(target); c.returnCallIndirect(regionType, REGIONS); c.end();
    c.get(0); c.get(1); c.op(op.add); c.get(target); c.memory(stores['i32.store'], 0);
    c.get(target); c.returnCall(functions.enter);
  });

  // indirect(pc, ip): a computed jump or call from the record at ip.
  define(functions.indirect, 2, (c) => {
    const target = c.local('i32');
    storeState(c, state.pc, () => { c.get(0); c.op(op.wrap); });
    c.get(0); c.i64(32, 0); c.op(op.i64ShrU); c.op(op.i64Eqz); c.op(op.eqz);
    c.if();
    storeState(c, state.faultAddress, () => { c.get(0); c.op(op.wrap); });
    storeState(c, state.faultAccess, () => c.i32(4));
    leaveWith(c, Exit.fault);
    c.end();
    c.get(1); c.i32(SCRATCH_END); c.op(op.ltU);
    c.if(); leaveWith(c, Inner.resume); c.end();
    c.get(0); c.op(op.wrap); c.call(declare.lookup); c.tee(target); c.op(op.eqz);
    c.if(); c.i32(LEAVE); c.return(); c.end();
    c.get(target); c.i32(RECORDS_BASE); c.op(op.ltU);
    c.if(); c.get(target); c.returnCallIndirect(regionType, REGIONS); c.end();
    c.get(target); c.returnCall(functions.enter);
  });

  // ret(pc): back to the caller of `call` when its frame is gone, else on.
  define(functions.ret, 1, (c) => {
    rsp(c); globalGet(c, limit); c.op(op.gtU);
    c.get(0); c.i64(32, 0); c.op(op.i64ShrU); c.op(op.i64Eqz); c.op(op.and);
    c.if();
    storeState(c, state.pc, () => { c.get(0); c.op(op.wrap); });
    c.get(0); c.op(op.wrap); c.return();
    c.end();
    c.get(0); c.i32(SCRATCH_END); c.returnCall(functions.indirect);
  });

  define(functions.fault, 4, (c) => {
    c.get(0); c.get(1); c.get(2); c.get(3); c.call(faultImport); c.tee(0); c.op(op.eqz);
    c.if(); c.i32(LEAVE); c.return(); c.end();
    dispatch(c, 0);
  });

  define(functions.trap, 1, (c) => {
    storeState(c, state.trapVector, () => c.get(0));
    leaveWith(c, Exit.trap);
  });

  define(functions.syscall, 0, (c) => {
    deep(c);
    c.if();
    storeState(c, state.exit, () => c.i32(Inner.syscall));
    c.i32(1); c.return();
    c.end();
    c.call(syscallImport);
  });

  m.body(functions.routine, repeatOr(routineImport));

  m.export('run', 'func', declare.run);
  m.export('call', 'func', declare.call);
  m.export('syscall', 'func', functions.syscall);
  m.export('routine', 'func', functions.routine);
  return { module: m, functions, handlerType };
}


/** Adds the handlers, whose indices in the table are their places, and encodes the module. */
export function finishHub(frame: HubFrame, handlers: readonly Code[]): Uint8Array {
  const { module, handlerType } = frame;
  module.table(handlers.length, handlers.length);
  module.table(1);
  module.export('regions', 'table', REGIONS);
  module.elements(0, handlers.map((code) => {
    const index = module.function(handlerType);
    module.body(index, code);
    return index;
  }));
  return module.finish();
}

/** Enters the block whose head the local holds: counts, makes state.pc exact, runs the first record. */
export function emitEnter(c: Code, headLocal: number, hub: { handlerType: number; expired: number }): void {
  const count = c.local('i32');
  c.get(headLocal); c.get(headLocal); c.memory(loads['i32.load'], head.count); c.i32(1); c.op(op.sub); c.tee(count); c.memory(stores['i32.store'], head.count);
  c.get(count); c.i32(0); c.op(op.ltS);
  c.if(); c.get(headLocal); c.returnCall(hub.expired); c.end();
  storeState(c, state.pc, () => { c.get(headLocal); c.memory(loads['i32.load'], head.pc); });
  c.get(headLocal); c.i32(RECORD_SIZE); c.op(op.add);
  c.get(headLocal); c.memory(loads['i32.load16_u'], RECORD_SIZE);
  c.returnCallIndirect(hub.handlerType, HANDLERS);
}

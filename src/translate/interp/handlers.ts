// Handlers: one small function per row and operand form, generated from the row's meaning. Reads its operands from the record at ip and tail-calls the next record's handler.
import { assert } from '../../base/index.ts';
import { PAGE_SHIFT, PERM_BASE, state } from '../../guest/index.ts';
import { Do, type Statement } from '../ir/block.ts';
import type { Operand, Size } from '../ir/builder.ts';
import { GraphBuilder, type Ender } from '../ir/graph-builder.ts';
import { Emitter, type Frame, countUses } from '../ir/emit.ts';
import { Node } from '../ir/node.ts';
import { routineId } from '../ir/routines.ts';
import { Code, loads } from '../wasm/index.ts';
import type { Row } from '../x86/row.ts';
import { type FormOperand, HandlerFile } from './handler-file.ts';
import { type HubFunctions, LEAVE, emitEnter, storeState } from './hub.ts';
import { RECORD_SIZE, field } from './record.ts';

/** What handlers need to know of the hub. */
export interface HandlerContext {
  readonly functions: HubFunctions;
  readonly handlerType: number;
  /** The function index of a helper operation. */
  helper(name: string): number;
}

/** A row in one form: what is fixed when its handler is built. */
export interface RowForm {
  readonly row: Row;
  readonly opSize: 2 | 4 | 8;
  readonly addressSize: 4 | 8;
  readonly operands: readonly FormOperand[];
}

export interface Handler {
  readonly code: Code;
  readonly usedOpSize: boolean;
  readonly usedAddressSize: boolean;
}

/** Builds the handler of a form. */
export function buildHandler(form: RowForm, context: HandlerContext): Handler {
  const file = new HandlerFile(form.opSize, form.addressSize);
  const immediates = form.operands.filter((o) => o.kind === 'imm' && o.fixed === 'no').length;
  file.secondImmediate = immediates > 1;
  file.hasImmediate = immediates > 0;
  const builder = new GraphBuilder(file, { loads: true, stores: true, alignment: true, near: false, float: true });
  file.attach(builder);
  form.row.meaning(builder, ...form.operands);
  builder.commit();
  const emitter = new HandlerEmitter(context);
  emitter.emit(builder.statements, builder.ender);
  return { code: emitter.code, usedOpSize: file.usedOpSize, usedAddressSize: file.usedAddressSize };
}

const OP = { eqz: 0x45, add: 0x6a, and: 0x71, shl: 0x74, shrU: 0x76 } as const;
const IP = 0;

/** Emits one instruction: its statements, and how it ends. */
class HandlerEmitter implements Frame {
  readonly code = new Code(1, 256);
  readonly #context: HandlerContext;
  readonly #emitter: Emitter;

  constructor(context: HandlerContext) {
    this.#context = context;
    this.#emitter = new Emitter(this);
  }

  emit(statements: readonly Statement[], ender: Ender | null): void {
    countUses(statements, ender === null ? [] : [ender.condition, ender.target, ...ender.args].filter((root) => root instanceof Node));
    this.#emitter.statements(statements);
    if (ender === null) this.#next();
    else this.#end(ender);
  }

  /** The only input is the record's address. */
  home(): number { return IP; }
  helper(name: string): number { return this.#context.helper(name); }

  leave(emitter: Emitter, statement: Statement): void {
    if (statement.do === Do.check) this.#check(emitter, statement.address!, statement.offset, statement.size, statement.detail);
    else if (statement.do === Do.leaveIf) this.#leaveIf(emitter, statement);
    else assert(false, `an instruction makes a statement of kind ${statement.do}`);
  }

  /** Both pages of the access must have the right: 1 read, 2 write. */
  #check(emitter: Emitter, address: Node, offset: number, size: Size, access: number): void {
    const c = this.code;
    emitter.hold(address);
    emitter.emit(address);
    if (offset !== 0) { c.i32(offset); c.u8(OP.add); }
    const local = c.local('i32');
    c.tee(local);
    const byte = (): void => { c.i32(PAGE_SHIFT); c.u8(OP.shrU); c.memory(loads['i32.load8_u'], PERM_BASE); };
    byte();
    if (size > 1) { c.get(local); c.i32(size - 1); c.u8(OP.add); byte(); c.u8(OP.and); }
    c.i32(access); c.u8(OP.and); c.u8(OP.eqz);
    c.if();
    c.get(IP); c.get(local); c.i32(size); c.i32(access);
    c.returnCall(this.#context.functions.fault);
    c.end();
  }

  #leaveIf(emitter: Emitter, s: Statement): void {
    const c = this.code;
    const args = s.routine?.args ?? [];
    for (const arg of args) emitter.hold(arg);
    emitter.emit(s.value!);
    c.if();
    if (s.routine === null) { c.i32(s.detail); c.returnCall(this.#context.functions.trap); }
    else this.#routine(s.routine.name, args.map((arg) => () => emitter.emitHeld(arg)));
    c.end();
  }

  // ---- ends

  /** Makes state.pc exact and runs the record after this one. */
  #next(): void {
    const c = this.code;
    storeState(c, state.pc, () => { c.get(IP); c.memory(loads['i32.load'], RECORD_SIZE + field.pc); });
    c.get(IP); c.i32(RECORD_SIZE); c.u8(OP.add);
    c.get(IP); c.memory(loads['i32.load16_u'], RECORD_SIZE + field.handler);
    c.returnCallIndirect(this.#context.handlerType, 0);
  }

  /** state.pc is the next instruction's. */
  #passPc(): void {
    const c = this.code;
    storeState(c, state.pc, () => { c.get(IP); c.memory(loads['i32.load'], field.pc); c.get(IP); c.memory(loads['i32.load8_u'], field.length); c.u8(OP.add); });
  }

  #routine(name: string, args: readonly (() => void)[]): void {
    const c = this.code;
    assert(args.length <= 4, `routine ${name} takes ${args.length} arguments`);
    c.i32(routineId(name));
    for (let i = 0; i < 4; i++) (args[i] ?? (() => c.i32(0)))();
    c.call(this.#context.functions.routine);
    c.if(); c.i32(LEAVE); c.return(); c.end();
    this.#next();
  }

  #end(ender: Ender): void {
    const c = this.code;
    const { functions } = this.#context;
    switch (ender.kind) {
      case 'jump': case 'call':
        if (ender.target instanceof Node) { this.#emitter.emit(ender.target); c.get(IP); c.returnCall(functions.indirect); }
        else this.#follow(() => c.i32(field.taken));
        break;
      case 'branch':
        this.#follow(() => { c.i32(field.next); this.#emitter.emit(ender.condition!); c.i32(2); c.u8(OP.shl); c.u8(OP.add); });
        break;
      case 'ret': this.#emitter.emit(ender.target as Node); c.returnCall(functions.ret); break;
      case 'trap':
        if (ender.vector === 1 || ender.vector === 3) this.#passPc();
        c.i32(ender.vector); c.returnCall(functions.trap);
        break;
      case 'syscall':
        this.#passPc();
        c.call(functions.syscall);
        c.if(); c.i32(LEAVE); c.return(); c.end();
        this.#next();
        break;
      case 'routine': this.#routine(ender.routine, ender.args.map((arg) => () => this.#emitter.emit(arg))); break;
    }
  }

  /** Goes to the block behind the link whose place in the record `place` pushes. */
  #follow(place: () => void): void {
    const c = this.code;
    const link = c.local('i32');
    const target = c.local('i32');
    place(); c.tee(link);
    c.get(IP); c.u8(OP.add); c.memory(loads['i32.load'], 0); c.tee(target); c.u8(OP.eqz);
    c.if(); c.get(IP); c.get(link); c.returnCall(this.#context.functions.resolve); c.end();
    emitEnter(c, target, { handlerType: this.#context.handlerType, expired: this.#context.functions.expired });
  }
}

/** Handlers of no row, in the order of Special: empty, goto, undefined, resume, long. */
export function specialHandlers(context: HandlerContext, resume: number): Code[] {
  const trap = (vector: number): Code => {
    const c = new Code(1);
    c.i32(vector); c.returnCall(context.functions.trap);
    return c;
  };
  const empty = new Code(1);
  empty.unreachable();
  const goto = new HandlerEmitter(context);
  goto.emit([], { kind: 'jump', target: { kind: 'target', size: 8 } as Operand, condition: null, vector: 0, routine: '', args: [] });
  const leave = new Code(1);
  storeState(leave, state.pc, () => { leave.get(IP); leave.memory(loads['i32.load'], field.pc); });
  storeState(leave, state.exit, () => leave.i32(resume));
  leave.i32(LEAVE);
  return [empty, goto.code, trap(6), leave, trap(13)];
}


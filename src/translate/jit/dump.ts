// Regions as text, stage by stage: guest instructions, IR statements with their expressions, data flow. For --dump and for people.
import { gprNames } from '../../guest/index.ts';
import { Do, type End, Slot, type Statement } from '../ir/block.ts';
import { Kind, type Node } from '../ir/node.ts';
import { decode, disassemble } from '../x86/index.ts';
import { type Block, endNodes } from './block.ts';
import type { Region } from './region.ts';

const hex = (n: number): string => (n >>> 0).toString(16);

export const slotName = (slot: number): string =>
  (slot < Slot.xmm ? gprNames[slot]! : slot < Slot.flagsKind ? `xmm${slot - Slot.xmm}` : ['flags.kind', 'flags.a', 'flags.b'][slot - Slot.flagsKind]!);

const slotNames = (bits: number): string => {
  const names: string[] = [];
  for (let slot = 0; slot < 32; slot++) if (bits & (1 << slot)) names.push(slotName(slot));
  return names.join(' ') || '-';
};

/** An expression as a nested list; what is used more than once is written again, and long ones are cut. */
function expression(node: Node, depth = 8): string {
  const list = (name: string, ...nodes: (Node | null)[]): string => (depth === 0 ? '…' : `(${[name, ...nodes.filter((n) => n !== null).map((n) => expression(n, depth - 1))].join(' ')})`);
  switch (node.kind) {
    case Kind.constant: return node.type === 'v128' ? 'v128' : node.high !== 0 && node.high !== -1 ? `0x${hex(node.high)}${hex(node.low).padStart(8, '0')}` : String(node.low);
    case Kind.input: return slotName(node.low);
    case Kind.pinned: return 'loaded';
    case Kind.select: return list('select', node.c, node.a, node.b);
    default: return list(node.op!.name, node.a, node.b, node.c);
  }
}

const place = (s: Statement): string => `[${expression(s.address!)}${s.offset ? ` + ${s.offset}` : ''}]:${s.size}`;

const statementText: Readonly<Record<number, (s: Statement) => string>> = {
  [Do.check]: (s) => `check ${['', 'read', 'write', 'read and write'][s.detail]} ${place(s)}${s.lowest !== s.highest ? `, ${s.lowest} to ${s.highest}` : ''}`,
  [Do.load]: (s) => `loaded := ${place(s)}`,
  [Do.store]: (s) => `${place(s)} := ${expression(s.value!)}`,
  [Do.leaveIf]: (s) => `leave if ${expression(s.value!)}${s.routine ? ` to ${s.routine.name}` : ''}`,
  [Do.setSlot]: (s) => `${slotName(s.detail)} := ${expression(s.value!)}`,
  [Do.setFlags]: () => 'flags := state',
};

const endText = (end: End): string => [end.kind, ...('target' in end && typeof end.target === 'number' ? [hex(end.target)] : []), ...endNodes(end).map((n) => expression(n)), ...('next' in end ? [`next ${hex(end.next)}`] : [])].join(' ');

function blockText(block: Block, bytes: Uint8Array): string[] {
  const lines = [`block ${hex(block.pc)}${block.isLoopHead ? ', loop head' : ''}: live in ${slotNames(block.liveIn)}${block.flagsLiveIn ? ', flags' : ''}; dirty in ${slotNames(block.dirtyIn)}`];
  for (let i = 0, pc = block.pc; i < block.insnCount; i++) {
    const insn = decode(bytes, pc, Math.min(bytes.length, pc + 15), pc);
    lines.push(`    ${hex(pc)}  ${disassemble(insn)}`);
    pc += insn.length;
  }
  for (const s of block.statements) lines.push(`  ${s.live ? ' ' : '×'} ${statementText[s.do]!(s)}`);
  lines.push(`    ${endText(block.end)}`);
  return lines;
}

/** One region: its blocks in the order of emission, each with its instructions, then its statements (× = found to be needless), then how it ends. */
export const regionText = (region: Region, bytes: Uint8Array): string => [`region ${region.entries.map(hex).join(' ')}, ${region.insnCount} instructions`, ...region.blocks.flatMap((block) => blockText(block, bytes))].join('\n');

// The layout of the register state at STATE_BASE, in bytes. Everything that must survive a task switch lies in [0, STATE_SIZE).
import { STATE_BASE } from './layout.ts';

/** Offsets from STATE_BASE. */
export const state = {
  /** 16 × i64: rax rcx rdx rbx rsp rbp rsi rdi r8 … r15 (the manual's numbering). */
  gpr: 0,
  /** Lazy arithmetic flags: kind (i32, see flags.ts), and two i64 operands. */
  flagsKind: 128,
  flagsA: 136,
  flagsB: 144,
  /** Segment bases, i64. */
  fsBase: 152,
  gsBase: 160,
  /** The direction flag, i32: 0 or 1. */
  df: 168,
  mxcsr: 172,
  /** Guest address of the next instruction (u32) whenever translated code has left, and the address to restart at while a call is on its way. */
  pc: 176,
  /** Why code left (i32, see cpu.ts Exit) and what goes with it. */
  exit: 180,
  faultAddress: 184,
  faultAccess: 188,
  trapVector: 192,
  /** Counts down; below zero running code leaves with Exit.budget. */
  budget: 196,
  /** The other EFLAGS bits a program can toggle (AC, ID), i32 in their EFLAGS places. */
  flagsOther: 200,
  /** 16 × 16 bytes. */
  xmm: 256,
  /** x87: 8 × 16 bytes by physical register number; the 80-bit value in the low 10 bytes. */
  st: 512,
  fcw: 640,
  /** Status word without TOP, which lies in `top` (i32 0–7). */
  fsw: 644,
  top: 648,
  /** One bit per physical register: 1 = in use. */
  fvalid: 652,
  /** Two v128 a row hands to a routine; they mean nothing between instructions. */
  scratch: 656,
} as const;

/** MXCSR when a program starts: every exception masked, rounding to nearest, denormals as they are; and the bits that say so (the others are sticky exception flags). */
export const MXCSR_DEFAULT = 0x1f80, MXCSR_CONTROLS = 0xffc0;

export const STATE_SIZE = 704;

/** 8 zero bytes, the address of an absent base or index register. */
export const ZERO_CELL = STATE_BASE + STATE_SIZE;

export const gprNames = ['rax', 'rcx', 'rdx', 'rbx', 'rsp', 'rbp', 'rsi', 'rdi', 'r8', 'r9', 'r10', 'r11', 'r12', 'r13', 'r14', 'r15'] as const;
export const RAX = 0, RCX = 1, RDX = 2, RBX = 3, RSP = 4, RBP = 5, RSI = 6, RDI = 7, R8 = 8, R9 = 9, R10 = 10, R11 = 11, R12 = 12, R13 = 13, R14 = 14, R15 = 15;

/** Absolute addresses of registers. */
export const gprAddress = (n: number): number => STATE_BASE + state.gpr + 8 * n;
export const xmmAddress = (n: number): number => STATE_BASE + state.xmm + 16 * n;

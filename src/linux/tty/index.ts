// Terminals: settings, line discipline, pseudo-terminals.
export * from './line-discipline.ts';
export * from './pty.ts';
export * from './termios.ts';
export * from './tty.ts';
export * from './console.ts';

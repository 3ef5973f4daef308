// Linux x86-64 as data: error numbers, flags, struct layouts.
export * from './errno.ts';
export * from './file.ts';

// What every folder may use: assertions, wait queues, bytes as strings, records of a journal.
export { assert, unreachable } from './assert.ts';
export { latin1, latin1Bytes } from './latin1.ts';
export { Wait, WaitQueue } from './wait.ts';
export { crc32, record, RECORD_HEAD, recordAt } from './records.ts';
export { base64 } from './base64.ts';
export * from './rfc3339.ts';
export { Glob, type GlobPart } from './glob.ts';

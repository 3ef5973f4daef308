// What every folder may use: assertions, wait queues, bytes as strings.
export { assert, unreachable } from './assert.ts';
export { latin1, latin1Bytes } from './latin1.ts';
export { Wait, WaitQueue } from './wait.ts';

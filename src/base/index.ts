// What every folder may use: assertions and wait queues.
export { assert, unreachable } from './assert.ts';
export { Wait, WaitQueue } from './wait.ts';

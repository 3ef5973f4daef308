// System V semaphores: what a task waits for is done by whoever makes it possible, so that what happens before the task runs again does not matter.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Wait } from '../../src/base/index.ts';
import { FakeMachine } from './fake-machine.ts';

const IPC_PRIVATE = 0, IPC_CREAT = 0o1000, IPC_RMID = 0, GETVAL = 12, GETZCNT = 15, GETNCNT = 14, SETVAL = 16, SEM_UNDO = 0x1000;

/** struct sembuf: operations as [number, change, flags]. */
function sembufs(...operations: [number, number, number?][]): Uint8Array {
  const view = new DataView(new ArrayBuffer(6 * operations.length));
  operations.forEach(([num, op, flags = 0], i) => { view.setInt16(6 * i, num, true); view.setInt16(6 * i + 2, op, true); view.setInt16(6 * i + 4, flags, true); });
  return new Uint8Array(view.buffer);
}

function set(values: readonly number[]): { m: FakeMachine; id: number } {
  const m = new FakeMachine();
  const id = m.call('semget', IPC_PRIVATE, values.length, IPC_CREAT | 0o600) as number;
  values.forEach((value, num) => m.call('semctl', id, num, SETVAL, value));
  return { m, id };
}

test('a barrier: the set may be removed as soon as the last one has come', () => {
  const { m, id } = set([1]);
  const other = m.newTask();
  assert.instance(m.callAs(other, 'semop', id, sembufs([0, 0]), 1), Wait);
  assert.is(m.call('semctl', id, 0, GETZCNT, 0), 1);
  assert.is(m.call('semop', id, sembufs([0, -1]), 1), 0);
  assert.is(m.call('semctl', id, 0, GETZCNT, 0), 0);
  assert.is(m.call('semctl', id, 0, IPC_RMID, 0), 0);
  assert.is(m.retry(other), 0);
});

test('a unit goes to the one who waits, not to who asks next', () => {
  const { m, id } = set([0]);
  const other = m.newTask();
  assert.instance(m.callAs(other, 'semop', id, sembufs([0, -1]), 1), Wait);
  assert.is(m.call('semop', id, sembufs([0, 1]), 1), 0);
  assert.is(m.call('semctl', id, 0, GETVAL, 0), 0);
  assert.is(m.call('semctl', id, 0, GETNCNT, 0), 0);
  assert.instance(m.call('semop', id, sembufs([0, -1]), 1), Wait);
  assert.is(m.retry(other), 0);
});

test('one change lets several go on, one after the other', () => {
  const { m, id } = set([0, 0]);
  const [first, second] = [m.newTask(), m.newTask()];
  assert.instance(m.callAs(first, 'semop', id, sembufs([1, -1]), 1), Wait);
  assert.instance(m.callAs(second, 'semop', id, sembufs([0, -1, SEM_UNDO], [1, 1]), 2), Wait);
  assert.is(m.call('semctl', id, 0, SETVAL, 1), 0);
  assert.is(m.retry(first), 0);
  assert.is(m.retry(second), 0);
  assert.is(m.call('semctl', id, 1, GETVAL, 0), 0);
});

test('who still waits when the set goes is told', () => {
  const { m, id } = set([0]);
  const other = m.newTask();
  assert.instance(m.callAs(other, 'semop', id, sembufs([0, -1]), 1), Wait);
  m.call('semctl', id, 0, IPC_RMID, 0);
  assert.is(m.retry(other), 'EIDRM');
});

test.run();

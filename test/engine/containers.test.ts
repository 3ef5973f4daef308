// The kept containers in a folder: names, lookup, states, the process that is gone, holding; without running anything.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Containers, type EngineError, inventName, isBefore, recordPath } from '../../src/engine/index.ts';
import { rfc3339 } from '../../src/base/index.ts';
import { memoryFolder } from '../../src/host/memory-folder.ts';
import type { ProcessId } from '../../src/host/ports.ts';
import type { Image } from '../../src/oci/index.ts';

const image = { id: `sha256:${'a'.repeat(64)}`, config: { config: { Cmd: ['sh'] }, rootfs: { type: 'layers', diff_ids: [] } }, layers: [] } as unknown as Image;
let nowNs = 1_700_000_000_000_000_000n;
let seed = 1;
const logged: string[] = [];
const host = {
  clock: { realtimeNs: () => (nowNs += 500_000_000n), monotonicNs: () => 0n },
  random: { fill: (into: Uint8Array) => { for (let i = 0; i < into.length; i++) into[i] = (seed = (seed * 1103515245 + 12345) & 0x7fffffff) >> 16; } },
  log: (line: string) => { logged.push(line); },
};

const processOf = (pid: number): ProcessId => ({ pid, started: `boot:${pid}` });

/** The same folder as two processes see it; those in `gone` have ended. */
function make() {
  const folder = memoryFolder();
  folder.write(`oci/blobs/sha256/${'a'.repeat(64)}`, new Uint8Array(1));
  const gone = new Set<number>();
  const as = (pid: number): Containers => new Containers(folder, host, { self: processOf(pid), isAlive: (id) => !gone.has(id.pid) && id.started === `boot:${id.pid}` });
  return { folder, gone, one: as(1), two: as(2) };
}

const request = { command: [], env: [], tty: false, callerEnv: {} };
const codeOf = (act: () => unknown): string | undefined => { try { act(); return undefined; } catch (error) { return (error as EngineError).code; } };

test('found by name, id and the start of an id; several are told', () => {
  const { one } = make();
  const made = Array.from({ length: 40 }, (_, i) => one.create(image, { ...request, name: `name${i}` }));
  const { Id } = made[7]!;
  for (const text of [Id, Id.slice(0, 12), 'name7', '/name7']) assert.is(one.find(text).Id, Id);
  const first = made.map((record) => record.Id[0]!).find((digit, i, all) => all.indexOf(digit) !== i)!;
  assert.is(codeOf(() => one.find(first)), 'AMBIGUOUS_ID');
  for (const text of ['nope', '', 'f'.repeat(64)]) assert.is(codeOf(() => one.find(text)), 'NO_CONTAINER');
  assert.equal(one.list().map((record) => record.Name), made.map((record) => record.Name).reverse(), 'the newest first');
});

test('names', () => {
  const { one } = make();
  one.create(image, { ...request, name: 'taken' });
  assert.is(codeOf(() => one.create(image, { ...request, name: 'taken' })), 'NAME_TAKEN');
  for (const name of ['a', '-x', 'a b', '', 'x/y']) assert.is(codeOf(() => one.create(image, { ...request, name })), 'BAD_NAME', name);
  one.create(image, { ...request, name: 'other' });
  assert.is(codeOf(() => one.rename('other', 'taken')), 'NAME_TAKEN');
  assert.is(codeOf(() => one.rename('other', 'other')), 'SAME_NAME');
  one.rename('other', '/third');
  assert.is(one.find('third').Name, 'third');
  const taken = new Set<string>();
  for (let i = 0; i < 2000; i++) taken.add(inventName(host.random, (name) => taken.has(name)));
  assert.is(taken.size, 2000);
  assert.ok([...taken].every((name) => /^[a-z]+_[a-z]+\d*$/.test(name)));
});

test('one process runs it', () => {
  const { one, two } = make();
  const { Id } = one.create(image, request);
  assert.is(one.begin(Id).State.Status, 'running');
  assert.is(codeOf(() => two.begin(Id)), 'RUNNING');
  assert.is(codeOf(() => two.remove(Id)), 'RUNNING');
  assert.is(codeOf(() => two.hold(Id)), 'RUNNING');
  one.end(Id, { exitCode: 7 });
  assert.equal([two.find(Id).State.Status, two.find(Id).State.ExitCode, two.find(Id).State.Supervisor], ['exited', 7, undefined]);
  two.begin(Id);
  two.end(Id, { exitCode: 0 });
  two.remove(Id);
  assert.is(codeOf(() => one.end(Id, { exitCode: 0 })), 'NO_CONTAINER');
});

test('the process that ran it is gone: killed, and to be started again; removed when it was to be', () => {
  const { folder, gone, one, two } = make();
  const { Id } = one.create(image, request, { begin: true });
  const brief = one.create(image, { ...request, hostConfig: { AutoRemove: true } }, { begin: true });
  gone.add(1);
  assert.equal(two.list().map(({ State }) => [State.Status, State.ExitCode]), [['exited', 137]]);
  assert.not(folder.has(recordPath(brief.Id)));
  assert.is(two.begin(Id).State.Status, 'running');
  assert.is(codeOf(() => two.find(brief.Id)), 'NO_CONTAINER');
});

test('a number that another process has now is not taken for it', () => {
  const { folder, one } = make();
  const { Id } = one.create(image, request, { begin: true });
  const later = new Containers(folder, host, { self: processOf(3), isAlive: (id) => id.started === 'boot:another' });
  assert.is(later.find(Id).State.ExitCode, 137);
});

test('files are held by one process at a time', () => {
  const { gone, one, two } = make();
  const { Id } = one.create(image, request);
  one.hold(Id);
  assert.equal([codeOf(() => two.hold(Id)), codeOf(() => two.begin(Id)), codeOf(() => two.remove(Id))], ['BUSY', 'BUSY', 'BUSY']);
  one.release(Id);
  two.hold(Id);
  gone.add(2);
  assert.is(one.begin(Id).State.Status, 'running', 'who is gone holds nothing');
});

test('a start that fails leaves the state as it was, with the reason', () => {
  const { one } = make();
  const record = one.create(image, request);
  one.begin(record.Id);
  one.failed(record.Id, record.State, 'why', 127);
  const { State } = one.find(record.Id);
  assert.equal([State.Status, State.ExitCode, State.Error], ['created', 127, 'why']);
});

test('an image that is gone, users of one', () => {
  const { folder, one } = make();
  const { Id } = one.create(image, request, { begin: true });
  const stopped = one.create(image, request);
  assert.equal(one.users()(image.id), [{ container: Id, running: true }, { container: stopped.Id, running: false }]);
  folder.remove('oci');
  assert.is(codeOf(() => one.create(image, request)), 'NO_IMAGE');
});

test('a damaged record is told and left out', () => {
  const { folder, one } = make();
  one.create(image, { ...request, name: 'whole' });
  folder.write(recordPath('b'.repeat(64)), new TextEncoder().encode('{'));
  assert.equal(one.list().map((record) => record.Name), ['whole']);
  assert.match(logged.at(-1)!, /containers\/b{64}\/config\.json is damaged/);
});

test('times are compared to the nanosecond', () => {
  const times = [5n, 50n, 500_000_000n, 510_000_000n, 1_000_000_000n, 1_000_000_001n].map((ns) => rfc3339(1_700_000_000_000_000_000n + ns));
  for (let i = 1; i < times.length; i++) assert.ok(isBefore(times[i - 1]!, times[i]!), times[i]);
});

test.run();

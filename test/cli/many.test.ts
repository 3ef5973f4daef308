// Many containers at once, started, listed, renamed, stopped and removed by commands that run side by side: no update is lost, nothing is left. WHERRY_MANY says how many (npm run test-many: 50).
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { eventually, type Outcome, Store } from './wherry-command.ts';

const COUNT = Number(process.env['WHERRY_MANY'] ?? 10);
/** So many commands run at once. */
const SIDE_BY_SIDE = 10;

const test = suite('many');
const store = new Store('many');
test.after(() => { store.remove(); });

/** Does all, some at once. */
async function side<T, R>(items: readonly T[], act: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const rest = items.map((item, i) => [item, i] as const);
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, async () => { for (let next = rest.shift(); next; next = rest.shift()) results[next[1]] = await act(next[0]); }));
  return results;
}

const good = (outcomes: readonly Outcome[]): void => { for (const { code, err } of outcomes) assert.is(code, 0, err); };
const numbers = Array.from({ length: COUNT }, (_, i) => i);
const count = (...flags: string[]): number => store.out('ps', '-aq', ...flags).split('\n').filter(Boolean).length;

test(`${COUNT} containers`, async () => {
  const ids = await side(numbers, (i) => store.later('run', '-d', '--name', `m${i}`, '-l', `n=${i}`, 'busybox', 'sh', '-c', `echo ${i} > /n; trap "exit $((${i} % 7))" TERM; while :; do sleep 1000 & wait $!; done`));
  good(ids);
  assert.is(new Set(ids.map(({ out }) => out)).size, COUNT);
  assert.is(count('-f', 'status=running'), COUNT);

  good(await side(numbers, (i) => (i % 2 === 0 ? store.later('rename', `m${i}`, `r${i}`) : store.later('exec', `m${i}`, 'cat', '/n'))));
  const lists = await Promise.all([store.later('ps', '-q'), store.later('ps', '-aq', '-f', 'name=^r'), store.later('stats', '--no-stream', '--format', '{{.PIDs}}')]);
  assert.equal(lists.map(({ out }) => out.split('\n').filter(Boolean).length), [COUNT, Math.ceil(COUNT / 2), COUNT]);

  const taken = await side(numbers, (i) => store.later('rename', ids[i]!.out.trim(), 'wanted'));
  assert.is(taken.filter(({ code }) => code === 0).length, 1, 'a name is one container\'s');
  assert.is(count('-f', 'name=^wanted$'), 1);

  // Two commands want each to end.
  good(await side([...numbers, ...numbers], (i) => store.later('stop', ids[i]!.out.trim())));
  assert.is(count('-f', 'status=exited'), COUNT);
  for (const [i, code] of store.out('ps', '-a', '--format', '{{.Label "n"}} {{.Status}}').trim().split('\n').map((line) => [Number(line.split(' ')[0]), Number(/\((\d+)\)/.exec(line)?.[1])])) assert.is(code, i! % 7);

  // All are started again, and removed while others are.
  good(await side(numbers, (i) => (i % 2 === 0 ? store.later('start', ids[i]!.out.trim()) : store.later('rm', ids[i]!.out.trim()))));
  assert.is(count('-f', 'status=running'), Math.ceil(COUNT / 2));
  good(await side(numbers.filter((i) => i % 2 === 0), (i) => store.later('rm', '-f', ids[i]!.out.trim())));
  assert.is(count(), 0);

  assert.equal(readdirSync(join(store.root, 'containers')), []);
  assert.equal(await eventually(() => readdirSync(join(store.root, 'tmp')), (names) => names.length === 0, 5_000), []);
  assert.not(readdirSync(store.root).includes('locked'));
  const told = store.out('events', '--since', '2h', '--until', '0s', '-f', 'type=container', '--format', '{{.Action}}').split('\n');
  for (const [action, times] of [['create', COUNT], ['destroy', COUNT], ['start', COUNT + Math.ceil(COUNT / 2)]] as const) assert.is(told.filter((each) => each === action).length, times, action);
});

test.run();

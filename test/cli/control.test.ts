// The control socket of a running container: requests, data both ways, failures, long paths, and what is left when a side goes away.
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ask, type ControlHandler, ControlServer } from '../../src/cli/control.ts';
import { EngineError } from '../../src/engine/index.ts';

const root = mkdtempSync(join(tmpdir(), 'wherry-control-'));
test.after(() => { rmSync(root, { recursive: true }); });

const handler: ControlHandler = async ({ operation, count }, input, send) => {
  if (operation === 'fail') throw new EngineError('BUSY', 'later', 3);
  if (operation === 'send') for (let i = 0; i < Number(count); i++) await send(new Uint8Array(300_000).fill(i));
  if (operation === 'slow') await sleep(100);
  let bytes = 0;
  if (operation === 'take') for await (const chunk of input) bytes += chunk.length;
  return { operation, bytes };
};

async function* pieces(count: number): AsyncGenerator<Uint8Array> { for (let i = 0; i < count; i++) yield new Uint8Array(100_000).fill(i); }

test('results, failures, data', async () => {
  const folder = join(root, 'a');
  const server = await ControlServer.open(folder, handler);
  assert.equal(await ask(folder, { operation: 'x' }), { result: { operation: 'x', bytes: 0 } });
  try { await ask(folder, { operation: 'fail' }); assert.unreachable(); } catch (error) {
    assert.instance(error, EngineError);
    assert.equal([(error as EngineError).code, (error as EngineError).message, (error as EngineError).exitCode], ['BUSY', 'later', 3]);
  }
  const got: number[] = [];
  await ask(folder, { operation: 'send', count: 20 }, { data: (bytes) => { for (const byte of bytes) got[byte] = (got[byte] ?? 0) + 1; } });
  assert.equal(got, new Array(20).fill(300_000));
  assert.equal(await ask(folder, { operation: 'take' }, { input: pieces(30) }), { result: { operation: 'take', bytes: 3_000_000 } });
  await server.close();
  assert.is(await ask(folder, { operation: 'x' }), undefined, 'nobody listens');
});

test('a path longer than a socket may have', async () => {
  const folder = join(root, 'l'.repeat(120));
  const server = await ControlServer.open(folder, handler);
  assert.ok(existsSync(join(folder, 'control')));
  assert.equal((await ask(folder, { operation: 'x' }))?.result, { operation: 'x', bytes: 0 });
  await server.close();
});

test('the end waits for what is being answered', async () => {
  const folder = join(root, 'w');
  const server = await ControlServer.open(folder, handler);
  const answer = ask(folder, { operation: 'slow' });
  await sleep(30);
  await server.close();
  assert.equal((await answer)?.result, { operation: 'slow', bytes: 0 });
});

test('an asker that goes away ends what is under way for it', async () => {
  const folder = join(root, 'g');
  let ended: unknown;
  const server = await ControlServer.open(folder, async (_request, _input, send) => {
    try { for (;;) await send(new Uint8Array(300_000)); } catch (error) { ended = error; throw error; }
  });
  let pieceCount = 0;
  try { await ask(folder, { operation: 'x' }, { data: () => { if (++pieceCount > 3) throw new Error('enough'); } }); assert.unreachable(); } catch (error) { assert.is((error as Error).message, 'enough'); }
  await server.close();
  assert.is((ended as EngineError).code, 'GONE');
});

test('what a killed process left is replaced; one that ends without an answer is told', async () => {
  const folder = join(root, 'k');
  mkdirSync(folder);
  const dead = createServer((socket) => { socket.destroy(); });
  await new Promise<void>((done) => { dead.listen(join(folder, 'control'), done); });
  const failed = await ask(folder, { operation: 'x' }).catch((error: EngineError) => error.code);
  const server = await ControlServer.open(folder, handler);
  assert.equal((await ask(folder, { operation: 'y' }))?.result, { operation: 'y', bytes: 0 });
  await server.close();
  dead.close();
  assert.is(failed, 'GONE');
});

test.run();

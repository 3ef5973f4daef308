// What flags of `create` do to a container, beside what docker's daemon made of them (container-flags.json, tools/record-flags.py): errors word for word, and every field that inspect shows otherwise than for a container without flags.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { runLine } from '../../src/cli/command-line.ts';
import type { Terminal } from '../../src/cli/verb.ts';

type Row = [flags: string, code: number, err: string, shown: Record<string, unknown>];
const rows = JSON.parse(readFileSync('test/cli/container-flags.json', 'utf8')) as Row[];
const folder = mkdtempSync(join(tmpdir(), 'wherry-flags-'));

/** Words as a shell makes them, as far as the lines use it. */
const wordsOf = (line: string): string[] => Array.from(line.matchAll(/(?:'([^']*)'|"([^"]*)"|(\S+))/g), ([, single, double, plain]) => single ?? double ?? plain!);

async function wherry(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let out = '';
  let err = '';
  const terminal: Terminal = {
    env: { WHERRY_ROOT: folder }, out: (text) => { out += text; }, err: (text) => { err += text; }, outIsTty: false, errIsTty: false, inIsTty: false, columns: () => 80, line: async () => undefined,
  };
  return { code: await runLine(args, terminal), out, err };
}

const others = ['Id', 'Created', 'Name', 'LogPath', 'ResolvConfPath', 'HostnamePath', 'HostsPath', 'GraphDriver', 'AppArmorProfile', 'NetworkSettings', 'Mounts'];

function fields(value: unknown, path = ''): [string, unknown][] {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || Object.keys(value).length === 0) return [[path, value]];
  return Object.entries(value).flatMap(([name, each]) => fields(each, path === '' ? name : `${path}.${name}`));
}

async function shown(name: string): Promise<Map<string, unknown>> {
  const [document] = JSON.parse((await wherry('inspect', name)).out) as [Record<string, unknown>];
  return new Map(fields(Object.fromEntries(Object.entries(document).filter(([key]) => !others.includes(key)))));
}

/** Everything that is not as without flags. A field that is gone is null, as it is recorded. */
function difference(plain: ReadonlyMap<string, unknown>, now: ReadonlyMap<string, unknown>): Record<string, unknown> {
  const value = (of: ReadonlyMap<string, unknown>, key: string): unknown => of.get(key) ?? null;
  return Object.fromEntries([...new Set([...plain.keys(), ...now.keys()])].filter((key) => JSON.stringify(value(plain, key)) !== JSON.stringify(value(now, key))).map((key) => [key, value(now, key)]));
}

const sorted = (value: Record<string, unknown>): Record<string, unknown> => Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));

/** What is the container's own: its host name. */
const comparable = ({ 'Config.Hostname': name, ...rest }: Record<string, unknown>): Record<string, unknown> => sorted({ ...rest, ...(typeof name === 'string' && !/^[0-9a-f]{12}$/.test(name) ? { name } : {}) });

let plain: ReadonlyMap<string, unknown>;
test.before(async () => {
  await wherry('load', '-q', '-i', 'images/busybox.tar');
  await wherry('create', '--name', 'def', 'busybox', 'true');
  plain = await shown((await wherry('create', 'busybox', 'true')).out.trim());
});
test.after(() => { rmSync(folder, { recursive: true }); });

for (const [line, code, err, expected] of rows) {
  test(`create ${line}`, async () => {
    const made = await wherry('create', ...wordsOf(line), 'busybox', 'true');
    assert.is(made.err, err.replaceAll('docker', 'wherry').replace(/^WARNING: .*\n/gm, ''));
    assert.is(made.code, code);
    if (code === 0) assert.equal(comparable(difference(plain, await shown(made.out.trim()))), comparable(expected));
  });
}

test.run();

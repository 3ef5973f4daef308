// Builds as Docker's classic builder makes them (test/build/*.txt, recorded by tools/record-builds.ts) and as ours: what is printed, configurations, histories, every layer and every file.
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { runLine } from '../../src/cli/command-line.ts';
import { openImages } from '../../src/cli/setup.ts';
import type { Terminal } from '../../src/cli/verb.ts';
import { familiarRepository, parseReference } from '../../src/oci/index.ts';
import { type Case, change, layerLines, parseCases, type Shown, shownImage, shownText, writeCase } from './cases.ts';
import { wordsOf } from './words.ts';

interface Recorded { readonly steps: readonly (readonly [string, number, string, string])[]; readonly images: Readonly<Record<string, Shown>> }

const recorded = JSON.parse(readFileSync('test/build/recorded.json', 'utf8')) as Record<string, Recorded>;
const cases = readdirSync('test/build').filter((name) => name.endsWith('.txt')).sort().flatMap((name) => parseCases(readFileSync(join('test/build', name), 'utf8')));
const folder = mkdtempSync(join(tmpdir(), 'wherry-build-'));
const empty = join(folder, 'empty');

function terminalOf(root: string): { terminal: Terminal; said: { out: string; err: string } } {
  const said = { out: '', err: '' };
  return { said, terminal: { env: { WHERRY_ROOT: root }, out: (text) => { said.out += text; }, err: (text) => { said.err += text; }, outIsTty: false, errIsTty: false, inIsTty: false, columns: () => 80, line: async () => undefined } };
}

async function run(words: readonly string[], root: string, cwd: string, input: Uint8Array = new Uint8Array(0)): Promise<[number, string, string]> {
  const { terminal, said } = terminalOf(root);
  const [before, stdin] = [process.cwd(), Object.getOwnPropertyDescriptor(process, 'stdin')!];
  process.chdir(cwd);
  Object.defineProperty(process, 'stdin', { configurable: true, value: Readable.from(input.length > 0 ? [input] : []) });
  try { return [await runLine(words, terminal), said.out, said.err]; } finally {
    process.chdir(before);
    Object.defineProperty(process, 'stdin', stdin);
  }
}

function imagesIn(root: string): Record<string, Shown> {
  const { store } = openImages(terminalOf(root).terminal);
  const base = store.find('busybox');
  const shown = new Map(store.images().flatMap((image) => image.names.map((name) => [familiarRepository(parseReference(name)), image] as const)));
  shown.delete('busybox');
  return Object.fromEntries([...shown].map(([name, { config, layers }]) => {
    const isBased = layers[0]?.diffId === base.layers[0]!.diffId;
    const counts = isBased ? { layers: base.layers.length, history: base.config.history!.length } : { layers: 0, history: 0 };
    return [name, shownImage(config as unknown as Parameters<typeof shownImage>[0], layers.map((layer) => layerLines(store.layerTar(layer))), counts)];
  }));
}

test.before(async () => { await run(['load', '-q', '-i', join(process.cwd(), 'images/busybox.tar')], empty, '.'); });
test.after(() => { rmSync(folder, { recursive: true }); });

async function check(one: Case): Promise<void> {
  const [root, context] = [join(folder, one.name, 'root'), join(folder, one.name, 'context')];
  cpSync(empty, root, { recursive: true });
  await writeCase(one, context);
  const expected = recorded[one.name]!;
  let step = 0;
  for (const command of one.commands) {
    if (change(command, context)) continue;
    const { words, input } = wordsOf(command, context);
    const [code, out, err] = await run(words, root, context, input);
    const [, theirCode, theirOut, theirErr] = expected.steps[step++]!;
    // Docker's client sends a Dockerfile from standard input under a name of its own.
    const comparable = (text: string): string => (command.includes(' -f - ') ? text.replace(/(?<=daemon +)\S+/, 'SIZE') : text);
    assert.is(comparable(shownText(out, context)), comparable(theirOut), command);
    assert.is(shownText(err, context).replace(/(repository name) \(\S+\) (must be)/, '$1 $2'), theirErr.replace(/(repository name) \(\S+\) (must be)/, '$1 $2'), command);
    assert.is(code, theirCode, command);
  }
  const ours = imagesIn(root);
  assert.equal(Object.keys(ours).sort(), Object.keys(expected.images));
  for (const [name, shown] of Object.entries(expected.images)) assert.equal(JSON.parse(JSON.stringify(ours[name])), shown);
}

for (const one of cases) test(one.name, () => check(one));

test.run();

// Recordings of docker's client and daemon (test/cli/*-session.json, tools/record-session.py), and the same commands given to ours.
import { readFileSync } from 'node:fs';
import { runLine } from '../../src/cli/command-line.ts';
import type { Terminal } from '../../src/cli/verb.ts';

// The recordings were made there.
process.env['TZ'] = 'UTC';

export type Step = [line: string, code: number, out: string, err: string];
export const recording = (name: string): Step[] => JSON.parse(readFileSync(`test/cli/${name}-session.json`, 'utf8')) as Step[];

/** Words as a shell makes them, as far as the session uses it: single quotes. */
const wordsOf = (line: string): string[] => Array.from(line.matchAll(/'([^']*)'|(\S+)/g), ([, quoted, plain]) => quoted ?? plain!);

export async function answer(line: string, root: string, env: Terminal['env'] = {}): Promise<{ code: number; out: string; err: string }> {
  let out = '';
  let err = '';
  const [command = '', text] = line.split(' <<< ');
  const terminal: Terminal = {
    env: { ...env, WHERRY_ROOT: root }, out: (text) => { out += text; }, err: (text) => { err += text; }, outIsTty: false, errIsTty: false, inIsTty: false, columns: () => 80, line: async () => text,
  };
  return { code: await runLine(wordsOf(command), terminal), out, err };
}

/** What differs for good reasons: the product's name, ages, containers' IDs, a slip of docker's client, words of its old daemon, space on the disk, where volumes lie and when they were made, progress on a slow machine, a flag for images of several platforms, a variable of ours. */
export const comparable = (text: string): string => text.replaceAll('docker', 'wherry').replace(/(?!c493011240f3)\b(?<!sha256:)([0-9a-f]{64}|[0-9a-f]{12})\b/g, (id) => `id of ${id.length}`).replace(/(\d+ seconds?|Less than a second|About a minute|\d+ minutes) ago/g, 'now').replaceAll('SRun \'', 'Run \'').replace(/\d+ (years|months) ago/g, 'some $1 ago').replace(/no such image: \S+: No such/g, 'No such')
  .replace(/"CreatedAt": ?"[^"]*"/g, 'created').replace(/[\w/.-]+(?=\/volumes\/[\w. -]+\/_data)/g, '').replace(/(invalid reference format): "[^\n]*"$/gm, '$1').replace(/(repository name) \(\S+\) (must be)/, '$1 $2').replace(/(reclaimed space: )[1-9].*/, '$1some').replace(/^(?:[0-9a-f]{12}|id of 12): (Loading layer|Extracting) .*\n/gm, '').replace(/^ +--tree .*\n/m, '').replace(/Compressed archives[^]*? limit\.\n\n/, '')
  .replace(/"Created": "[^"]*"/g, '"Created": "then"').replace(/^ *"EnableIPv4": true,\n/gm, '');

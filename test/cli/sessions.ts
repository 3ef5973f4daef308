// Recordings of docker's client and daemon (test/cli/*-session.json, tools/record-session.py), and the same commands given to ours.
import { readFileSync } from 'node:fs';
import { runLine } from '../../src/cli/command-line.ts';
import type { Terminal } from '../../src/cli/verb.ts';

// The recordings were made there.
process.env['TZ'] = 'UTC';

export type Step = [line: string, code: number, out: string, err: string];
export const recording = (name: string): Step[] => JSON.parse(readFileSync(`test/cli/${name}-session.json`, 'utf8')) as Step[];

/** Words as a shell makes them, as far as the session uses it: single quotes. */
export const wordsOf = (line: string): string[] => Array.from(line.matchAll(/'([^']*)'|(\S+)/g), ([, quoted, plain]) => quoted ?? plain!);

export async function answer(line: string, root: string, env: Terminal['env'] = {}): Promise<{ code: number; out: string; err: string }> {
  let out = '';
  let err = '';
  const [command = '', text] = line.split(' <<< ');
  const terminal: Terminal = {
    env: { ...env, WHERRY_ROOT: root }, out: (text) => { out += text; }, err: (text) => { err += text; }, outIsTty: false, errIsTty: false, inIsTty: false, columns: () => 80, line: async () => text,
  };
  return { code: await runLine(wordsOf(command), terminal), out, err };
}

/** What differs for good reasons: a pattern, what stands in its place, and the reason. */
const differences: readonly (readonly [RegExp, string | ((match: string) => string), string])[] = [
  [/docker/g, 'wherry', 'the product\'s name'],
  [/(?!c493011240f3)\b(?<!sha256:)([0-9a-f]{64}|[0-9a-f]{12})\b/g, (id) => `id of ${id.length}`, 'containers\' IDs'],
  [/(\d+ seconds?|Less than a second|About a minute|\d+ minutes) ago/g, 'now', 'ages'],
  [/\d+ (years|months) ago/g, 'some $1 ago', 'ages'],
  [/SRun '/g, 'Run \'', 'a slip of docker\'s client'],
  [/"CreatedAt": ?"[^"]*"/g, 'created', 'when volumes were made'],
  [/[\w/.-]+(?=\/volumes\/[\w. -]+\/_data)/g, '', 'where volumes lie'],
  [/"Created": "[^"]*"/g, '"Created": "then"', 'when networks were made'],
  [/^ *"EnableIPv4": true,\n/gm, '', 'a field that the old daemon does not have'],
  [/(invalid reference format): "[^\n]*"$/gm, '$1', 'words of its old daemon'],
  [/(repository name) \(\S+\) (must be)/, '$1 $2', 'words of its old daemon'],
  [/(reclaimed space: )[1-9].*/, '$1some', 'space on the disk'],
  [/^(?:[0-9a-f]{12}|id of 12): (Loading layer|Extracting) .*\n/gm, '', 'progress on a slow machine'],
  [/^ +--tree .*\n/m, '', 'a flag for images of several platforms'],
  [/Compressed archives[^]*? limit\.\n\n/, '', 'a variable of ours'],
];

/** The text without what differs for good reasons. */
export const comparable = (text: string): string => differences.reduce((left, [pattern, instead]) => left.replace(pattern, instead as string), text);

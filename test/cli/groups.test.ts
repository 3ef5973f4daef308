// Groups of commands, aliases and the help texts: laid out as docker's.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { findVerb } from '../../src/cli/find-verb.ts';
import { groupHelp, mainHelp, verbHelp } from '../../src/cli/help.ts';
import type { Verb } from '../../src/cli/verb.ts';
import { groups, verbs } from '../../src/cli/verbs.ts';

const find = (line: string) => findVerb(verbs, groups, line.split(' ').filter(Boolean));
const nameOf = (line: string): string => { const found = find(line); return 'verb' in found ? found.verb.name : JSON.stringify(found); };

test('a verb is found by each of its names', () => {
  assert.is(nameOf('run busybox'), 'run');
  assert.is(nameOf('container run busybox'), 'container run');
  assert.is(nameOf('image list'), 'image list');
  const found = find('container run busybox ls');
  assert.equal('verb' in found && found.rest, ['busybox', 'ls']);
});

test('a group alone, words that name nothing', () => {
  for (const line of ['image', 'image --help']) assert.equal(find(line), { group: groups.find((g) => g.name === 'image') });
  assert.is((find('image bogus') as { unknown?: string }).unknown, 'bogus');
  assert.equal(find('bogus'), { unknown: 'bogus' });
  assert.equal(find('busybox run'), { unknown: 'busybox' });
});

test('no name is given twice', () => {
  const names = verbs.flatMap((v) => [v.name, ...v.aliases ?? []]);
  assert.equal(names.filter((name, i) => names.indexOf(name) !== i), []);
  for (const name of names) assert.ok(name.split(' ').length === 1 || groups.some((g) => name.startsWith(`${g.name} `)), name);
});

test('help texts', () => {
  const main = mainHelp(verbs, groups);
  assert.match(main, /^Usage: {2}wherry \[OPTIONS\] COMMAND\n[^]*\nCommon Commands:\n[^]*\n {2}run +Create and run[^]*\nManagement Commands:\n(?: {2}\w+ +Manage [\w ]+\n)+\nCommands:\n/);
  const image = groupHelp(verbs, groups.find((g) => g.name === 'image')!);
  assert.match(image, /^Usage: {2}wherry image COMMAND\n\nManage images\n\nCommands:\n[^]* {2}load +Load[^]* {2}ls +List images\n[^]*Run 'wherry image COMMAND --help' for more information on a command\.\n$/);
  const found = find('images');
  assert.match(verbHelp((found as unknown as { verb: Verb }).verb), /^Usage: {2}wherry images [^]*\nAliases:\n {2}wherry image ls, wherry image list, wherry images\n/);
});

test.run();

// The flag parser against what docker's own parser (pflag) accepts and says.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bool, list, parseFlags, string } from '../../src/cli/flags.ts';

const flags = [bool('interactive', '', 'i'), bool('tty', '', 't'), bool('rm', ''), string('name', ''), string('workdir', '', 'w'), list('env', '', 'e'), list('publish', '', 'p')];
const parse = (line: string) => parseFlags(flags, line.split(' ').filter(Boolean), false);

test('clusters, attached values, = and options that stop at the image', () => {
  const p = parse('-it -p8080:80 -eA=b --env C=d --rm=false --name=x img ls -la --foo -p 1');
  assert.ok(p.bool('interactive') && p.bool('tty'));
  assert.equal(p.list('publish'), ['8080:80']);
  assert.equal(p.list('env'), ['A=b', 'C=d']);
  assert.not(p.bool('rm'));
  assert.ok(p.has('rm'));
  assert.is(p.string('name'), 'x');
  assert.equal(p.words, ['img', 'ls', '-la', '--foo', '-p', '1']);
});

test('-- ends the flags, a lone - is a word', () => {
  assert.equal(parse('-i -- -t x').words, ['-t', 'x']);
  assert.equal(parse('- -t').words, ['-', '-t']);
});

test('errors are pflag\'s', () => {
  assert.throws(() => parse('--nope img'), /^unknown flag: --nope$/);
  assert.throws(() => parse('-iz img'), /^unknown shorthand flag: 'z' in -iz$/);
  assert.throws(() => parse('--name'), /^flag needs an argument: --name$/);
  assert.throws(() => parse('-w'), /^flag needs an argument: 'w' in -w$/);
  assert.throws(() => parse('--rm=maybe img'), /invalid argument "maybe" for "--rm" flag/);
});

test.run();

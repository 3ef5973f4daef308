// Docker's rules for argv, environment, working directory and user.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { commandLine, environment, processConfig, resolveUser } from '../../src/engine/index.ts';

const request = { command: [], env: [], hostname: 'h', tty: false, callerEnv: {} };

test('ENTRYPOINT and CMD', () => {
  const image = { Entrypoint: ['/entry'], Cmd: ['a', 'b'] };
  assert.equal(commandLine(image, { command: [] }), ['/entry', 'a', 'b']);
  assert.equal(commandLine(image, { command: ['c'] }), ['/entry', 'c']);
  assert.equal(commandLine(image, { command: [], entrypoint: '/x' }), ['/x']);
  assert.equal(commandLine(image, { command: ['ls'], entrypoint: '' }), ['ls']);
  assert.throws(() => commandLine({}, { command: [] }), /no command specified/);
});

test('environment: order of docker, later words replace', () => {
  const env = environment({ Env: ['PATH=/bin', 'A=1'] }, { ...request, env: ['A=2', 'FOO', 'BAR'], callerEnv: { BAR: 'x' }, tty: true });
  assert.equal(env, ['PATH=/bin', 'HOSTNAME=h', 'TERM=xterm', 'A=2', 'BAR=x']);
});

test('working directory must be absolute', () => {
  assert.throws(() => processConfig({}, { ...request, command: ['x'], workingDir: 'rel' }), /the working directory 'rel' is invalid/);
  assert.is(processConfig({ WorkingDir: '/app' }, { ...request, command: ['x'] }).cwd, '/app');
});

test('users', () => {
  const passwd = 'root:x:0:0:root:/root:/bin/sh\nweb:x:33:33:web:/var/www:/bin/false\n';
  const group = 'root:x:0:\nweb:x:33:\nextra:x:50:web,other\n';
  assert.equal(resolveUser('', passwd, group), { uid: 0, gid: 0, groups: [0], home: '/root' });
  assert.equal(resolveUser('web', passwd, group), { uid: 33, gid: 33, groups: [33, 50], home: '/var/www' });
  assert.equal(resolveUser('1234:55', passwd, group), { uid: 1234, gid: 55, groups: [55], home: '/' });
  assert.equal(resolveUser('33:extra', passwd, group), { uid: 33, gid: 50, groups: [50], home: '/var/www' });
  assert.equal(resolveUser('7', '', ''), { uid: 7, gid: 0, groups: [0], home: '/' });
  assert.throws(() => resolveUser('nouser', passwd, group), /unable to find user nouser: no matching entries in passwd file/);
  assert.throws(() => resolveUser('0:nogroup', passwd, group), /unable to find group nogroup/);
});

test.run();

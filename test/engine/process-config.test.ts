// Docker's rules for argv, environment, working directory and user.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { commandLine, containerConfig, environment, processConfig, resolveUser } from '../../src/engine/index.ts';

const request = { command: [], env: [], hostname: 'h', tty: false, callerEnv: {} };

test('ENTRYPOINT and CMD', () => {
  const image = { Entrypoint: ['/entry'], Cmd: ['a', 'b'] };
  assert.equal(commandLine(image, { command: [] }), ['/entry', 'a', 'b']);
  assert.equal(commandLine(image, { command: ['c'] }), ['/entry', 'c']);
  assert.equal(commandLine(image, { command: [], entrypoint: '/x' }), ['/x']);
  assert.equal(commandLine(image, { command: ['ls'], entrypoint: '' }), ['ls']);
  assert.throws(() => commandLine({}, { command: [] }), /No command specified/);
});

test('environment: the user\'s, the image\'s, after PATH, HOSTNAME and TERM; later words replace', () => {
  const config = containerConfig({ Env: ['PATH=/bin', 'A=1', 'IMG=1'] }, { ...request, command: ['x'], env: ['USR=0', 'A=2', 'FOO', 'BAR', 'USR=1'], callerEnv: { BAR: 'x' }, tty: true });
  assert.equal(config.Env, ['USR=1', 'A=2', 'FOO', 'BAR=x', 'PATH=/bin', 'IMG=1']);
  assert.equal(environment(config), ['PATH=/bin', 'HOSTNAME=h', 'TERM=xterm', 'USR=1', 'A=2', 'BAR=x', 'IMG=1']);
});

test('working directory must be absolute', () => {
  assert.throws(() => containerConfig({}, { ...request, command: ['x'], workingDir: 'rel' }), /the working directory 'rel' is invalid/);
  assert.is(processConfig(containerConfig({ WorkingDir: '/app' }, { ...request, command: ['x'] })).cwd, '/app');
  assert.is(processConfig(containerConfig({}, { ...request, command: ['x'] })).cwd, '/');
});

test('labels of the image and of the user', () => {
  const { Labels } = containerConfig({ Labels: { a: '1', b: '2' } }, { ...request, command: ['x'], labels: ['b=3=4', 'c', 'd='] });
  assert.equal(Labels, { a: '1', b: '3=4', c: '', d: '' });
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

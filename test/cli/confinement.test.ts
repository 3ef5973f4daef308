// What flags of `run` give a container's programs and keep from them, as the programs see it: an init process, capabilities, limits, groups, sizes, settings.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const root = mkdtempSync(join(tmpdir(), 'wherry-confinement-'));
const test = suite('confinement');

const wherry = (...args: string[]): { code: number | null; out: string; err: string } => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['bin/wherry.mjs', ...args], { env: { ...process.env, WHERRY_ROOT: root }, input: '', encoding: 'utf8', timeout: 60_000 });
  return { code: status, out: stdout, err: stderr };
};
/** What a shell in a container with these flags prints. */
const shell = (flags: string, script: string): string => {
  const { code, out, err } = wherry('run', '--rm', ...flags.split(' ').filter(Boolean), 'busybox', 'sh', '-c', script);
  assert.is(code, 0, err);
  return out;
};

test.before(() => { assert.is(wherry('load', '-q', '-i', 'images/busybox.tar').code, 0); });
test.after(() => { rmSync(root, { recursive: true }); });

test('an init process is the parent, forgets orphans, passes signals on and ends with the program', () => {
  assert.is(shell('--init', 'tr "\\0" " " < /proc/1/cmdline | cut -c1-24; grep PPid /proc/$$/status; cat /proc/1/comm'), '/sbin/docker-init -- sh \nPPid:\t1\ndocker-init\n');
  assert.is(shell('--init', '(sleep 0.05 &); sleep 0.3; grep -l Z /proc/[0-9]*/stat | wc -l; ls -d /proc/[0-9]* | grep -c proc'), '0\n4\n');
  assert.is(shell('--init', 'trap "echo told; exit 0" TERM; kill -TERM 1; sleep 5'), 'told\n');
  assert.is(shell('--init', 'kill -KILL 1; echo lives'), 'lives\n');
  assert.is(wherry('run', '--rm', '--init', 'busybox', 'sh', '-c', 'exit 7').code, 7);
  assert.is(wherry('run', '--rm', '--init', 'busybox', 'sh', '-c', 'kill -TERM $$').code, 143);
  assert.is(wherry('run', '--rm', '--init', 'busybox', 'nosuch').code, 127);
});

const capabilities = (flags: string): string => shell(flags, 'grep CapBnd /proc/self/status').slice(-17).trim();

test('capability sets by docker\'s rules', () => {
  const expected: readonly (readonly [string, string])[] = [
    ['', '00000000a80425fb'], ['--privileged', '000001ffffffffff'], ['--cap-add ALL', '000001ffffffffff'], ['--cap-add ALL --cap-drop MKNOD', '000001fff7ffffff'],
    ['--cap-drop ALL', '0000000000000000'], ['--cap-drop all --cap-add cap_chown', '0000000000000001'], ['--cap-add SYS_PTRACE --cap-drop net_raw', '00000000a80c05fb'],
  ];
  for (const [flags, set] of expected) assert.is(capabilities(flags), set, flags);
  assert.is(shell('--cap-drop CHOWN', 'chown 5 /etc/passwd 2>&1 || true'), 'chown: /etc/passwd: Operation not permitted\n');
  assert.is(shell('-u 5 --cap-add SYS_ADMIN', 'grep CapEff /proc/self/status'), 'CapEff:\t0000000000000000\n');
});

test('privileges that cannot be gained', () => {
  assert.is(shell('--security-opt no-new-privileges', 'grep NoNewPrivs /proc/self/status'), 'NoNewPrivs:\t1\n');
  assert.is(shell('--security-opt no-new-privileges=false', 'grep NoNewPrivs /proc/self/status'), 'NoNewPrivs:\t0\n');
});

test('limits of processes', () => {
  assert.is(shell('--ulimit nofile=50:60 --ulimit core=0 --ulimit fsize=-1', 'ulimit -n; ulimit -Hn; ulimit -c; ulimit -f'), '50\n60\n0\nunlimited\n');
  assert.is(shell('--oom-score-adj 100', 'cat /proc/self/oom_score_adj; sh -c "cat /proc/self/oom_score_adj"'), '100\n100\n');
});

test('groups, shared memory, settings of the kernel, names', () => {
  assert.is(shell('--group-add 50 --group-add 10', 'id -G'), '0 50 10\n');
  assert.is(shell('-u 7:8 --group-add 50', 'id -G'), '8 50\n');
  assert.match(wherry('run', '--rm', '--group-add', 'nope', 'busybox', 'id').err, /unable to find group nope: no matching entries in group file/i);
  assert.is(shell('--shm-size 1m', 'df -k /dev/shm | tail -1 | tr -s " " | cut -d" " -f2'), '1024\n');
  assert.is(shell('--sysctl net.core.somaxconn=77 --sysctl net.ipv4.x.y=z', 'cat /proc/sys/net/core/somaxconn /proc/sys/net/ipv4/x/y /proc/sys/vm/swappiness'), '77\nz\n60\n');
  assert.is(shell('-h host --domainname dom.example', 'cat /proc/sys/kernel/hostname /proc/sys/kernel/domainname'), 'host\ndom.example\n');
});

test.run();

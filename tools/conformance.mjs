// Runs a third-party suite inside a container, part by part, and prints a table: `npm run conformance -- stress-ng|cpython|go [--image NAME] [--native FOLDER] [PART]…`; --native runs the same parts by chroot in an unpacked image, to compare.
import { spawn } from 'node:child_process';
import { parseArgs } from 'node:util';

const { values: flags, positionals: [suiteName, ...wanted] } = parseArgs({
  allowPositionals: true,
  options: { image: { type: 'string', default: 'programs' }, native: { type: 'string' }, timeout: { type: 'string' }, 'go-tests': { type: 'string', default: '/gotest' }, verbose: { type: 'boolean', default: false } },
});

const words = (text) => text.trim().split(/\s+/);

/** stress-ng's stressors by family, each for `ops` operations or five seconds. */
const stressors = {
  CPU: words('af-alg branch bsearch context cpu crypt fp fp-error funccall funcret getrandom goto hash heapsort hsearch judy list longjmp lsearch matrix matrix-3d mergesort nop opcode qsort radixsort rdrand regs rotate rseq shellsort skiplist sparsematrix str stream tree tsc tsearch vecfp vecmath vecshuf vecwide wcs x86cpuid zlib'),
  memory: words('atomic bad-altstack bigheap brk full madvise malloc mcontend membarrier memcpy memfd memrate memthrash mincore misaligned mlock mmap mmapaddr mmapfixed mmapfork mmaphuge mmapmany mremap msync msyncmany munmap null pageswap randlist remap resources rmap shm shm-sysv stack stackmmap tlb-shootdown tmpfs vm vm-addr vm-rw vm-segv zero'),
  pipe: words('fifo pipe pipeherd ring-pipe sendfile splice tee vm-splice'),
  futex: words('futex mutex pthread sem sem-sysv mq msg'),
  signal: words('kill pidfd sigabrt sigchld sigfd sigfpe sigio signal signest sigpending sigpipe sigq sigrt sigsegv sigsuspend sigtrap'),
  timer: words('alarm clock hrtimers itimer nanosleep sleep timer timerfd'),
  socket: words('epoll netdev netlink-proc netlink-task ping-sock poll rawsock rawudp sock sockabuse sockdiag sockfd sockpair sockmany udp udp-flood'),
  file: words('access chattr chdir chmod chown copy-file dentry dir dirdeep dirmany dnotify dup eventfd fallocate fanotify fcntl fiemap file-ioctl filename flock fpunch fsize fstat getdent handle hdd inotify io iomix lease link locka lockf lockofd mknod open procfs readahead rename revio seal seek symlink sync-file touch utime verity xattr'),
  scheduler: words('affinity clone close cyclic daemon env exec exit-group fork forkheavy loadavg mmapfork nice race-sched resched rlimit schedpolicy session set switch sysinfo vfork vforkmany wait yield zombie'),
};
const familyOf = Object.fromEntries(Object.entries(stressors).flatMap(([family, names]) => names.map((name) => [name, family])));

/** What stress-ng's exit status says (stress-ng(1), EXIT STATUS). */
const statuses = { 0: 'passed', 1: 'failed', 2: 'failed', 3: 'unsupported', 4: 'unsupported', 5: 'failed', 6: 'failed', 7: 'failed', timeout: 'failed' };

const stressNg = {
  parts: Object.values(stressors).flat(),
  seconds: 60,
  command: (name) => ['stress-ng', '--verify', `--${name}`, '1', `--${name}-ops`, '100', '--timeout', '5', '--temp-path', '/tmp'],
  judge(name, { code, text }) {
    const lines = text.split('\n').filter((l) => !/: info: .*(setting to|dispatching|successful run|unsuccessful run|skipped: |passed: |failed: |metrics)/.test(l) && l.trim() !== '');
    const skipped = lines.some((l) => /skipp/.test(l)) && code === 0;
    const says = lines.map((l) => l.replace(/^stress-ng: \w+: +\[\d+\] /, '')).at(code === 4 || skipped ? 0 : -1) ?? '';
    const status = skipped ? 'unsupported' : statuses[code] ?? 'failed';
    return { family: familyOf[name] ?? '', status, note: status === 'passed' ? '' : `${code}: ${says}` };
  },
  row: (name, r) => `| ${r.family} | ${name} | ${r.status} | ${r.note.replaceAll('|', '\\|')} |`,
};

const modules = words('test_posix test_subprocess test_signal test_threading test_socket test_select test_selectors test_mmap test_fcntl test_pty test_os test_io test_shutil test_tempfile test_epoll test_poll test_multiprocessing_fork')
  .concat(words('events unix_events base_events selector_events streams subprocess sslproto locks queues tasks').map((m) => `test_asyncio.test_${m}`));

const cpython = {
  parts: modules,
  seconds: 400,
  command: (name) => ['sh', '-c', `cd /tmp && exec timeout -s INT ${secondsOf() - 10} python3 -m unittest -v $0`, `test.${name}`],
  judge(name, { code, text }) {
    const ran = Number(/^Ran (\d+) tests?/m.exec(text)?.[1] ?? 0);
    const count = (what) => Number(new RegExp(`^(?:OK|FAILED) \\(.*\\b${what}=(\\d+)`, 'm').exec(text)?.[1] ?? 0);
    const wrong = [...new Set([...text.matchAll(/^(?:FAIL|ERROR): (\S+) \(([^)]*)\)/gm)].map((m) => `${m[2].split('.').slice(-2).join('.')}`))];
    const bad = count('failures') + count('errors');
    const skipped = count('skipped');
    const ended = /^(OK|FAILED)\b/m.test(text) && code !== 'timeout';
    return { status: ended && bad === 0 ? 'passed' : 'failed', ran, passed: ran ? ran - bad - skipped : (text.match(/\.\.\. ok$/gm) ?? []).length, bad, skipped, note: (ended ? '' : `did not end (${code}): ${text.trimEnd().split('\n').at(-1)} `) + wrong.join(', ') };
  },
  row: (name, r) => `| ${name} | ${r.ran} | ${r.passed} | ${r.skipped} | ${r.bad} | ${r.note.replaceAll('|', '\\|')} |`,
};

/** Debian's Go has no zoneinfo.zip, which the tests of time read beside its library. */
const zones = `import os, zipfile
os.makedirs('/tmp/go/lib/time', exist_ok=True)
zip = zipfile.ZipFile('/tmp/go/lib/time/zoneinfo.zip', 'w', zipfile.ZIP_STORED)
os.chdir('/usr/share/zoneinfo')
for folder, _, names in os.walk('.'):
  for name in names: zip.write(os.path.join(folder, name)[2:])
zip.close()`;

/** Tests of Go's library, made beforehand by \`go test -c -o FOLDER/NAME.test PACKAGE\` (/ in names is _); GO_GCFLAGS lets those be skipped that would build programs. */
const goLibrary = {
  parts: words('syscall os io/fs os/user internal/poll os/exec os/signal path/filepath sync context bufio math math/big strconv crypto/sha256 time net net/http runtime'),
  seconds: 600,
  command: (name) => ['sh', '-c', `export HOME=/tmp GO_GCFLAGS=-N GOROOT=\${3:-/usr/lib/go}; [ -z "$3" ] || python3 -c "$4"; cd -P /usr/lib/go/src/$0 && exec $1/$2.test -test.short -test.v -test.timeout ${secondsOf() - 10}s`, name, flags['go-tests'], name.replaceAll('/', '_'), ...(name === 'time' ? ['/tmp/go', zones] : [])],
  judge(name, { code, text }) {
    const results = (word) => [...new Set([...text.matchAll(new RegExp(`^ *--- ${word}: (\\S+)`, 'gm'))].map((m) => m[1]))];
    const [passed, bad, skipped] = ['PASS', 'FAIL', 'SKIP'].map(results);
    const ended = /^(PASS|FAIL)$/m.test(text) && code !== 'timeout';
    return { status: ended && bad.length === 0 ? 'passed' : 'failed', passed: passed.length, bad: bad.length, skipped: skipped.length, note: (ended ? '' : `did not end (${code}): ${text.trimEnd().split('\n').at(-1)} `) + bad.join(', ') };
  },
  row: (name, r) => `| ${name} | ${r.passed} | ${r.skipped} | ${r.bad} | ${r.note.replaceAll('|', '\\|')} |`,
};

const suites = { 'stress-ng': stressNg, cpython, go: goLibrary };
const suite = suites[suiteName];
if (!suite) { console.error(`usage: npm run conformance -- ${Object.keys(suites).join('|')} [--image NAME] [--native FOLDER] [--timeout SECONDS] [--verbose] [PART]…`); process.exit(2); }
function secondsOf() { return Number(flags.timeout ?? suite.seconds); }

const inContainer = (command) => [process.execPath, ['bin/wherry.mjs', 'run', '--rm', flags.image, ...command]];
const onThisKernel = (command) => ['unshare', ['--mount', '--pid', '--fork', '--kill-child', 'sh', '-c',
  'cd "$0" && mount -t proc proc proc && mount --rbind /dev dev && mount -t tmpfs tmpfs tmp && exec chroot . env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root "$@"', flags.native, ...command]];

/** Runs one part in a process group of its own; over its time it is killed with all it started. */
function run([file, args]) {
  return new Promise((done) => {
    const child = spawn(file, args, { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    let text = ''; let late = false;
    const clock = setTimeout(() => { late = true; process.kill(-child.pid, 'SIGKILL'); }, secondsOf() * 1000);
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (d) => { text += d.toString('latin1'); });
    child.on('close', (code, signal) => { clearTimeout(clock); done({ code: late ? 'timeout' : code ?? signal, text }); });
  });
}

const sums = {};
for (const name of wanted.length > 0 ? wanted : suite.parts) {
  const command = suite.command(name);
  const started = Date.now();
  const outcome = await run(flags.native ? onThisKernel(command) : inContainer(command));
  const judged = suite.judge(name, outcome);
  sums[judged.status] = (sums[judged.status] ?? 0) + 1;
  if (flags.verbose) console.log(outcome.text);
  console.log(suite.row(name, judged), `${((Date.now() - started) / 1000).toFixed(1)} s`);
}
console.log(Object.entries(sums).map(([status, n]) => `${n} ${status}`).join(', '));

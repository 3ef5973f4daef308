// Compilers, runtimes and package managers as issue lists name them: one row each.
import { testPrograms } from './run.ts';

const python = (script: string): string => `cat > t.py <<'END'\n${script}\nEND\npython3 t.py`;

testPrograms([
  {
    name: 'git: clone, commit, log, gc', seconds: 90,
    script: `export HOME=/tmp/w GIT_AUTHOR_DATE="@86400 +0000" GIT_COMMITTER_DATE="@86400 +0000" GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
git init -q -b main r && cd r && for i in 1 2 3 4 5; do seq $i 2000 > f$i; git add . && git commit -qm "commit $i"; done
cd .. && git clone -q r s && cd s && echo more >> f1 && git commit -qam more && git push -q origin HEAD:other && git gc -q && git fsck && git log --format=%s && git count-objects -v | grep -E "^(count|packs)" && git -C ../r branch`,
    output: 'more\ncommit 5\ncommit 4\ncommit 3\ncommit 2\ncommit 1\ncount: 0\npacks: 1\n* main\n  other\n',
  },
  {
    name: 'gcc and make: a small C project', seconds: 120,
    script: `printf '#include <stdio.h>\\n#include <pthread.h>\\n#include "sum.h"\\nstatic void *run(void *n) { *(long *)n = sum(*(long *)n); return 0; }\\nint main(void) { pthread_t t; long n = 100; pthread_create(&t, 0, run, &n); pthread_join(t, 0); printf("sum %%ld\\\\n", n); }\\n' > main.c
printf 'long sum(long);\\n' > sum.h; printf '#include "sum.h"\\nlong sum(long n) { long s = 0; while (n) s += n--; return s; }\\n' > sum.c
printf 'CFLAGS = -O2 -Wall\\nprog: main.o libsum.a\\n\\t$(CC) -o $@ $^ -lpthread\\nlibsum.a: sum.o\\n\\t$(AR) rcs $@ $^\\nmain.o sum.o: sum.h\\n' > Makefile
make -s -j2 && ./prog && make && cc -shared -fPIC -g -o libsum.so sum.c && cc -o dyn main.c -L. -lsum -Wl,-rpath,. && ./dyn`,
    output: "sum 5050\nmake: 'prog' is up to date.\nsum 5050\n",
  },
  {
    name: 'dpkg and apt-get: a local package', seconds: 120,
    script: `mkdir -p p/DEBIAN p/usr/bin && printf 'Package: hi\\nVersion: 1.0\\nArchitecture: all\\nMaintainer: A <a@b>\\nDepends: bash\\nDescription: says hi\\n' > p/DEBIAN/control
printf '#!/bin/sh\\necho hi there\\n' > p/usr/bin/hi; printf '#!/bin/sh\\necho configured $1\\n' > p/DEBIAN/postinst; chmod 755 p/usr/bin/hi p/DEBIAN/postinst
dpkg-deb --root-owner-group -b p hi.deb > /dev/null && dpkg -i hi.deb > /dev/null && hi && dpkg -s hi | grep ^Status && dpkg -r hi > /dev/null && ! [ -e /usr/bin/hi ] && sed -i s/1.0/2.0/ p/DEBIAN/control && dpkg-deb --root-owner-group -b p hi2.deb > /dev/null
apt-get install -y ./hi2.deb > log 2>&1 && tr -d '\\r' < log | grep -E "^(Setting|configured)" && dpkg-query -W hi && apt-get remove -y hi > /dev/null 2>&1; ! [ -e /usr/bin/hi ] && echo removed || cat log`,
    output: 'hi there\nStatus: install ok installed\nSetting up hi (2.0) ...\nconfigured configure\nhi\t2.0\nremoved\n',
  },
  {
    name: 'python3: asyncio and subprocess', seconds: 60,
    script: python(`import asyncio, subprocess
async def main():
    async def echo(r, w): w.write(await r.readline()); await w.drain(); w.close()
    s = await asyncio.start_server(echo, '127.0.0.1', 0)
    async def ask(n):
        r, w = await asyncio.open_connection(*s.sockets[0].getsockname()); w.write(b'%d\\n' % n); answer = await r.readline(); w.close(); return int(answer)
    print(sum(await asyncio.gather(*(ask(n) for n in range(50)))))
    p = await asyncio.create_subprocess_exec('sort', stdin=subprocess.PIPE, stdout=subprocess.PIPE); print(await p.communicate(b'b\\na\\n'))
    try: await asyncio.wait_for(asyncio.sleep(5), 0.05)
    except asyncio.TimeoutError: print('timeout')
asyncio.run(main())
print(subprocess.run('cat; exit 3', shell=True, input=b'x' * 200000, capture_output=True).returncode)`),
    output: "1225\n(b'a\\nb\\n', None)\ntimeout\n3\n",
  },
  {
    name: 'python3: threading and multiprocessing', seconds: 90,
    script: python(`import multiprocessing as mp, threading, queue
from multiprocessing import shared_memory
def square(x): return x * x
def add(v):
    for _ in range(50):
        with v.get_lock(): v.value += 1
if __name__ == '__main__':
    with mp.Pool(3) as p: print(p.map(square, range(6)))
    v = mp.Value('i', 0); ps = [mp.Process(target=add, args=(v,)) for _ in range(3)]; [p.start() for p in ps]; [p.join() for p in ps]; print(v.value)
    q = mp.get_context('spawn').Queue(); p = mp.get_context('spawn').Process(target=print, args=('spawned',)); p.start(); p.join(); print(p.exitcode)
    m = shared_memory.SharedMemory(create=True, size=4096); m.buf[:3] = b'abc'; o = shared_memory.SharedMemory(m.name); print(bytes(o.buf[:3])); m.unlink()
    b = threading.Barrier(8); out = queue.Queue(); ts = [threading.Thread(target=lambda: out.put(b.wait())) for _ in range(8)]; [t.start() for t in ts]; [t.join() for t in ts]; print(sorted(out.queue))`),
    output: "[0, 1, 4, 9, 16, 25]\n150\nspawned\n0\nb'abc'\n[0, 1, 2, 3, 4, 5, 6, 7]\n",
  },
  {
    name: 'python3: ssl and sqlite3', seconds: 90,
    script: `openssl req -x509 -newkey rsa:2048 -nodes -keyout k -out c -days 1 -subj /CN=localhost 2>/dev/null; ${python(`import ssl, socket, threading, sqlite3
c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER); c.load_cert_chain('c', 'k'); l = socket.create_server(('127.0.0.1', 0))
def serve():
    s = c.wrap_socket(l.accept()[0], server_side=True); s.sendall(b'tls ' + s.recv(10)); s.close()
t = threading.Thread(target=serve); t.start()
s = ssl.create_default_context(cafile='c').wrap_socket(socket.create_connection(l.getsockname()), server_hostname='localhost'); s.sendall(b'hey'); print(s.recv(10), s.version()); t.join()
d = sqlite3.connect('x.db', timeout=20); print(d.execute('pragma journal_mode=wal').fetchone()); d.execute('create table t(a)'); d.commit()
def insert(n):
    e = sqlite3.connect('x.db', timeout=20)
    for i in range(20): e.execute('insert into t values(?)', (n * 100 + i,)); e.commit()
ts = [threading.Thread(target=insert, args=(n,)) for n in range(3)]; [t.start() for t in ts]; [t.join() for t in ts]
print(d.execute('select count(*), sum(a) from t').fetchone(), d.execute('pragma integrity_check').fetchone())`)}`,
    output: "b'tls hey' TLSv1.3\n('wal',)\n(60, 6570) ('ok',)\n",
  },
  {
    name: 'python3: venv and pip with a local wheel', seconds: 240,
    script: `${python(`import zipfile
with zipfile.ZipFile('hi-1.0-py3-none-any.whl', 'w') as z:
    z.writestr('hi.py', 'def main(): print("hi from a wheel")\\n'); z.writestr('hi-1.0.dist-info/METADATA', 'Metadata-Version: 2.1\\nName: hi\\nVersion: 1.0\\n')
    z.writestr('hi-1.0.dist-info/WHEEL', 'Wheel-Version: 1.0\\nGenerator: t\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n'); z.writestr('hi-1.0.dist-info/entry_points.txt', '[console_scripts]\\nhi = hi:main\\n')
    z.writestr('hi-1.0.dist-info/RECORD', 'hi.py,,\\nhi-1.0.dist-info/METADATA,,\\nhi-1.0.dist-info/WHEEL,,\\nhi-1.0.dist-info/entry_points.txt,,\\nhi-1.0.dist-info/RECORD,,\\n')`)}
python3 -m venv v && v/bin/pip install -q --no-index --disable-pip-version-check ./hi-1.0-py3-none-any.whl && v/bin/hi && v/bin/pip list --disable-pip-version-check --format=freeze | grep hi`,
    output: 'hi from a wheel\nhi==1.0\n',
  },
  {
    name: 'node: worker_threads and http', seconds: 90,
    script: `cat > t.js <<'END'
const http = require('http'); const { Worker, isMainThread, parentPort } = require('worker_threads'); const { execFileSync } = require('child_process');
const fib = (n) => n < 2 ? n : fib(n - 1) + fib(n - 2);
if (isMainThread) {
  const jobs = [15, 20, 22].map((n) => new Promise((done) => { const w = new Worker(__filename); w.on('message', (m) => { w.terminate(); done(m); }); w.postMessage(n); }));
  const server = http.createServer((q, r) => r.end('got ' + q.url)).listen(0, async () => {
    const get = (i) => new Promise((done) => http.get({ port: server.address().port, path: '/' + i }, (r) => { let s = ''; r.on('data', (d) => { s += d; }); r.on('end', () => done(s)); }));
    console.log((await Promise.all([1, 2, 3].map(get))).join()); server.close();
    console.log((await Promise.all(jobs)).join()); console.log(String(execFileSync('echo', ['child'])).trim());
    let n = 0; for (let i = 0; i < 3e6; i++) n = (n * 31 + i) | 0; console.log(n);
  });
} else parentPort.on('message', (n) => parentPort.postMessage(fib(n)));
END
node t.js`,
    output: 'got /1,got /2,got /3\n610,6765,17711\nchild\n637018976\n',
  },
  {
    name: 'go: goroutines and net/http', seconds: 60, needs: '/opt/goserver', script: '/opt/goserver',
    output: 'requests 860\nrecovered runtime error: invalid memory address or nil pointer dereference\npreempted\n',
  },
  {
    name: 'rust: biome with its pool of threads', seconds: 90, needs: '/opt/biome',
    script: 'for i in $(seq 30); do echo "const  a$i=[1,2 ,3] ;" > f$i.js; done; /opt/biome format --write . 2>&1 | grep -oE "Formatted 30 files|Fixed 30 files"; cat f7.js',
    output: 'Formatted 30 files\nFixed 30 files\nconst a7 = [1, 2, 3];\n',
  },
  {
    name: 'rust: biome as a server of tokio', seconds: 90, needs: '/opt/biome',
    script: '/opt/biome start > log 2>&1 || cat log; for i in 1 2 3; do echo "const  a$i=[1 ,2]" | /opt/biome format --use-server --stdin-file-path=f.js; done; pgrep -c biome; /opt/biome stop > log 2>&1 || cat log; echo stopped',
    output: 'const a1 = [1, 2];\nconst a2 = [1, 2];\nconst a3 = [1, 2];\n1\nstopped\n',
  },
  { name: 'java: -version', seconds: 60, script: 'java -version 2>&1', output: /openjdk version "17[^]*64-Bit Server VM/ },
  { name: 'java: hello world', seconds: 60, needs: '/opt/java/Hello.class', script: 'java -cp /opt/java Hello', output: 'hello from a thread\nhello 4999950000\n' },
  {
    name: 'php: script', seconds: 60,
    script: `php -r 'echo array_sum(range(1, 100)), " ", md5("x"), " ", preg_replace("/(a)(b)/", "$2$1", "ab"), " ", json_encode(["a" => [1, 2.5, null]]), "\\n"; echo shell_exec("echo sub");'`,
    output: '5050 9dd4e461268c8034f5c8564e155c67a6 ba {"a":[1,2.5,null]}\nsub\n',
  },
]);

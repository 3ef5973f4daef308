// Builds beyond Docker's classic builder: here-documents, mounts of RUN, --chmod and others, stages that are not needed; what is kept for later builds and how it is cleared away.
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { runLine } from '../../src/cli/command-line.ts';
import { openImages } from '../../src/cli/setup.ts';
import type { Terminal } from '../../src/cli/verb.ts';
import { tarBzip2 } from '../oci/bzip2-files.ts';
import { tarXz } from '../oci/xz-files.ts';
import { layerLines, treeLines } from './cases.ts';

const folder = mkdtempSync(join(tmpdir(), 'wherry-features-'));
const empty = join(folder, 'empty');
let stores = 0;

interface Said { readonly code: number; readonly out: string; readonly err: string }
type Files = Readonly<Record<string, string>>;

async function say(root: string, words: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Said> {
  const said = { out: '', err: '' };
  const terminal: Terminal = {
    env: { WHERRY_ROOT: root, ...env }, out: (text) => { said.out += text; }, err: (text) => { said.err += text; }, outIsTty: false, errIsTty: false, inIsTty: false, columns: () => 80, line: async () => undefined,
  };
  return { code: await runLine(words, terminal), ...said };
}

class Place {
  readonly root = join(folder, `store${++stores}`);
  readonly context = join(folder, `context${stores}`);

  constructor(files: Files) {
    cpSync(empty, this.root, { recursive: true });
    mkdirSync(this.context);
    this.write(files);
  }

  write(files: Files): void {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(this.context, name)), { recursive: true });
      writeFileSync(join(this.context, name), text);
    }
  }

  say(line: string, env?: Readonly<Record<string, string>>): Promise<Said> { return say(this.root, line.replaceAll('@', this.context).split(' '), env); }

  /** Builds `img`; what its commands wrote to standard output. */
  async build(flags = '', env?: Readonly<Record<string, string>>): Promise<string> {
    const { code, out, err } = await this.say(`build -t img ${flags ? `${flags} ` : ''}@`, env);
    assert.is(code, 0, out + err);
    return out.split('\n').filter((line) => !/^(Sending|Step| --->|Removing|Successfully)/.test(line)).join('\n');
  }

  /** What the image has beyond its base: paths with their lines. */
  tree(name = 'img'): Record<string, string> {
    const { store } = openImages({ env: { WHERRY_ROOT: this.root } } as unknown as Terminal);
    const image = store.find(name);
    const lines = treeLines(image.layers.map((layer) => layerLines(store.layerTar(layer))), image.layers[0]?.diffId === store.find('busybox').layers[0]!.diffId ? 1 : 0);
    return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1).replace(/(\d+:\d+ \d+) .*/, '$1')]));
  }
}

const dockerfile = (text: string, files: Files = {}): Place => new Place({ Dockerfile: text, ...files });

test.before(async () => { await say(empty, ['load', '-q', '-i', 'images/busybox.tar']); });
test.after(() => { rmSync(folder, { recursive: true }); });

test('here-documents of RUN: for the shell, with an interpreter, several, quoted, with tabs', async () => {
  const out = await dockerfile(`FROM busybox
ARG N=5
RUN <<EOF
echo a $N
echo b
EOF
RUN <<-"EOF"
\techo "c $N"
\tEOF
RUN <<SCRIPT
#!/bin/busybox ash
echo $0
SCRIPT
RUN cat <<A && cat <<'B'
first $N
A
second $N
B
RUN ["echo", "<<no"]
`).build();
  assert.is(out, 'a 5\nb\nc 5\n/dev/pipes/SCRIPT\nfirst 5\nsecond $N\n<<no\n');
});

test('here-documents of COPY', async () => {
  const place = dockerfile('FROM busybox\nENV N=5\nCOPY --chmod=600 <<one <<-"two" /d/\nhello $N\none\n\thi $N\ntwo\nCOPY <<EOF /f\nx\nEOF\nRUN cat /d/one /d/two\n');
  assert.is(await place.build(), 'hello 5\nhi $N\n');
  assert.equal(place.tree(), { d: '40755 0:0', 'd/one': '100600 0:0 8', 'd/two': '100600 0:0 6', f: '100644 0:0 2' });
});

test('a here-document without an end', async () => {
  const { code, err } = await dockerfile('FROM busybox\nRUN <<EOF\necho\n').say('build @');
  assert.equal([code, err], [1, 'Error response from daemon: dockerfile parse error line 2: unterminated heredoc\n']);
});

test('mounts of RUN leave nothing behind', async () => {
  const place = dockerfile(`FROM busybox AS other
RUN echo other > /o
FROM busybox
RUN --mount=type=bind,target=/src cat /src/a; touch /src/b 2>/dev/null || echo read-only
RUN --mount=type=bind,source=d,target=/x/y,rw echo new > /x/y/z && ls /x/y
RUN --mount=type=bind,from=other,source=/o,target=/o cat /o
RUN --mount=type=tmpfs,target=/t touch /t/gone && mount | grep -c ' /t type tmpfs'
`, { a: 'a\n', 'd/in': '' });
  assert.is(await place.build(), 'a\nread-only\nin\nz\nother\n1\n');
  assert.equal(place.tree(), {});
  assert.ok(!existsSync(join(place.context, 'd/z')));
});

test('what is bound decides whether the cache is right', async () => {
  const place = dockerfile('FROM busybox\nRUN --mount=type=bind,target=/src cat /src/a > /a\n', { a: 'one' });
  await place.build();
  assert.match((await place.say('build @')).out, /Using cache/);
  place.write({ a: 'two' });
  assert.not.match((await place.say('build -t img @')).out, /Using cache/);
});

test('secrets: files, variables, missing ones', async () => {
  const place = dockerfile(`FROM busybox
RUN --mount=type=secret,id=s cat /run/secrets/s && ls -l /run/secrets/s | cut -c1-10
RUN --mount=type=secret,id=t,target=/etc/t,mode=0444,uid=5 cat /etc/t && stat -c %u:%a /etc/t
RUN --mount=type=secret,id=s,env=S echo "$S"
RUN --mount=type=secret,id=none cat /run/secrets/none 2>/dev/null || echo none
`, { 's.txt': 'hush\n' });
  assert.is(await place.build('--secret id=s,src=@/s.txt --secret id=t,env=VAR', { VAR: 'v' }), 'hush\n-r--------\nv5:444\nhush\n\nnone\n');
  assert.equal(place.tree(), {});
  place.write({ Dockerfile: 'FROM busybox\nRUN --mount=type=secret,id=s,required true\n' });
  const { code, err } = await place.say('build @');
  assert.equal([code, err], [1, 'secret s: not found\n']);
});

test('a cache is shared by builds, and forgotten by prune', async () => {
  const place = dockerfile('FROM busybox\nARG A\nRUN --mount=type=cache,target=/c,id=one,sharing=locked,mode=0700,uid=7 stat -c %u:%a /c; echo x >> /c/log; chown 9 /c/log; wc -l < /c/log\n');
  assert.is(await place.build('--build-arg A=1'), '7:700\n1\n');
  assert.is(await place.build('--build-arg A=2'), '7:700\n2\n');
  assert.equal(place.tree(), {});
  const { out } = await place.say('builder prune -f');
  assert.match(out, /^Deleted build cache objects:\n[0-9a-f]{64}\n[^]*\nTotal reclaimed space: \d+B\n$/);
  assert.is(await place.build('--build-arg A=3'), '7:700\n1\n');
});

test('a cache begins with what a stage has', async () => {
  const place = dockerfile('FROM busybox AS s\nRUN mkdir /d && echo first > /d/f\nFROM busybox\nRUN --mount=type=cache,target=/c,from=s,source=/d cat /c/f; echo more > /c/f\nRUN --mount=type=cache,target=/c,from=s,source=/d cat /c/f # again\n');
  assert.is(await place.build(), 'first\nmore\n');
});

test('mounts that are refused', async () => {
  for (const [mount, why] of [
    ['type=ssh', 'mounts of type ssh are not supported: there is no agent to forward'], ['type=nope,target=/x', 'unsupported mount type "nope"'], ['type=cache', 'target is required'], ['type=tmpfs,target=/x,id=y', "unexpected key 'id' for mount type 'tmpfs'"],
    ['type=cache,target=/x,sharing=no', 'unsupported sharing value "no"'],
  ] as const) {
    const { code, err } = await dockerfile(`FROM busybox\nRUN --mount=${mount} true\n`).say('build @');
    assert.equal([code, err], [1, `Error response from daemon: dockerfile parse error line 2: ${why}\n`]);
  }
});

test('RUN --network', async () => {
  assert.is(await dockerfile('FROM busybox\nRUN --network=none ip -o link | wc -l\n').build(), `${(await dockerfile('FROM busybox\nRUN ip -o link | wc -l\n').build('--network none')).trim()}\n`);
  const { err } = await dockerfile('FROM busybox\nRUN --network=x true\n').say('build @');
  assert.is(err, 'Error response from daemon: dockerfile parse error line 2: invalid network mode "x"\n');
});

test('COPY --chmod, --exclude, --parents, --link', async () => {
  const place = dockerfile('FROM busybox\nCOPY --chmod=u=rwx,go=r a /1\nCOPY --chmod=+x a /2\nCOPY --chmod=4711 a /3\nCOPY --exclude=*.md --exclude=e/f d /d\nCOPY --parents d/e/./f d/x.md /p/\nCOPY --link a /l\n', { a: 'a', 'd/x.md': '', 'd/y': '', 'd/e/f': '', 'd/e/g': '' });
  await place.build();
  const tree = place.tree();
  assert.equal([tree['1'], tree['2'], tree['3'], tree['l']], ['100744 0:0 1', '100755 0:0 1', '104711 0:0 1', '100644 0:0 1']);
  assert.equal(Object.keys(tree).filter((path) => /^[dp]/.test(path)), ['d', 'd/e', 'd/e/g', 'd/y', 'p', 'p/d', 'p/d/x.md', 'p/f']);
});

test('only the stages that a target needs are built', async () => {
  const place = dockerfile('FROM busybox AS a\nRUN echo a\nFROM busybox AS b\nRUN exit 1\nFROM a\nRUN echo c\n');
  assert.is(await place.build(), 'a\nc\n');
});

test('TARGETARCH and its like, to FROM and to stages that ask', async () => {
  assert.is(await dockerfile('ARG V=latest\nFROM --platform=$BUILDPLATFORM busybox:$V\nARG TARGETPLATFORM\nARG TARGETARCH\nARG BUILDOS=x\nRUN echo $TARGETPLATFORM $TARGETARCH $TARGETOS. $BUILDOS\n').build(), 'linux/amd64 amd64 . x\n');
});

test('modifiers of variables', async () => {
  assert.is(await dockerfile('FROM busybox\nENV P=/a/b.tar.gz E=\nENV A=${P##*/} B=${P%.*} C=${P%%.*} D=${P#*/} F=${P/a/x} G=${P//./_} H=${E-unset} I=${E:-empty} J=${N-none}\nRUN echo $A $B $C $D $F $G $H $I $J\n').build(), 'b.tar.gz /a/b.tar /a/b a/b.tar.gz /x/b.tar.gz /a/b_tar_gz empty none\n');
});

test('a .dockerignore of the Dockerfile\'s own', async () => {
  const place = new Place({ 'x.Dockerfile': 'FROM busybox\nCOPY . /d\n', 'x.Dockerfile.dockerignore': '*\n!b\n', '.dockerignore': 'b\n', a: '', b: '' });
  assert.is((await place.say('build -q -t img -f @/x.Dockerfile @')).code, 0);
  assert.equal(Object.keys(place.tree()), ['d', 'd/b']);
});

test('named contexts', async () => {
  const place = dockerfile('FROM base\nCOPY --from=more x /x\nRUN --mount=type=bind,from=more,target=/m ls /m\n', { 'other/x': 'x' });
  assert.is(await place.build('--build-context more=@/other --build-context base=docker-image://busybox'), 'x\n');
});

test('links of a context never lead out of it', async () => {
  const place = dockerfile('FROM busybox\nCOPY out/x /x\n', { 'inside/x': '' });
  writeFileSync(join(folder, 'x'), 'secret');
  symlinkSync('..', join(place.context, 'out'));
  const { code, err } = await place.say('build @');
  assert.equal([code, err], [1, 'COPY failed: file not found in build context or excluded by .dockerignore: stat out/x: file does not exist\n']);
});

test('what is not built says so', async () => {
  for (const [line, why] of [
    ['https://example.com/x.git', 'unable to prepare context: nothing is fetched for a build: get https://example.com/x.git first, and name its folder\n'], ['--squash @', 'Error response from daemon: squash is only supported with experimental mode\n'],
    ['--network nope @', 'network mode "nope" not supported by a build: it is default, none or host\n'], ['--platform linux/arm64 @', 'image with reference busybox was found but does not provide the specified platform (linux/arm64); only linux/amd64 runs here\n'],
  ] as const) {
    const { code, err } = await dockerfile('FROM busybox\n').say(`build ${line}`);
    assert.equal([code, err], [1, why]);
  }
});

test('a quiet build that fails says everything', async () => {
  const { code, out, err } = await dockerfile('FROM busybox\nRUN echo why; exit 4\n').say('build -q @');
  assert.equal([code, out], [4, '']);
  assert.match(err, /^Step 1\/2 : FROM busybox\n[^]*\nwhy\nThe command '\/bin\/sh -c echo why; exit 4' returned a non-zero code: 4\n$/);
});

test('builds are the same at a fixed time', async () => {
  const ids = new Set<string>();
  for (let i = 0; i < 2; i++) ids.add((await dockerfile('FROM busybox\nRUN echo a > /a\nCOPY b /b\n', { b: 'b' }).say('build -q @', { SOURCE_DATE_EPOCH: '1000' })).out);
  assert.is(ids.size, 1);
});

test('ADD unpacks xz and bzip2', async () => {
  const place = dockerfile('FROM busybox\nADD t.tar.xz /t/\nADD t.tar.bz2 /u\n');
  writeFileSync(join(place.context, 't.tar.bz2'), Buffer.from(tarBzip2, 'base64'));
  writeFileSync(join(place.context, 't.tar.xz'), Buffer.from(tarXz, 'base64'));
  await place.build();
  for (const path of ['t/d/file', 'u/d/file']) assert.is(place.tree()[path], '100640 7:8 8');
});

test('--output: a tar, a folder; no image is kept without a name', async () => {
  const place = dockerfile('FROM scratch\nCOPY --chmod=751 a /d/a\n', { a: 'text' });
  assert.is((await place.say('build -o @/out @')).code, 0);
  assert.is(readFileSync(join(place.context, 'out/d/a'), 'utf8'), 'text');
  assert.is((await place.say('build --output type=tar,dest=@/out.tar @')).code, 0);
  assert.ok(readFileSync(join(place.context, 'out.tar'), 'latin1').includes('d/a\0'));
  assert.equal((await place.say('images -aq')).out.split('\n').length, 2);
  assert.match((await place.say('build -o type=oci,dest=x @')).err, /^exporter "oci" could not be found/);
});

test('a stage that only a trigger asks for', async () => {
  const place = dockerfile('FROM busybox AS early\nRUN echo e > /e\nFROM base\n');
  place.write({ 'base/Dockerfile': 'FROM busybox\nONBUILD COPY --from=early /e /f\n' });
  await place.say('build -q -t base @/base');
  await place.build();
  assert.ok('f' in place.tree());
});

test('files that are fetched', async () => {
  const server = createServer((request, response) => {
    if (request.url === '/moved') response.writeHead(302, { location: '/dir/file.tar?x=1' }).end();
    else if (request.url?.startsWith('/dir/')) response.writeHead(200, { 'last-modified': 'Sun, 09 Sep 2001 01:46:40 GMT' }).end('content\n');
    else response.writeHead(404).end('none');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    const place = dockerfile(`FROM busybox\nADD ${url}/dir/file.txt /d/\nADD --chmod=644 ${url}/moved /m\nRUN stat -c %Y:%a /d/file.txt /m\n`);
    assert.is(await place.build(), '\n\n1000000000:600\n1000000000:644\n');
    assert.match((await place.say('build @')).out, /Using cache[^]*Using cache[^]*Using cache/);
    assert.match((await place.say('image history --no-trunc --format {{.CreatedBy}} img')).out, /ADD afa8beea4bd35c1cb0c9d960362c00f2055c0b50a532afe5f62bf8cb1100a983 in \/d\/ \n/);
    for (const [line, why] of [
      [`ADD ${url}/nope /`, `ADD failed: failed to GET ${url}/nope with status 404\n`], [`ADD ${url}/ /d/`, `ADD failed: cannot determine filename for source ${url}/\n`], [`COPY ${url}/dir/x /`, 'COPY failed: source can\'t be a URL for COPY\n'],
      [`ADD --checksum=sha256:00 ${url}/dir/x /`, `ADD failed: digest mismatch for ${url}/dir/x: sha256:434728a410a78f56fc1b5899c3593436e61ab0c731e9072d95e96db290205e53 (expected: sha256:00)\n`],
      ['ADD git@example.com:x.git /', 'git@example.com:x.git: repositories are not fetched by ADD; clone them before the build, or with RUN\n'],
    ] as const) assert.equal((await dockerfile(`FROM busybox\n${line}\n`).say('build @')).err, why);
  } finally { server.close(); }
});

test('steps outlive their image, until they are pruned', async () => {
  const place = dockerfile('FROM busybox\nRUN echo a > /a\n');
  await place.build();
  await place.say('rmi img');
  assert.match((await place.say('build -t img @')).out, /Using cache/);
  assert.match((await place.say('builder prune -f')).out, /^Total reclaimed space: 0B\n$/);
  await place.say('rmi img');
  assert.match((await place.say('image prune -f')).out, /^Total reclaimed space: [\d.]+kB\n$/);
  assert.equal(readdirSync(join(place.root, 'build/steps')), []);
  assert.not.match((await place.say('build -t img @')).out, /Using cache/);
  assert.match((await place.say('builder prune -af')).out, /^Deleted build cache objects:\n[0-9a-f]{64}\n\n/);
  assert.is((await place.say('run --rm img cat /a')).code, 0);
});

test('a step whose layer is gone is made again', async () => {
  const place = dockerfile('FROM busybox\nRUN echo a > /a\nRUN true\n');
  await place.build();
  const [layer] = openImages({ env: { WHERRY_ROOT: place.root } } as unknown as Terminal).store.find('img').layers.slice(-1);
  await place.say('rmi img');
  rmSync(join(place.root, 'oci/blobs', layer!.blob.digest.replace(':', '/')));
  const { code, out } = await place.say('build -t img @');
  assert.equal([code, /Using cache/.test(out)], [0, false]);
});

test('the id of an image in a file, labels, tags', async () => {
  const place = dockerfile('FROM busybox\n');
  const { out } = await place.say('build -q --iidfile @/id --label a=1 -t one -t two:2 @');
  assert.is(readFileSync(join(place.context, 'id'), 'utf8'), out.trim());
  assert.match((await place.say('images')).out, /^one +latest[^]*^two +2/m);
  assert.match((await place.say('image inspect --format {{.Config.Labels}} one')).out, /^map\[a:1\]$/m);
});

test.run();

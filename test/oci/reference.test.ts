// Image references by Docker's grammar: what is filled in, what is shown, what is refused.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { familiarName, fullName, parseReference } from '../../src/oci/index.ts';

const digest = `sha256:${'a'.repeat(64)}`;

/** Written, full, familiar. */
const good: [string, string, string][] = [
  ['busybox', 'docker.io/library/busybox:latest', 'busybox:latest'],
  ['busybox:1.36', 'docker.io/library/busybox:1.36', 'busybox:1.36'],
  ['alice/tool', 'docker.io/alice/tool:latest', 'alice/tool:latest'],
  ['docker.io/library/debian:bookworm', 'docker.io/library/debian:bookworm', 'debian:bookworm'],
  ['index.docker.io/debian', 'docker.io/library/debian:latest', 'debian:latest'],
  ['ghcr.io/x/y:z', 'ghcr.io/x/y:z', 'ghcr.io/x/y:z'],
  ['localhost/x', 'localhost/x:latest', 'localhost/x:latest'],
  ['localhost:5000/x:y', 'localhost:5000/x:y', 'localhost:5000/x:y'],
  ['[::1]:5000/x', '[::1]:5000/x:latest', '[::1]:5000/x:latest'],
  ['a__b/c-d.e', 'docker.io/a__b/c-d.e:latest', 'a__b/c-d.e:latest'],
  [`busybox@${digest}`, `docker.io/library/busybox@${digest}`, `busybox@${digest}`],
  [`busybox:1@${digest}`, `docker.io/library/busybox:1@${digest}`, `busybox:1@${digest}`],
];

test('names are completed and shown as Docker does', () => {
  for (const [written, full, familiar] of good) {
    assert.is(fullName(parseReference(written)), full, written);
    assert.is(familiarName(parseReference(written)), familiar, written);
    assert.is(fullName(parseReference(full)), full, full);
  }
});

test('what is no reference is refused', () => {
  for (const text of ['', 'UPPER', 'a b', ':tag', 'x:', 'x:-bad', 'x/', '/x', 'x//y', 'a___b', 'x@sha256:12', 'x@', '-x', 'x-', 'a.', `${'a'.repeat(64)}`, `x/${'y'.repeat(300)}`, 'x:' + 't'.repeat(129)]) {
    try {
      parseReference(text);
      assert.unreachable(`accepted ${JSON.stringify(text)}`);
    } catch (error) { assert.is((error as { code?: string }).code, 'bad-reference', text); }
  }
});

test.run();

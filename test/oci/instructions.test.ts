// `--change` against a recording: what dockerd 20.10 made of each text with `docker commit -c`, for a container whose only configuration is CMD ["DEFAULT"].
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { changeConfig, ImageError, type RunConfig } from '../../src/oci/index.ts';
import recorded from './changes.json';

const base: RunConfig = { Cmd: ['DEFAULT'] };
const result = (change: string): unknown => {
  try { return changeConfig(base, [change]); } catch (error) {
    assert.instance(error, ImageError);
    return (error as ImageError).message;
  }
};

for (const [change, expected] of recorded as [string, unknown][]) test(JSON.stringify(change), () => assert.equal(result(change), expected));

test('what docker commit has not: STOPSIGNAL', () => {
  for (const signal of ['SIGTERM', 'term', '9', 'SIGRTMIN+3']) assert.equal(result(`STOPSIGNAL ${signal}`), { ...base, StopSignal: signal });
  assert.is(result('STOPSIGNAL SIGFOO'), 'Invalid signal: SIGFOO');
  assert.is(result('STOPSIGNAL 99'), 'Invalid signal: 99');
});

test('changes are made to what the container has', () => {
  const container: RunConfig = { Cmd: ['c'], Entrypoint: ['e'], Env: ['A=1', 'B=2'], Labels: { x: '1', y: '2' }, Volumes: { '/v': {} }, ExposedPorts: { '1/tcp': {} }, User: 'u', WorkingDir: '/w', StopSignal: 'SIGINT' };
  assert.equal(changeConfig(container, []), container);
  assert.equal(changeConfig(container, ['ENV B=3 C=4', 'LABEL y=3', 'VOLUME /u', 'EXPOSE 2', 'WORKDIR sub', 'ENV D=$C$A']), {
    ...container, Env: ['A=1', 'B=3', 'C=4', 'D=41'], Labels: { x: '1', y: '3' }, Volumes: { '/u': {}, '/v': {} }, ExposedPorts: { '1/tcp': {}, '2/tcp': {} }, WorkingDir: '/w/sub',
  });
  const { Cmd: _, ...withoutCmd } = container;
  assert.equal(changeConfig(container, ['ENTRYPOINT ["new"]']), { ...withoutCmd, Entrypoint: ['new'] });
  assert.equal(changeConfig(container, ['ENTRYPOINT ["new"]', 'CMD ["x"]']), { ...container, Entrypoint: ['new'], Cmd: ['x'] });
  assert.equal(changeConfig(container, ['CMD ["x"]', 'ENTRYPOINT ["new"]']), { ...container, Entrypoint: ['new'], Cmd: ['x'] });
  assert.equal(changeConfig(container, ['ENTRYPOINT []']), container);
  assert.equal(changeConfig(container, ['CMD []']), withoutCmd);
  assert.equal(changeConfig(container, ['CMD x']), { ...container, Cmd: ['/bin/sh', '-c', 'x'] });
});

test('lines: comments, continued lines, several instructions', () => {
  assert.equal(changeConfig({}, ['# comment\nENV A=1 \\\n  B=2\n\nUSER u']), { Env: ['A=1', 'B=2'], User: 'u' });
});

test('variables and quotes', () => {
  const rows: [string, string][] = [
    ['${A}', '1'], ['${A:-x}', '1'], ['${N:-xy}', 'xy'], ['"${N:-x y}"', 'x y'], ['${A:+set}', 'set'], ['${N:+set}', ''], ['"$A b"', '1 b'], ["'$A b'", '$A b'], ['\\$A', '$A'], ['"a\\"b"', 'a"b'], ['"a\\nb"', 'a\\nb'], ['a\\ b', 'a b'], ['${N-${A}}', '1'], ['$', '$'],
  ];
  for (const [text, value] of rows) assert.equal(changeConfig({}, [`ENV A=1\nLABEL l=${text}`]), { Env: ['A=1'], Labels: { l: value } }, text);
  assert.is(result('USER ${A:?not there}'), 'failed to process "${A:?not there}": A: not there');
});

test.run();

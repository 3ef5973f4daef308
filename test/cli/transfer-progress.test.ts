// Progress of pull and push on a terminal, as docker's client draws it (recorded), and elsewhere.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { TransferDisplay } from '../../src/cli/transfer-progress.ts';

function drawn(isTty: boolean, columns: number, work: (display: TransferDisplay, wait: (ms: number) => void) => void): string {
  let text = '';
  let nowMs = 0;
  work(new TransferDisplay({ write: (more) => { text += more; }, isTty, columns: () => columns, nowMs: () => nowMs }), (ms) => { nowMs += ms; });
  return text;
}

const pull = (display: TransferDisplay, wait: (ms: number) => void): void => {
  display.show({ status: '1: Pulling from debian' });
  for (const id of ['f0501e0cdfb0', '8c10595ee3f3']) display.show({ id, status: 'Pulling fs layer' });
  display.show({ id: 'f0501e0cdfb0', status: 'Downloading', current: 374_800, total: 35_380_170 });
  wait(50);
  display.show({ id: 'f0501e0cdfb0', status: 'Downloading', current: 1_000_000, total: 35_380_170 });
  wait(50);
  display.show({ id: 'f0501e0cdfb0', status: 'Downloading', current: 5_515_000, total: 35_380_170 });
  display.show({ id: 'f0501e0cdfb0', status: 'Extracting', current: 35_380_170, total: 35_380_170 });
  display.show({ id: '8c10595ee3f3', status: 'Pull complete' });
  display.show({ status: 'Digest: x' });
  display.show({ status: '2: Pulling from debian' });
  display.show({ id: 'f0501e0cdfb0', status: 'Already exists' });
};

test('a wide terminal: bars, each layer in its line, at most ten times a second; other lines end what is above', () => {
  assert.is(drawn(true, 120, pull), [
    '1: Pulling from debian\n', '\n\x1b[1A\x1b[2K\rf0501e0cdfb0: Pulling fs layer \r\x1b[1B', '\n\x1b[1A\x1b[2K\r8c10595ee3f3: Pulling fs layer \r\x1b[1B',
    '\x1b[2A\x1b[2K\rf0501e0cdfb0: Downloading [>                                                  ]  374.8kB/35.38MB\r\x1b[2B', '\x1b[2A\x1b[2K\rf0501e0cdfb0: Downloading [=======>                                           ]  5.515MB/35.38MB\r\x1b[2B',
    '\x1b[2A\x1b[2K\rf0501e0cdfb0: Extracting [==================================================>]  35.38MB/35.38MB\r\x1b[2B', '\x1b[1A\x1b[2K\r8c10595ee3f3: Pull complete \r\x1b[1B', 'Digest: x\n', '2: Pulling from debian\n',
    '\n\x1b[1A\x1b[2K\rf0501e0cdfb0: Already exists \r\x1b[1B',
  ].join(''));
});

test('a narrow terminal: without bars', () => assert.match(drawn(true, 80, pull), /Downloading  374\.8kB\/35\.38MB\r/));

test('elsewhere: words, no numbers', () => {
  assert.is(drawn(false, 80, pull), '1: Pulling from debian\nf0501e0cdfb0: Pulling fs layer\n8c10595ee3f3: Pulling fs layer\n8c10595ee3f3: Pull complete\nDigest: x\n2: Pulling from debian\nf0501e0cdfb0: Already exists\n');
});

test.run();

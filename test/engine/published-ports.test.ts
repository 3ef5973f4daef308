// `-p` in all its forms, and what cannot be meant.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { portBindings, portsText, wantedPorts } from '../../src/engine/index.ts';

const table: readonly [string, string][] = [
  ['80', '0.0.0.0:->80/tcp'], ['8080:80', '0.0.0.0:8080->80/tcp'], ['8080:80/udp', '0.0.0.0:8080->80/udp'], ['127.0.0.1:8080:80', '127.0.0.1:8080->80/tcp'], ['127.0.0.1::80', '127.0.0.1:->80/tcp'],
  ['[::1]:8080:80', '[::1]:8080->80/tcp'], ['8000-8002:80-82', '0.0.0.0:8000->80/tcp, 0.0.0.0:8001->81/tcp, 0.0.0.0:8002->82/tcp'], ['7000-7001', '0.0.0.0:->7000/tcp, 0.0.0.0:->7001/tcp'],
];
for (const [said, shown] of table) test(said, () => { assert.is(portsText(portBindings([said])), shown); });

test('what cannot be meant', () => {
  for (const said of ['', 'x', '80/sctp2', '8080:', '0', '70000', '8000-8002:80', '90-80', 'host:80:80', '1.2.3.4:5:6:7']) assert.throws(() => portBindings([said]), (error: { code: string }) => error.code === 'BAD_PORT', said);
});

test('one port of the container at several places, and -P', () => {
  const said = portBindings(['8080:80', '8081:80']);
  assert.is(portsText(said), '0.0.0.0:8080->80/tcp, 0.0.0.0:8081->80/tcp');
  assert.equal(Object.keys(wantedPorts(said, { '80/tcp': {}, '443/tcp': {}, 53: {} }, true)).sort(), ['443/tcp', '53/tcp', '80/tcp']);
  assert.equal(wantedPorts(said, { '443/tcp': {} }, false), said);
});

test.run();

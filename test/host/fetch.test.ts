// HTTP in Node: certificates and who vouches for them, proxies, servers that do not answer, in the words that docker's users know.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http, { type IncomingMessage, type Server } from 'node:http';
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { nodeFetch } from '../../src/host/node/fetch.ts';
import { proxyFor } from '../../src/host/node/proxies.ts';
import { Registry } from '../../src/oci/registry/index.ts';
import { authority, certificate, key } from './certificates.ts';

const folder = mkdtempSync(join(tmpdir(), 'wherry-fetch-'));
const servers: Server[] = [];
const asked: IncomingMessage[] = [];

async function listen<S extends Server>(server: S): Promise<{ server: S; port: number }> {
  servers.push(server);
  await new Promise<void>((done) => { server.listen(0, '127.0.0.1', done); });
  return { server, port: (server.address() as AddressInfo).port };
}

const hello = (request: IncomingMessage, response: http.ServerResponse): void => {
  asked.push(request);
  if (request.url === '/silent') return;
  response.writeHead(200, { 'x-url': request.url! }).end('hello');
};

let secure = 0;
let plain = 0;
let proxy = 0;
const proxied: string[] = [];

test.before(async () => {
  secure = (await listen(https.createServer({ cert: certificate, key }, hello))).port;
  plain = (await listen(http.createServer(hello))).port;
  const made = await listen(http.createServer((request, response) => {
    proxied.push(`${request.method} ${request.url} ${request.headers['proxy-authorization'] ?? ''}`);
    hello(request, response);
  }));
  made.server.on('connect', (request, socket) => {
    proxied.push(`${request.method} ${request.url} ${request.headers['proxy-authorization'] ?? ''}`);
    if (request.url!.startsWith('forbidden.test')) { socket.end('HTTP/1.1 403 Forbidden\r\n\r\n'); return; }
    const there = net.connect(secure, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      there.pipe(socket).pipe(there);
    });
    there.on('error', () => socket.destroy());
  });
  proxy = made.port;
});

test.after(() => {
  for (const server of servers) { server.closeAllConnections(); server.close(); }
  rmSync(folder, { recursive: true });
});

async function get(url: string, { env = {}, insecure = false, certificates = [] as string[], idleMs = 10_000 } = {}): Promise<string> {
  try {
    const answer = await nodeFetch({ env, certificates, idleMs })({ method: 'GET', url, headers: {}, insecure });
    let text = `${answer.status} `;
    for await (const chunk of answer.body) text += Buffer.from(chunk).toString();
    return text;
  } catch (error) { return `${(error as { code: string }).code}: ${(error as Error).message}`; }
}

/** A folder like /etc/docker/certs.d that knows a host. */
function knows(host: string, files: Readonly<Record<string, string>>): string[] {
  const certs = mkdtempSync(join(folder, 'certs.d-'));
  mkdirSync(join(certs, host));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(certs, host, name), text);
  return [certs];
}

test('an authority that nobody knows, one that certs.d knows, and nobody asked', async () => {
  const url = `https://127.0.0.1:${secure}/`;
  const unknown = 'ETLS: tls: failed to verify certificate: x509: certificate signed by unknown authority';
  assert.is(await get(url), unknown);
  assert.is(await get(url, { certificates: knows(`127.0.0.1:${secure}`, { 'ca.crt': authority }) }), '200 hello');
  assert.is(await get(url, { certificates: knows('127.0.0.1', { 'ca.crt': authority }) }), unknown, 'the port belongs to the name');
  assert.is(await get(url, { certificates: knows(`127.0.0.1:${secure}`, { 'client.cert': certificate, 'client.key': key, 'own.crt': authority }) }), '200 hello');
  assert.is(await get(url, { insecure: true }), '200 hello');
});

test('a certificate for another name', async () => {
  assert.is(await get(`https://localhost:${secure}/`, { certificates: knows(`localhost:${secure}`, { 'ca.crt': authority }) }), 'ETLS: tls: failed to verify certificate: x509: certificate is valid for registry.test, 127.0.0.1, not localhost');
});

test('what is no server of the kind', async () => {
  assert.is(await get(`https://127.0.0.1:${plain}/`), 'EHTTP: http: server gave HTTP response to HTTPS client');
  const deaf = net.createServer((socket) => { socket.resume().end('SSH-2.0-x\r\n'); });
  await new Promise<void>((done) => { deaf.listen(0, '127.0.0.1', done); });
  const { port } = deaf.address() as AddressInfo;
  assert.match(await get(`http://127.0.0.1:${port}/`), /^EHTTP: net\/http: malformed HTTP response/);
  deaf.close();
  await new Promise((done) => { deaf.on('close', done); });
  assert.is(await get(`http://127.0.0.1:${port}/`), `ECONNREFUSED: dial tcp 127.0.0.1:${port}: connect: connection refused`);
  assert.is(await get(`http://127.0.0.1:${plain}/silent`, { idleMs: 200 }), 'ETIMEDOUT: net/http: timeout awaiting response');
});

test('through proxies: by whole URL, and through a tunnel for https', async () => {
  const env = { HTTP_PROXY: `http://127.0.0.1:${proxy}`, https_proxy: `http://al:p%20w@127.0.0.1:${proxy}` };
  assert.is(await get('http://registry.test:8080/v2/', { env }), '200 hello');
  assert.is(await get('https://registry.test/v2/', { env, certificates: knows('registry.test', { 'ca.crt': authority }) }), '200 hello');
  const basic = `Basic ${Buffer.from('al:p w').toString('base64')}`;
  assert.equal(proxied.splice(0), ['GET http://registry.test:8080/v2/ ', `CONNECT registry.test:443 ${basic}`]);
  assert.match(await get('https://forbidden.test/', { env }), /^EIO: Forbidden$/);
  proxied.length = 0;
  assert.is(await get(`http://127.0.0.1:${plain}/direct`, { env }), '200 hello');
  assert.equal(proxied, [], 'the loopback is asked directly');
});

test('which requests go through a proxy', () => {
  const through = (url: string, noProxy = '', more: Record<string, string> = {}): string => proxyFor(new URL(url), { HTTP_PROXY: 'http://p:1', HTTPS_PROXY: 'p:2', NO_PROXY: noProxy, ...more })?.host ?? 'direct';
  assert.is(through('http://a.example/'), 'p:1');
  assert.is(through('https://a.example/'), 'p:2');
  assert.is(through('https://localhost/'), 'direct');
  assert.is(through('http://[::1]:5000/'), 'direct');
  for (const words of ['*', 'example', '.example', 'a.example', '*.example', 'b, a.example:443', 'A.EXAMPLE']) assert.is(through('https://a.example/', words), 'direct', words);
  for (const words of ['.a.example', 'xample', 'a.example:80', 'b.example']) assert.is(through('https://a.example/', words), 'p:2', words);
  assert.is(proxyFor(new URL('https://a.example'), { HTTP_PROXY: 'p:1' }), undefined);
});

test('a registry: the loopback may answer without TLS or with a certificate nobody knows, others may not', async () => {
  const ports = { nowMs: () => 0, sleep: () => Promise.resolve(), fetch: nodeFetch({ env: { HTTP_PROXY: `http://127.0.0.1:${proxy}` }, certificates: [] }) };
  assert.is(await new Registry(`127.0.0.1:${plain}`, ports).base(), `http://127.0.0.1:${plain}/v2/`);
  assert.is(await new Registry(`127.0.0.1:${secure}`, ports).base(), `https://127.0.0.1:${secure}/v2/`);
  proxied.length = 0;
  let message = '';
  try { await new Registry('registry.test:1', { ...ports, fetch: (request) => (request.url.startsWith('https:') ? Promise.reject(Object.assign(new Error('no'), { code: 'ECONNREFUSED' })) : ports.fetch(request)) }).base(); } catch (error) { ({ message } = error as Error); }
  assert.is(message, 'Get "https://registry.test:1/v2/": no');
  assert.equal(proxied, [], 'never asked over http');
  assert.is(await new Registry('registry.test:1', { ...ports, fetch: (request) => (request.url.startsWith('https:') ? Promise.reject(Object.assign(new Error('no'), { code: 'ECONNREFUSED' })) : ports.fetch(request)) }, { insecure: true }).base(), 'http://registry.test:1/v2/');
});

test.run();

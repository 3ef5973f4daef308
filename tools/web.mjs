// Serves dist/web as plain static files on the loopback address; the port is the argument (0: any), else 8080.
import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';

const types = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.wasm': 'application/wasm', '.map': 'application/json', '.tar': 'application/x-tar' };
const port = Number(process.argv[2] ?? 8080);

createServer((request, response) => {
  const path = normalize(decodeURIComponent(new URL(request.url, 'http://x').pathname));
  const file = join('dist/web', path.endsWith('/') ? `${path}index.html` : path);
  if (!file.startsWith('dist/web') || !existsSync(file) || !statSync(file).isFile()) { response.writeHead(404).end('not found\n'); return; }
  response.writeHead(200, { 'content-type': types[extname(file)] ?? 'application/octet-stream' });
  createReadStream(file).pipe(response);
}).listen(port, '127.0.0.1', function listening() { console.log(`http://127.0.0.1:${this.address().port}/`); });

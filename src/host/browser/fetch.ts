// HTTP in a page, through its fetch. What other origins answer is only seen where they allow it (CORS), and the browser does not say why not.
import type { Fetch, HttpAnswer, HttpBody, HttpRequest } from '../ports.ts';

const failure = (code: string, message: string): Error => Object.assign(new Error(message), { code });

/** Of requests whose answer may not be read the browser only says that they failed. */
function blocked({ url }: HttpRequest): Error {
  const { origin, host, protocol } = new URL(url);
  const isMixed = globalThis.location?.protocol === 'https:' && protocol === 'http:';
  const why = isMixed ? 'a page that came over https may not ask over http' : `nobody answers there, or ${host} does not let pages of ${globalThis.location?.origin ?? 'this origin'} read its answers: it would have to send Access-Control-Allow-Origin, and allow and expose the headers of the distribution API (CORS)`;
  return failure('EBLOCKED', `the browser gives no answer of ${origin}: ${why}`);
}

/** Browsers send streams over few connections only; pieces of uploads are small enough to be gathered. */
async function gathered({ chunks }: HttpBody): Promise<Blob> {
  const parts: BlobPart[] = [];
  for await (const chunk of chunks) parts.push(chunk as Uint8Array<ArrayBuffer>);
  return new Blob(parts);
}

async function* content(response: Response): AsyncGenerator<Uint8Array> {
  if (!response.body) return;
  const reader = response.body.getReader();
  try {
    for (let part = await next(reader); !part.done; part = await next(reader)) yield part.value;
  } finally { void reader.cancel().catch(() => {}); }
}

async function next(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<ReadableStreamReadResult<Uint8Array>> {
  try { return await reader.read(); } catch { throw failure('ECONNRESET', 'unexpected EOF'); }
}

function answerOf(response: Response): HttpAnswer {
  const location = response.headers.get('location');
  return { status: response.status, header: (name) => response.headers.get(name) ?? undefined, location: location === null ? undefined : new URL(location, response.url).href, body: content(response) };
}

export const browserFetch: Fetch = async (request) => {
  const { method, url, headers, body } = request;
  const sent = body ? await gathered(body) : undefined;
  let response: Response;
  try { response = await fetch(url, { method, headers, ...(sent ? { body: sent } : {}), credentials: 'omit', cache: 'no-store', redirect: 'follow' }); } catch { throw blocked(request); }
  return answerOf(response);
};

// ADD of an address: the file is fetched each time, so that the cache knows whether it changed.
import type { Fetch, HttpAnswer } from '../host/ports.ts';
import { fileHash } from './content-hash.ts';
import { BuildError } from './errors.ts';
import { blobFile } from './memory-source.ts';
import type { BuildPorts } from './ports.ts';
import type { Source } from './sources.ts';

const REDIRECTS = 10, REMOTE_MODE = 0o600;

export const isRemote = (path: string): boolean => /^(?:https?|git|ssh):\/\/|^git@/i.test(path);
const isGit = (path: string): boolean => !/^https?:\/\//i.test(path) || /\.git(?:#|$)/.test(path);

/** The last part of an address's path. */
function nameOf(url: string): string {
  const part = /^https?:\/\/[^/?#]*(?:[^?#]*\/)?([^?#]*)/i.exec(url)?.[1] ?? '';
  try { return decodeURIComponent(part).split('/').at(-1)!; } catch { return part; }
}

async function answerOf(fetch: Fetch, said: string): Promise<HttpAnswer> {
  for (let url = said, i = 0; i <= REDIRECTS; i++) {
    let answer: HttpAnswer;
    try { answer = await fetch({ method: 'GET', url, headers: {} }); } catch (error) {
      if (typeof (error as { code?: unknown }).code !== 'string') throw error;
      throw new BuildError('NO_SOURCE', `Get ${JSON.stringify(url)}: ${(error as Error).message}`);
    }
    if (answer.status < 300) return answer;
    for await (const _ of answer.body) if (answer.status >= 400) break;
    if (answer.status >= 400 || !answer.location) throw new BuildError('NO_SOURCE', `failed to GET ${url} with status ${answer.status}`);
    url = answer.location;
  }
  throw new BuildError('NO_SOURCE', `Get ${JSON.stringify(said)}: stopped after ${REDIRECTS} redirects`);
}

/** Fetches a file. `checksum`: what --checksum says of it. Throws BuildError. */
export async function fetchSource({ fetch, folder, codecs, host, say, atEnd }: BuildPorts, said: string, checksum: string | undefined, intoDirectory: boolean): Promise<Source> {
  if (!fetch || isGit(said)) throw new BuildError('NO_URLS', `${said}: repositories are not fetched by ADD; clone them before the build, or with RUN`);
  const name = nameOf(said);
  if (name === '' && intoDirectory) throw new BuildError('NO_SOURCE', `cannot determine filename for source ${said}`);
  const answer = await answerOf(fetch, said);
  const file = folder.create();
  atEnd(() => file.discard());
  const hash = codecs.sha256();
  for await (const bytes of answer.body) {
    hash.update(bytes);
    file.append(bytes);
  }
  const digest = `sha256:${hash.hex()}`;
  if (checksum !== undefined && checksum !== digest) throw new BuildError('NO_SOURCE', `digest mismatch for ${said}: ${digest} (expected: ${checksum})`);
  say('\n');
  const modified = Date.parse(answer.header('last-modified') ?? '');
  const inode = blobFile(file.blob, REMOTE_MODE, Number.isNaN(modified) ? host.clock.realtimeNs() : BigInt(modified) * 1_000_000n);
  const path = String.fromCharCode(...new TextEncoder().encode(name));
  return { path, realPath: path, inode, isRemote: true, hash: fileHash(path, inode, { codecs, fromDisk: true }), links: [] };
}

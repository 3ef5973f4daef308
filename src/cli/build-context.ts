// What a build is made from: a folder, or standard input with a Dockerfile or a tar, and where the Dockerfile lies.
import { createReadStream, lstatSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { type ContextFiles, ContextFs, emptyContext, Ignore, isTar, tarContext } from '../build/index.ts';
import type { Blob, Codecs, Folder } from '../host/ports.ts';
import { chunksOf, ratioLimit, uncompressed, type UnpackLimit } from '../oci/index.ts';
import { hostContext, sizeAsTar } from './host-context.ts';
import { InputError } from './input.ts';
import { systemMessage } from './errors.ts';

export interface BuildContext {
  readonly dockerfile: string;
  readonly context: ContextFs;
  /** In bytes, as docker's client would send it. */
  readonly size: number;
}

export interface ContextRequest {
  /** A folder, the file of a tar, or `-`. */
  readonly from: string;
  /** -f. */
  readonly file: string | undefined;
  readonly folder: Folder;
  readonly codecs: Codecs;
  readonly limit: UnpackLimit | undefined;
  readonly stdin: () => AsyncIterable<Uint8Array>;
  /** Called when nobody needs what was kept aside. */
  readonly atEnd: (discard: () => void) => void;
}

const unprepared = (why: string): InputError => new InputError(`unable to prepare context: ${why}`);

/** What git and docker take for an address; docker's client knows a few hosts by name. */
const isRemote = (from: string): boolean => /^(?:https?|git|ssh):\/\/|^git@|^github\.com\//i.test(from);

/** Throws InputError in the words of docker's client, BuildError, ImageError, LayerError. */
export async function openContext(request: ContextRequest): Promise<BuildContext> {
  const { from, file } = request;
  if (from === '-' && file === '-') throw new InputError('invalid argument: can\'t use stdin for both build context and dockerfile');
  if (from === '-') return inArchive(request, request.stdin());
  if (isRemote(from)) throw unprepared(`nothing is fetched for a build: get ${from} first, and name its folder`);
  const kind = statSync(from, { throwIfNoEntry: false });
  if (!kind) throw unprepared(`path ${JSON.stringify(from)} not found`);
  return kind.isDirectory() ? inFolder(request) : inArchive(request, createReadStream(from));
}

async function textOf(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const chunk of chunks) pieces.push(chunk);
  return Buffer.concat(pieces).toString();
}

// --- a folder of the host ---

const isThere = (path: string): boolean => statSync(path, { throwIfNoEntry: false }) !== undefined;

/** `Dockerfile`, or `dockerfile` where that is the only one. */
function usualName(root: string): string {
  const usual = join(root, 'Dockerfile');
  return !isThere(usual) && isThere(join(root, 'dockerfile')) ? join(root, 'dockerfile') : usual;
}

/** The Dockerfile's own path; links are followed. */
function realPath(path: string): string {
  try { return realpathSync(path); } catch (error) {
    const why = systemMessage(error) ?? (error as Error).message;
    throw unprepared(`unable to evaluate symlinks in Dockerfile path: lstat ${path}: ${why}`);
  }
}

async function inFolder({ from, file, stdin }: ContextRequest): Promise<BuildContext> {
  const root = realpathSync(resolve(from));
  if (file === '-') return ofFolder(root, await textOf(stdin()), ignoreTextOf([join(root, '.dockerignore')]));
  const path = file === undefined ? usualName(root) : realPath(resolve(file));
  if (file === undefined) realPath(path);
  const real = realPath(path);
  const inside = relative(root, file === undefined ? path : real);
  const outside = inside.startsWith('..');
  if (outside && file === undefined) throw unprepared(`the Dockerfile (${path}) must be within the build context`);
  if (!lstatSync(real).isFile()) throw unprepared(`read ${real}: is a directory`);
  return ofFolder(root, readFileSync(real, 'utf8'), ignoreTextOf([join(dirname(real), `${basename(file === undefined ? path : file)}.dockerignore`), join(root, '.dockerignore')]), outside ? undefined : inside);
}

/** The first of these that there is. */
function ignoreTextOf(paths: readonly string[]): string {
  const path = paths.find(isThere);
  return path === undefined ? '' : readFileSync(path, 'latin1');
}

/** `own`: where the Dockerfile lies in the folder, when it does. It and .dockerignore are sent in any case. */
function ofFolder(root: string, dockerfile: string, ignored: string, own?: string): BuildContext {
  const files = hostContext(root);
  const context = new ContextFs(files, new Ignore(ignored));
  const all = new ContextFs(files);
  const sent = [...(own === undefined ? [] : [own]), '.dockerignore'].map((name) => Buffer.from(name).toString('latin1')).filter((name) => !context.fileAt(name));
  return { dockerfile: checked(dockerfile), context, size: sent.reduce((sum, name) => { const file = all.fileAt(name); return file ? sum + sizeAsTar(file) - 512 : sum; }, sizeAsTar(context.root)) };
}

function checked(dockerfile: string): string {
  if (dockerfile === '') throw new InputError('the Dockerfile (Dockerfile) cannot be empty');
  return dockerfile;
}

// --- bytes that come: a tar, or a Dockerfile alone ---

/** Keeps a source aside without its compression. */
async function keptAside({ folder, codecs, limit = ratioLimit, atEnd }: ContextRequest, source: AsyncIterable<Uint8Array>): Promise<{ readonly blob: Blob; /** As it came, in bytes. */ readonly size: number }> {
  const file = folder.create();
  atEnd(() => file.discard());
  let size = 0;
  const counted = async function* (): AsyncIterable<Uint8Array> {
    for await (const bytes of source) {
      size += bytes.length;
      yield bytes;
    }
  };
  for await (const bytes of uncompressed(counted(), { codecs, limit })) file.append(bytes);
  return { blob: file.blob, size };
}

async function inArchive(request: ContextRequest, source: AsyncIterable<Uint8Array>): Promise<BuildContext> {
  const { blob, size } = await keptAside(request, source);
  if (!await isTar(chunksOf(blob))) {
    if (request.from !== '-') throw unprepared(`context must be a directory or a tar archive: ${request.from}`);
    if (request.file !== undefined) throw new InputError('ambiguous Dockerfile source: both stdin and flag correspond to Dockerfiles');
    const context = new ContextFs(emptyContext);
    return { dockerfile: checked(await textOf(chunksOf(blob))), context, size: blob.size === 0 ? 0 : sizeAsTar(context.root) + Math.ceil(blob.size / 512) * 512 + 512 };
  }
  const files = tarContext(blob);
  if (request.file === '-') return { dockerfile: checked(await textOf(request.stdin())), context: new ContextFs(files, new Ignore(textIn(files, '.dockerignore') ?? '')), size };
  const name = request.file === undefined ? 'Dockerfile' : request.file.replace(/^\.?\/+/, '');
  const dockerfile = textIn(files, name) ?? (request.file === undefined ? textIn(files, 'dockerfile') : undefined);
  if (dockerfile === undefined) throw new InputError(`Error response from daemon: Cannot locate specified Dockerfile: ${name}`);
  const ignored = textIn(files, `${name}.dockerignore`) ?? textIn(files, '.dockerignore') ?? '';
  return { dockerfile: checked(Buffer.from(dockerfile, 'latin1').toString()), context: new ContextFs(files, new Ignore(ignored)), size };
}

/** A small file of a context, as latin1; undefined when it is not there. Links are followed inside the context. */
function textIn(files: ContextFiles, path: string): string | undefined {
  const file = new ContextFs(files).fileAt(Buffer.from(path).toString('latin1'));
  if (!file) return undefined;
  const bytes = new Uint8Array(file.stat().size);
  const open = file.open();
  try { open.read!(bytes, 0, true); } finally { open.close?.(); }
  return Buffer.from(bytes).toString('latin1');
}

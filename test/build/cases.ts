// Builds as text: files of a context and commands, and what came of them written down so that two builders can be compared.
import { createHash } from 'node:crypto';
import { chmodSync, lutimesSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Blob } from '../../src/host/ports.ts';
import { tarEntries, type TarEntry } from '../../src/layers/index.ts';
import { tarOf } from '../layers/tars.ts';

/** Files and commands of one case. A file's header: `--- PATH [MODE]`, `--- DIRECTORY/ [MODE]`, `--- LINK -> TARGET`, `--- NAME.tar[.gz] tar` with lines `PATH [MODE] [UID:GID] [CONTENT…| -> TARGET]`. */
export interface Case { readonly name: string; readonly files: readonly { readonly header: string; readonly text: string }[]; readonly commands: readonly string[] }

/** `=== NAME` begins a case; lines with `$` are its commands, `build -t img .` where there is none. */
export function parseCases(text: string): Case[] {
  return text.split(/^=== /m).slice(1).map((part) => {
    const [name = '', ...lines] = part.split('\n');
    const files: { header: string; lines: string[] }[] = [];
    const commands: string[] = [];
    for (const line of lines) {
      if (line.startsWith('--- ')) files.push({ header: line.slice(4), lines: [] });
      else if (line.startsWith('$ ')) commands.push(line.slice(2));
      else files.at(-1)?.lines.push(line);
    }
    return { name: name.trim(), files: files.map(({ header, lines: own }) => ({ header, text: own.join('\n').replace(/\n*$/, '\n') })), commands: commands.length > 0 ? commands : ['build -t img .'] };
  });
}

/** Every file of a context has this time. */
const TIME = 1_000_000_000;

async function tarFile(text: string): Promise<Uint8Array> {
  const members = text.split('\n').filter((line) => line !== '').map((line) => {
    const [, name = '', mode, owner = '0:0', rest = ''] = /^(\S+)(?: ([0-7]{3,4}))?(?: (\d+:\d+))?(?: (.*))?$/.exec(line)!;
    const [uid, gid] = owner.split(':').map(Number) as [number, number];
    const common = { name, uid, gid, ...(mode === undefined ? {} : { mode: parseInt(mode, 8) }), mtime: new Date(TIME * 1000) };
    if (rest.startsWith('-> ')) return { ...common, type: 'symlink' as const, linkname: rest.slice(3) };
    if (rest.startsWith('=> ')) return { ...common, type: 'link' as const, linkname: rest.slice(3) };
    return name.endsWith('/') ? { ...common, type: 'directory' as const } : { ...common, content: rest };
  });
  return tarOf(members);
}

/** Writes the files of a case. */
export async function writeCase({ files }: Case, folder: string): Promise<void> {
  const late: (() => void)[] = [];
  mkdirSync(folder, { recursive: true });
  for (const { header, text } of files) {
    const [, path = '', kind = ''] = /^(\S+)(?: (.*))?$/.exec(header)!;
    const at = join(folder, path);
    mkdirSync(path.endsWith('/') ? at : dirname(at), { recursive: true });
    if (kind.startsWith('-> ')) symlinkSync(kind.slice(3), at);
    else if (kind === 'tar') writeFileSync(at, path.endsWith('gz') ? gzipSync(await tarFile(text)) : await tarFile(text));
    else if (!path.endsWith('/')) writeFileSync(at, text);
    const mode = /^[0-7]+$/.test(kind) ? parseInt(kind, 8) : kind.startsWith('->') ? undefined : path.endsWith('/') ? 0o755 : 0o644;
    late.push(() => {
      if (mode !== undefined) chmodSync(at, mode);
      lutimesSync(at, TIME, TIME);
    });
  }
  for (const finish of late.reverse()) finish();
}

/** Commands that are no build: they change a file of the context. */
export function change(command: string, folder: string): boolean {
  const [verb, path = '', ...rest] = command.split(' ');
  const at = join(folder, path);
  if (verb === 'write') writeFileSync(at, `${rest.join(' ')}\n`);
  else if (verb === 'chmod') chmodSync(join(folder, rest[0]!), parseInt(path, 8));
  else if (verb === 'touch') lutimesSync(at, TIME + 1000, TIME + 1000);
  else if (verb === 'delete') rmSync(at, { recursive: true });
  else return false;
  return true;
}

// --- what is compared ---

/** One file: type and mode, owner, what it holds or leads to, and the context's time where it has that. */
function lineOf(blob: Blob, { path, mode, uid, gid, size, offset, extents, hardLink, link, mtimeSec, xattrs }: TarEntry): string {
  const words = [path, hardLink ? '' : mode.toString(8), `${uid}:${gid}`];
  if (hardLink) words.push(`=> ${link}`);
  else if ((mode & 0o170000) === 0o120000) words.push(`-> ${link}`);
  else if ((mode & 0o170000) === 0o100000) {
    const hash = createHash('sha256');
    let at = offset;
    for (const { length } of extents ?? [{ length: size }]) {
      const bytes = new Uint8Array(length);
      blob.read(bytes, at);
      hash.update(bytes);
      at += length;
    }
    words.push(`${size} ${hash.digest('hex').slice(0, 16)}`);
  }
  if (mtimeSec >= TIME && mtimeSec <= TIME + 1000) words.push(`@${mtimeSec - TIME}`);
  if (xattrs?.size) words.push([...xattrs.keys()].join());
  return words.join(' ');
}

const pathOf = (line: string): string => line.slice(0, line.indexOf(' '));
const isDirectory = (line: string): boolean => / 4\d{4} /.test(line);

/** A layer's lines, sorted by path. */
export const layerLines = (blob: Blob): string[] => [...tarEntries(blob)].map((entry) => lineOf(blob, { ...entry, path: entry.path.replace(/\/+$/, '') })).sort();

/** The lines of all layers together, whiteouts obeyed, without those of `base`. */
export function treeLines(layers: readonly (readonly string[])[], base: number): string[] {
  const merge = (own: readonly (readonly string[])[]): Map<string, string> => {
    const tree = new Map<string, string>();
    for (const lines of own) {
      for (const line of lines) {
        const path = pathOf(line);
        const [, folder = '', gone] = /^(.*?)\.wh\.([^/]*)$/.exec(path) ?? [];
        if (gone === undefined) continue;
        const below = gone === '.wh..opq' || gone === '.opq' ? folder : `${folder}${gone}/`;
        for (const key of [...tree.keys()]) if (key.startsWith(below) || key === folder + gone) tree.delete(key);
      }
      for (const line of lines) {
        const path = pathOf(line);
        if (/(^|\/)\.wh\./.test(path)) continue;
        if (!isDirectory(line)) for (const key of [...tree.keys()]) if (key.startsWith(`${path}/`)) tree.delete(key);
        tree.set(path, line);
      }
    }
    return tree;
  };
  const before = merge(layers.slice(0, base));
  const after = merge(layers);
  return [...[...after].filter(([path, line]) => before.get(path) !== line).map(([, line]) => line), ...[...before.keys()].filter((path) => !after.has(path)).map((path) => `${path} gone`)].sort();
}

interface Config { readonly config?: Readonly<Record<string, unknown>> | null; readonly author?: string; readonly history?: readonly Readonly<Record<string, unknown>>[] }

const notCompared = ['Hostname', 'Domainname', 'AttachStdin', 'AttachStdout', 'AttachStderr', 'Tty', 'OpenStdin', 'StdinOnce', 'Image'];

export interface Shown { readonly config: unknown; readonly author: string; readonly history: readonly string[]; readonly layers: readonly (readonly string[])[]; readonly tree: readonly string[] }

/** An image as it is compared; `base`: how many layers, and lines of history, are not its own. */
export function shownImage({ config, author = '', history = [] }: Config, layers: readonly (readonly string[])[], base: { readonly layers: number; readonly history: number }): Shown {
  const entries = Object.entries(config ?? {}).filter(([key, value]) => !notCompared.includes(key) && value !== null && value !== undefined && value !== '').sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    config: Object.fromEntries(entries), author, history: history.slice(base.history).map(({ created_by: by, empty_layer: empty, author: who, comment }) => [by, empty ? 'empty' : '', who ?? '', comment ?? ''].join(' | ')),
    layers: layers.slice(base.layers).map((lines) => lines.filter((line) => !isDirectory(line) && !line.includes('.wh.'))), tree: treeLines(layers, base.layers),
  };
}

/** What a builder printed, without what differs each time: identities, where the context lies, sizes of what is sent. */
export function shownText(text: string, folder: string): string {
  const ids = new Map<string, string>();
  return text.replace(/\/\S*\/overlay2\/[^/ ]+\/merged/g, '').replaceAll(folder, 'CONTEXT').replaceAll('docker ', 'wherry ').replace(/\b(?:sha256:)?(?:[0-9a-f]{64}|[0-9a-f]{12})\b/g, (id) => {
    if (/file:|dir:|multi:/.test(id)) return id;
    const key = id.replace('sha256:', '').slice(0, 12);
    if (!ids.has(key)) ids.set(key, `ID${ids.size + 1}`);
    return ids.get(key)!;
  }).replace(/(?:\x1b\[91m|\x1b\[0m)/g, '').replace(/^DEPRECATED: [^]*?buildx\/\n\n/gm, '');
}

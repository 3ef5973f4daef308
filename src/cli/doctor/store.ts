// The store: where it is, whether it can be written, whether all of it can be read.
import { accessSync, constants, existsSync, readdirSync, statfsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Containers, isUp } from '../../engine/index.ts';
import { nodeProcesses } from '../../host/node/processes.ts';
import { nodeCodecs, nodeFolder } from '../../host/node/store.ts';
import type { Blob } from '../../host/ports.ts';
import { familiarName, parseReference } from '../../oci/index.ts';
import { humanSize } from '../columns.ts';
import { openHost, openImages, rootFolder } from '../setup.ts';
import { type Check, type Finding, note, ok, problem } from './check.ts';

/** File systems that behave otherwise than a disk, by the magic number of statfs(2). */
const special: Readonly<Record<number, readonly [name: string, remark: string | undefined]>> = {
  0x01021994: ['tmpfs', 'it is in memory: images and containers are gone when the machine restarts'],
  0x6969: ['NFS', 'locks and syncs over the network are slow: set WHERRY_ROOT to a folder of a local disk if there is one'],
  0xff534d42: ['CIFS', 'set WHERRY_ROOT to a folder of a local disk if there is one'],
  0x517b: ['SMB', 'set WHERRY_ROOT to a folder of a local disk if there is one'],
  0x01021997: ['9p', 'it is slow: set WHERRY_ROOT to a folder of a local disk if there is one'],
  0x0bd00bd0: ['Lustre', 'many small files are slow there: set WHERRY_ROOT to a folder of a local disk if there is one'],
};

/** The folder itself, or the nearest above it that exists. */
function nearest(path: string): string {
  while (!existsSync(path) && dirname(path) !== path) path = dirname(path);
  return path;
}

const LITTLE_ROOM = 1e9, NO_ROOM = 50e6;

function room(path: string): Finding {
  const { type, bavail, bsize } = statfsSync(nearest(path));
  const free = bavail * bsize;
  const [name, remark] = special[type] ?? [];
  const text = `${humanSize(free, 3)} free${name === undefined ? '' : ` on ${name}`}`;
  if (free < NO_ROOM) return problem(text, 'make room, or set WHERRY_ROOT to a folder elsewhere');
  if (remark !== undefined) return note(text, remark);
  return free < LITTLE_ROOM ? note(text, 'wherry image prune and wherry container prune make room') : ok(text);
}

const folder: Check = {
  name: 'Store',
  look(terminal) {
    const path = rootFolder(terminal);
    const there = existsSync(path);
    const found = nearest(path);
    if (!statSync(found).isDirectory()) return [problem(`${found} is no folder`, 'set WHERRY_ROOT to a folder of yours')];
    try { accessSync(found, constants.W_OK | constants.X_OK); } catch {
      return [problem(`${path} ${there ? 'cannot be written' : `cannot be made in ${found}`}`, 'set WHERRY_ROOT to a folder of yours')];
    }
    return [ok(there ? path : `${path} (made when it is needed)`), room(path)];
  },
};

const plural = (n: number, one: string): string => `${n} ${one}${n === 1 ? '' : 's'}`;

/** An image as Docker shows it; undefined for one without a name. */
const nameOf = ([name]: readonly string[]): string | undefined => (name === undefined ? undefined : familiarName(parseReference(name)));

/** Whether a file's content has the digest that it is named after. */
function isWhole(blob: Blob, digest: string): boolean {
  const hash = nodeCodecs.sha256();
  const piece = new Uint8Array(1 << 20);
  for (let at = 0, got; (got = blob.read(piece, at)) > 0; at += got) hash.update(piece.subarray(0, got));
  return `sha256:${hash.hex()}` === digest;
}

const images: Check = {
  name: 'Images',
  look(terminal, { verify }) {
    if (!existsSync(rootFolder(terminal))) return [ok('none')];
    const { store } = openImages(terminal);
    const all = store.images();
    const bad: Finding[] = store.damaged().map(({ manifestDigest, names, reason }) => problem(`${nameOf(names) ?? manifestDigest} is damaged: ${reason}`, 'remove it (wherry rmi) and load or pull it again'));
    const layers = new Map(all.flatMap((image) => image.layers.map((layer) => [layer.diffId, { layer, image }] as const)));
    for (const { layer, image } of layers.values()) {
      const name = `layer ${layer.diffId.slice(0, 19)} of ${nameOf(image.names) ?? image.id.slice(0, 19)}`;
      try {
        const tar = store.layerTar(layer);
        if (verify && !isWhole(tar, layer.diffId)) bad.push(problem(`${name} is not what its digest says`, 'remove the image (wherry rmi) and load or pull it again'));
      } catch (error) { bad.push(problem(`${name}: ${(error as Error).message}`, 'remove the image (wherry rmi) and load or pull it again')); }
    }
    const bytes = [...layers.values()].reduce((sum, { layer }) => sum + layer.size, 0);
    return bad.length > 0 ? bad : [ok(`${plural(all.length, 'image')}, ${plural(layers.size, 'layer')}, ${humanSize(bytes, 4)}${verify ? ', every layer as its digest says' : ''}`)];
  },
};

const containers: Check = {
  name: 'Containers',
  look(terminal) {
    const root = rootFolder(terminal);
    if (!existsSync(root)) return [ok('none')];
    const damaged: Finding[] = [];
    const log = (line: string): void => { damaged.push(problem(line.replace('wherry: ', ''), `what is left of it lies in ${join(root, 'containers')}; the others are not affected`)); };
    const all = new Containers(nodeFolder(root), { ...openHost(terminal), log }, nodeProcesses).list();
    const running = all.filter(isUp).length;
    return [...damaged, ok(`${plural(all.length, 'container')}, ${running} running`)];
  },
};

const MUCH_CACHE = 2e9;

const cache: Check = {
  name: 'Translations',
  look(terminal) {
    const path = join(rootFolder(terminal), 'cache');
    const sizes = existsSync(path) ? readdirSync(path).map((name) => statSync(join(path, name), { throwIfNoEntry: false })?.size ?? 0) : [];
    const bytes = sizes.reduce((sum, size) => sum + size, 0);
    const text = `${humanSize(bytes, 3)} kept`;
    return [bytes > MUCH_CACHE ? note(text, `${path} may be deleted at any time: programs start slower once`) : ok(text)];
  },
};

export const storeChecks: readonly Check[] = [folder, images, containers, cache];

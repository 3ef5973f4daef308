// Stacks layer indexes into one tree: whiteouts and opaque directories take away what lies below, later members replace earlier ones; the result is packed into a view.
import { S_IFDIR, S_IFLNK, S_IFMT } from '../abi/index.ts';
import { textAt } from './columns.ts';
import { LayerError } from './errors.ts';
import { ENTRY_HARD_LINK, type LayerIndex } from './layer-index.ts';

/** One inode of the merged tree while it is built; `entry` is its row in the index of layer `layer`, -1 for a directory that no member names. */
export interface MergedNode {
  layer: number;
  entry: number;
  children: Map<string, MergedNode> | undefined;
  /** Its number in the view; -1 until it has one. */
  inode: number;
}

const WHITEOUT = '.wh.';
const OPAQUE = '.wh..wh..opq';
const AUFS_METADATA = '.wh..wh.';
/** As many links as Linux follows in one path. */
const LINKS = 40;

const newDirectory = (layer: number): MergedNode => ({ layer, entry: -1, children: new Map(), inode: -1 });

/** The tree of all layers, lowest first. Throws LayerError 'unsafe-entry' for what a layer cannot mean. */
export function mergeLayers(layers: readonly LayerIndex[]): MergedNode {
  const root = newDirectory(0);
  layers.forEach((index, layer) => new LayerMerge(root, index, layer).apply());
  return root;
}

class LayerMerge {
  readonly #root: MergedNode;
  readonly #index: LayerIndex;
  readonly #layer: number;
  /** The last directory found, for the run of its children that follows in most tars. */
  #lastPath = '';
  #lastDirectory: MergedNode | undefined;
  /** What whiteouts of this layer took away, by path: its hard links may still name it (a file that was renamed). */
  readonly #hidden = new Map<string, MergedNode>();

  constructor(root: MergedNode, index: LayerIndex, layer: number) {
    this.#root = root;
    this.#index = index;
    this.#layer = layer;
  }

  #path(entry: number): string { return textAt(this.#index.text, this.#index.textStart[2 * entry]!, this.#index.textStart[2 * entry + 1]!); }
  #link(entry: number): string { return textAt(this.#index.text, this.#index.textStart[2 * entry + 1]!, this.#index.textStart[2 * entry + 2]!); }

  /** Whiteouts first: they speak about the layers below, wherever they stand in the tar. */
  apply(): void {
    const whiteouts: string[] = [];
    const members: number[] = [];
    for (let entry = 0; entry < this.#index.count; entry++) {
      const path = this.#path(entry);
      if (baseName(path).startsWith(WHITEOUT)) whiteouts.push(path);
      else members.push(entry);
    }
    for (const path of whiteouts) this.#whiteout(path);
    for (const entry of members) this.#add(entry);
  }

  #whiteout(path: string): void {
    const name = baseName(path);
    const directory = this.#existing(parentPath(path));
    if (name === OPAQUE) for (const child of [...directory?.children?.keys() ?? []]) this.#hide(parentPath(path), child, directory);
    else if (!name.startsWith(AUFS_METADATA)) {
      const hidden = name.slice(WHITEOUT.length);
      if (hidden === '' || hidden === '.' || hidden === '..') throw new LayerError('unsafe-entry', `entry ${JSON.stringify(path)} is a whiteout of no valid name`);
      this.#hide(parentPath(path), hidden, directory);
    }
  }

  #hide(path: string, name: string, directory: MergedNode | undefined): void {
    const node = directory?.children?.get(name);
    if (!node) return;
    this.#hidden.set(path === '' ? name : `${path}/${name}`, node);
    directory!.children!.delete(name);
  }

  /** What lay at a path before this layer's whiteouts. */
  #hiddenAt(path: string): MergedNode | undefined {
    for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) {
      const top = this.#hidden.get(path.slice(0, end));
      if (top) return path.slice(end + 1).split('/').reduce((node: MergedNode | undefined, name) => (name === '' ? node : node?.children?.get(name)), top);
    }
    return undefined;
  }

  /** What lies at a path now. */
  #existing(path: string): MergedNode | undefined {
    if (path === '') return this.#root;
    return this.#walk(parentPath(path), path, (node, name) => node.children?.get(name))?.children?.get(baseName(path));
  }

  /** Goes down a path by `step`, following the links of this layer inside the tree. */
  #walk(path: string, of: string, step: (node: MergedNode, name: string) => MergedNode | undefined): MergedNode | undefined {
    const above = [this.#root];
    const left = path.split('/').reverse();
    for (let links = 0; left.length > 0;) {
      const name = left.pop()!;
      if (name === '' || name === '.') continue;
      if (name === '..') {
        if (above.length > 1) above.pop();
        continue;
      }
      const target = this.#ownLink(above.at(-1)!.children?.get(name));
      if (target === undefined) {
        const node = step(above.at(-1)!, name);
        if (!node) return undefined;
        above.push(node);
        continue;
      }
      if (++links > LINKS) throw new LayerError('unsafe-entry', `entry ${JSON.stringify(of)} leads through more than ${LINKS} symbolic links`);
      if (target.startsWith('/')) above.length = 1;
      left.push(...target.split('/').reverse());
    }
    return above.at(-1);
  }

  /** The target of a symbolic link that this layer has made. */
  #ownLink(node: MergedNode | undefined): string | undefined {
    return node && node.layer === this.#layer && node.entry >= 0 && (this.#index.mode[node.entry]! & S_IFMT) === S_IFLNK ? this.#link(node.entry) : undefined;
  }

  #add(entry: number): void {
    const path = this.#path(entry);
    const mode = this.#index.mode[entry]!;
    if (path === '') return this.#setRoot(entry);
    const directory = this.#directory(parentPath(path), path);
    const name = baseName(path);
    if (this.#index.flags[entry]! & ENTRY_HARD_LINK) {
      const node = this.#linked(entry, path);
      if (directory.children!.has(name)) this.#lastDirectory = undefined;
      directory.children!.set(name, node);
      return;
    }
    const old = directory.children!.get(name);
    if ((mode & S_IFMT) === S_IFDIR && old?.children) {
      old.layer = this.#layer;
      old.entry = entry;
      return;
    }
    directory.children!.set(name, { layer: this.#layer, entry, children: (mode & S_IFMT) === S_IFDIR ? new Map() : undefined, inode: -1 });
    if (old) this.#lastDirectory = undefined;
  }

  #setRoot(entry: number): void {
    if ((this.#index.mode[entry]! & S_IFMT) !== S_IFDIR) throw new LayerError('unsafe-entry', 'the root of the tree is not a directory');
    this.#root.layer = this.#layer;
    this.#root.entry = entry;
  }

  #linked(entry: number, path: string): MergedNode {
    const target = this.#link(entry);
    const node = this.#existing(target) ?? this.#hiddenAt(target);
    if (!node) throw new LayerError('unsafe-entry', `entry ${JSON.stringify(path)} is a hard link to ${JSON.stringify(target)}, which is not there`);
    if (node.children) throw new LayerError('unsafe-entry', `entry ${JSON.stringify(path)} is a hard link to a directory: ${JSON.stringify(target)}`);
    return node;
  }

  /** The directory at a path, made where it is missing; what a lower layer has in its place is hidden. */
  #directory(path: string, of: string): MergedNode {
    if (this.#lastDirectory && path === this.#lastPath) return this.#lastDirectory;
    const node = this.#walk(path, of, (above, name) => this.#child(above, name, of))!;
    this.#lastPath = path;
    this.#lastDirectory = node;
    return node;
  }

  #child(node: MergedNode, name: string, of: string): MergedNode {
    const child = node.children!.get(name);
    if (child?.children) return child;
    if (child && child.layer === this.#layer) throw new LayerError('unsafe-entry', `entry ${JSON.stringify(of)} leads through ${JSON.stringify(name)}, which is not a directory`);
    const made = newDirectory(this.#layer);
    node.children!.set(name, made);
    return made;
  }
}

const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
const parentPath = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));

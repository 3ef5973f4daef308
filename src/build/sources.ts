// What COPY and ADD copy: paths and patterns found in a tree, links followed inside it, each with its hash.
import type { Glob } from '../base/index.ts';
import { Errno, S_IFDIR, S_IFMT } from '../abi/index.ts';
import { rootOf } from '../engine/index.ts';
import type { Codecs } from '../host/ports.ts';
import { type FileSystem, find, type Inode, pathOf } from '../vfs/index.ts';
import { joinedHash, type TreeHash, treeHash } from './content-hash.ts';
import { BuildError } from './errors.ts';
import { cleanPath, goPattern, hasWildcards } from './patterns.ts';

/** One source: what its path leads to. */
export interface Source extends TreeHash {
  /** As said, cleaned, without a slash before it; latin1 bytes. */
  readonly path: string;
  /** The same without links: where the inode lies. */
  readonly realPath: string;
  readonly inode: Inode;
  /** Which of the paths below it are copied; all when absent. */
  readonly wanted?: (path: string) => boolean;
  /** It was fetched. */
  readonly isRemote?: true;
  /** What --parents keeps of the path, when that is not all of it. */
  readonly kept?: string;
}

export const isDirectory = (inode: Inode): boolean => (inode.mode & S_IFMT) === S_IFDIR;
export const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

/** Every path below a directory, parents first, sorted. */
function* pathsBelow(inode: Inode, path: string): Generator<string> {
  for (const { name } of [...inode.readdir!()].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const at = path === '' ? name : `${path}/${name}`;
    yield at;
    const child = inode.lookup!(name);
    if (child && isDirectory(child)) yield* pathsBelow(child, at);
  }
}

export interface SourceTree { readonly fs: FileSystem; /** It is the context, and not a stage or an image. */ readonly isContext: boolean }

/** Finds all that `paths` name, patterns in the order of names. Throws BuildError 'NO_SOURCE', 'FORBIDDEN'. */
export function findSources({ fs, isContext }: SourceTree, paths: readonly string[], codecs: Codecs, ignored?: (path: string) => boolean): Source[] {
  const tree = rootOf(fs);
  const one = (path: string, kept?: string): Source => {
    try {
      const place = find(tree.context, tree.root, path === '' ? '/' : `/${path}`);
      const realPath = pathOf(tree.root, place).replace(/^\//, '');
      // Patterns of what is left out are those of the tree, or of the directory that is copied.
      const wanted = ignored && ((at: string): boolean => !ignored(at) && !ignored(realPath === '' ? at : at.slice(realPath.length + 1)));
      return { path, realPath, inode: place.inode, ...(wanted ? { wanted } : {}), ...(kept === undefined ? {} : { kept }), ...treeHash(tree, realPath, place.inode, { codecs, fromDisk: !isContext }, wanted) };
    } catch (error) {
      if (!(error instanceof Errno)) throw error;
      throw new BuildError('NO_SOURCE', isContext ? `file not found in build context or excluded by .dockerignore: stat ${path}: file does not exist` : `stat ${path}: file does not exist`);
    }
  };
  const isWanted = ({ path, inode }: Source): boolean => !ignored || isDirectory(inode) || !(ignored(path) || ignored(baseName(path)));
  return paths.flatMap((said) => {
    const cleaned = cleanPath(said.replace(/^\/+/, '') || '.');
    if (isContext && (cleaned === '..' || cleaned.startsWith('../'))) throw new BuildError('FORBIDDEN', `forbidden path outside the build context: ${said} ()`);
    const path = cleaned === '.' ? '' : cleaned.replace(/^(\.\.\/)+|^\.\.$/, '');
    const pivot = /^(.*?)\/\.\//.exec(said.replace(/^\/+/, ''))?.[1];
    const kept = (at: string): string | undefined => (pivot === undefined ? undefined : at.slice(cleanPath(pivot).length + 1));
    if (!hasWildcards(path)) return [one(path, kept(path))].filter(isWanted);
    const pattern = patternOf(path);
    if (!pattern) return [];
    return [...pathsBelow(fs.root, '')].filter((at) => pattern.test(at)).map((at) => one(at, kept(at))).filter(isWanted);
  });
}

/** Undefined for a malformed one, which matches nothing. */
function patternOf(path: string): Glob | undefined {
  try { return goPattern(path); } catch (error) {
    if (error instanceof BuildError) return undefined;
    throw error;
  }
}

/** How history and the cache speak of them. */
export const hashOf = (sources: readonly Source[], codecs: Codecs): string => (sources.length === 1 ? sources[0]!.hash : joinedHash('multi', sources.map((source) => source.hash), codecs));


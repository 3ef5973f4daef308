// Builds: a Dockerfile and a context made an image.
export { buildImage } from './build.ts';
export { type ContextEntry, type ContextFiles, ContextFs, emptyContext, tarContext } from './context.ts';
export { isTar } from './copy-step.ts';
export { BuildError } from './errors.ts';
export { parseDockerfile } from './parser.ts';
export { Ignore } from './patterns.ts';
export { buildCache, type BuildCacheItem, type BuildCacheParts, pruneBuildCache, type PruneCacheOptions } from './prune.ts';
export type { BuildOptions, BuildPorts } from './ports.ts';

// Registries: images from and to them.
export { RegistryError, type RegistryErrorCode } from './errors.ts';
export type { Credentials } from './tokens.ts';
export { hostOf, isLoopback, Registry, type RegistryOptions, type RegistryPorts } from './registry.ts';
export { type Platform, platformText, remoteManifest } from './manifests.ts';
export { type Pulled, pullImage, type PullOptions } from './pull.ts';
export type { TransferEvent, TransferProgress } from './progress.ts';
export { type Pushed, pushImage, tagsToPush } from './push.ts';
export { tagsOf } from './tags.ts';

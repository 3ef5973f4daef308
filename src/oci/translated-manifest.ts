// What a Docker manifest (image manifest version 2, schema 2) says, as an OCI manifest: in a layout, skopeo and umoci read only these.
import { type Descriptor, type Digest, mediaTypes, parseManifest } from './image.ts';

const layerTypes: Readonly<Record<string, string>> = { gzip: mediaTypes.gzip, zstd: mediaTypes.zstd };

/** The same configuration and layers, byte for byte, described by OCI's media types; `compressionOf` tells how a layer is packed, whatever its type says. Throws ImageError 'bad-archive'. */
export function translatedManifest(bytes: Uint8Array, digest: Digest, compressionOf: (layer: Digest) => string | undefined): Uint8Array {
  const { config, layers } = parseManifest(bytes, digest);
  const described = (layer: Descriptor): Descriptor => ({ mediaType: layerTypes[compressionOf(layer.digest) ?? ''] ?? mediaTypes.tar, digest: layer.digest, size: layer.size });
  return new TextEncoder().encode(JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.manifest, config: { mediaType: mediaTypes.config, digest: config.digest, size: config.size }, layers: layers.map(described) }));
}

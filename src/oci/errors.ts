// What can be wrong with an image, its archive or its name: an error with a stable code and one line that names the thing.

/**
 * bad-reference: not a name Docker would take · bad-archive: no archive, or damaged · no-manifest: an archive without an image in it · digest-mismatch: content is not what its digest says
 * unsafe-layer: a layer that must not be unpacked · wrong-platform: made for another processor or system · unsupported: a form this version does not read · damaged-store: a blob is missing or changed
 * too-large: unpacks to more than is allowed · no-such-image: the store has none of that name or ID · conflict: a removal that names or containers forbid, in Docker's words · bad-filter: `--filter` says what cannot be, in Docker's words · bad-change: `--change` says what cannot be, in Docker's words
 */
export type ImageErrorCode = 'bad-reference' | 'bad-archive' | 'no-manifest' | 'digest-mismatch' | 'unsafe-layer' | 'wrong-platform' | 'unsupported' | 'damaged-store' | 'too-large' | 'no-such-image' | 'conflict' | 'bad-filter' | 'bad-change';

export class ImageError extends Error {
  readonly code: ImageErrorCode;
  constructor(code: ImageErrorCode, message: string) {
    super(message);
    this.name = 'ImageError';
    this.code = code;
  }
}

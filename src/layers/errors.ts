// What can be wrong with a layer: an error with a stable code and one line that names the place.

/** corrupt-tar: not a whole, valid tar · unsafe-entry: a path or link that leads out of the tree, or through a link · too-large: more than the format of the index holds · bad-index: the index is not one of this layer
 * changed-file: a file ends before its size while it is written to a tar · reserved-name: a file that would be a whiteout in a layer · damaged: a container's writable layer that cannot be read · other-version, other-image: one that another version wrote, or that belongs over another image. */
export type LayerErrorCode = 'corrupt-tar' | 'unsafe-entry' | 'too-large' | 'bad-index' | 'changed-file' | 'reserved-name' | 'damaged' | 'other-version' | 'other-image';

export class LayerError extends Error {
  readonly code: LayerErrorCode;
  constructor(code: LayerErrorCode, message: string) {
    super(message);
    this.name = 'LayerError';
    this.code = code;
  }
}

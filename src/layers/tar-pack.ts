// tar-stream's writer, in a module of its own that is imported when it is needed: running an image does not pay for it.
export { pack } from 'tar-stream';

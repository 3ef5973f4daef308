// Calls about mounts and watches that a container may not use, refused as the kernel refuses them. mount(2), inotify(7).
import { CAP_SYS_ADMIN, EINVAL, ENOSYS, EPERM } from '../../abi/index.ts';
import type { Task } from '../../linux/index.ts';
import { Hex, OptionalPath, Path, Ptr, ULongHex } from '../codec.ts';
import { refuse, sys } from '../row.ts';
import type { SyscallRow } from '../row.ts';

/** Without CAP_SYS_ADMIN, which a container does not have, EPERM; with it there is still nothing to mount with. */
function denied(task: Task): number {
  if (!task.credentials.has(CAP_SYS_ADMIN)) throw EPERM;
  throw EINVAL;
}

export const filesystemCalls: readonly SyscallRow[] = [
  sys(155, 'pivot_root', [Path, Path], denied, 'always refused'),
  sys(165, 'mount', [OptionalPath, OptionalPath, OptionalPath, ULongHex, Ptr], denied, 'always refused'),
  sys(166, 'umount2', [Path, Hex], denied, 'always refused'),
  refuse(300, 'fanotify_init', ENOSYS, 'changes are not watched'),
  refuse(301, 'fanotify_mark', ENOSYS, 'changes are not watched'),
  refuse(303, 'name_to_handle_at', ENOSYS, 'no file handles'),
  refuse(304, 'open_by_handle_at', ENOSYS, 'no file handles'),
  refuse(425, 'io_uring_setup', ENOSYS, 'no io_uring'),
  refuse(426, 'io_uring_enter', ENOSYS, 'no io_uring'),
  refuse(427, 'io_uring_register', ENOSYS, 'no io_uring'),
];

// The mounts every container has beside its root: /proc, /dev, /sys. Mount points that the image lacks are made.
import { S_IFDIR, uts } from '../../abi/index.ts';
import { Mount } from '../../vfs/index.ts';
import type { Inode, MountTable } from '../../vfs/index.ts';
import type { Kernel } from '../kernel.ts';
import { cgroupFs } from './cgroup.ts';
import { mountDev } from './dev.ts';
import { procFs } from './proc.ts';
import { sysFs } from './sys.ts';

/** The directory `name` of the root file system, made when it is not there. */
function mountPoint(root: Inode, name: string): Inode {
  return root.lookup!(name) ?? root.create!(name, { mode: S_IFDIR | 0o755, uid: 0, gid: 0 });
}

/** Mounts /proc, /dev (with pts and shm) and a read-only /sys. When there is a console it must be attached already. */
export function mountSystem(kernel: Kernel, mounts: MountTable): void {
  const mount = mounts.root;
  const on = (name: string): { mount: Mount; inode: Inode } => ({ mount, inode: mountPoint(mount.root, name) });
  const restricted = { nosuid: true, nodev: true, noexec: true };
  mounts.attach(new Mount(procFs(kernel, uts), 'proc', restricted), on('proc'));
  mountDev(kernel, mounts, on('dev'));
  const sys = new Mount(sysFs(kernel), 'sysfs', { ...restricted, readonly: true });
  mounts.attach(sys, on('sys'));
  mounts.attach(new Mount(cgroupFs(kernel), 'cgroup', { ...restricted, readonly: true }), { mount: sys, inode: sys.root.lookup!('fs')!.lookup!('cgroup')! });
}

// The /sys file system: the little that programs look for: processors, and empty directories of devices. sysfs(5).
import { GeneratedFs, generated } from '../../vfs/index.ts';
import type { Node } from '../../vfs/index.ts';
import type { Kernel } from '../kernel.ts';

const { directory, file } = generated;
const SYSFS_MAGIC = 0x62656572;
const constant = (value: string): Node => file(() => `${value}\n`);

/** One processor, number 0. */
const cpus = (): Node => directory({
  cpu0: directory({ topology: directory({ core_id: constant('0'), physical_package_id: constant('0'), thread_siblings: constant('1'), thread_siblings_list: constant('0'), core_siblings_list: constant('0') }) }),
  kernel_max: constant('0'), offline: constant(''), online: constant('0'), possible: constant('0'), present: constant('0'),
});

/** Makes the /sys of a kernel. */
export function sysFs(kernel: Kernel): GeneratedFs {
  const root = directory({
    block: directory({}), bus: directory({}), class: directory({ net: directory({}) }), dev: directory({ block: directory({}), char: directory({}) }),
    devices: directory({ system: directory({ cpu: cpus(), node: directory({ node0: directory({ cpulist: constant('0') }), online: constant('0'), possible: constant('0') }) }) }),
    firmware: directory({}), fs: directory({ cgroup: directory({}) }), kernel: directory({ mm: directory({ transparent_hugepage: directory({ enabled: constant('always madvise [never]') }) }) }), module: directory({}),
  });
  return new GeneratedFs({ type: 'sysfs', magic: SYSFS_MAGIC, root, startNs: kernel.realtimeNs() });
}

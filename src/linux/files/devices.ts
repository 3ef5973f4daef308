// Character devices by number: what opening a device node gives, wherever the node lies. The memory devices of devices.txt; terminals register themselves.
import { EINVAL, ENOSPC, ENXIO, major, makedev } from '../../abi/index.ts';
import type { Inode, OpenFile } from '../../vfs/index.ts';
import type { Task } from '../task.ts';

/** Opens a device for a task; `flags` are O_*. */
export type DeviceOpen = (task: Task, inode: Inode, flags: number) => OpenFile;

export class Devices {
  readonly #rows = new Map<number, DeviceOpen>();
  readonly #majors = new Map<number, DeviceOpen>();

  register(rdev: number, open: DeviceOpen): void { this.#rows.set(rdev, open); }

  /** All minor numbers of a major number that have no row of their own. */
  registerMajor(number: number, open: DeviceOpen): void { this.#majors.set(number, open); }

  /** Throws ENXIO for a number that no device has. */
  open(task: Task, inode: Inode, flags: number): OpenFile {
    const { rdev } = inode.stat();
    const open = this.#rows.get(rdev) ?? this.#majors.get(major(rdev));
    if (!open) throw ENXIO;
    return open(task, inode, flags);
  }
}

/** What a memory device does. */
interface MemoryDevice { name: string; minor: number; read(into: Uint8Array): number; write(from: Uint8Array): number }

/** /dev/null, zero, full, random, urandom: major 1. `random` fills with random bytes. */
export function memoryDevices(random: (into: Uint8Array) => void): readonly MemoryDevice[] {
  const takeAll = (from: Uint8Array): number => from.length;
  const zeros = (into: Uint8Array): number => into.fill(0).length;
  const randomBytes = (into: Uint8Array): number => { random(into); return into.length; };
  const nothing = (): number => 0;
  return [
    { name: 'null', minor: 3, read: nothing, write: takeAll },
    { name: 'zero', minor: 5, read: zeros, write: takeAll },
    { name: 'full', minor: 7, read: zeros, write: () => { throw ENOSPC; } },
    { name: 'random', minor: 8, read: randomBytes, write: takeAll },
    { name: 'urandom', minor: 9, read: randomBytes, write: takeAll },
    { name: 'kmsg', minor: 11, read: nothing, write: takeAll },
  ];
}

/** An open memory device: its position stays 0 and it is always ready. */
export class MemoryDeviceFile implements OpenFile {
  readonly inode: Inode;
  readonly device: MemoryDevice;
  constructor(device: MemoryDevice, inode: Inode) { this.device = device; this.inode = inode; }
  read(into: Uint8Array): number { return this.device.read(into); }
  write(from: Uint8Array): number { return this.device.write(from); }
  truncate(): void { throw EINVAL; }
}

export function registerMemoryDevices(devices: Devices, random: (into: Uint8Array) => void): void {
  for (const device of memoryDevices(random)) devices.register(makedev(1, device.minor), (_task, inode) => new MemoryDeviceFile(device, inode));
}

// How /proc writes things: columns, kilobytes, mount tables.
import { pathOf } from '../../vfs/index.ts';
import type { Mount, Place } from '../../vfs/index.ts';
import type { FsContext } from '../fs-context.ts';

/** `Name:   value` as in /proc/PID/status. */
export const statusLine = (name: string, value: string | number): string => `${name}:\t${value}\n`;

/** `Name:   1234 kB` as in /proc/meminfo. */
export const kilobyteLine = (name: string, bytes: number): string => `${`${name}:`.padEnd(16)}${String(Math.floor(bytes / 1024)).padStart(8)} kB\n`;

/** Spaces, tabs, newlines and backslashes in mount tables are octal. */
const escaped = (text: string): string => text.replace(/[ \t\n\\]/g, (c) => `\\${c.charCodeAt(0).toString(8).padStart(3, '0')}`);

/** Where a mount lies as seen from a root; undefined: outside of it. */
function mountPoint(root: Place, mount: Mount): string | undefined {
  const path = pathOf(root, { mount, inode: mount.root });
  return path.startsWith('(unreachable)') ? undefined : path || '/';
}

function options(mount: Mount): string {
  const { nosuid, nodev, noexec } = mount.options;
  return [mount.readonly ? 'ro' : 'rw', ...(nosuid ? ['nosuid'] : []), ...(nodev ? ['nodev'] : []), ...(noexec ? ['noexec'] : []), 'relatime'].join(',');
}

const visible = (fs: FsContext): { mount: Mount; point: string }[] =>
  fs.mounts.all.flatMap((mount) => { const point = mountPoint(fs.root, mount); return point === undefined ? [] : [{ mount, point }]; });

/** /proc/PID/mounts. */
export const mountsText = (fs: FsContext): string =>
  visible(fs).map(({ mount, point }) => `${escaped(mount.source)} ${escaped(point)} ${mount.fs.type} ${options(mount)} 0 0\n`).join('');

/** /proc/PID/mountinfo: id, parent id, device, root within the file system, mount point, options, type, source. */
export const mountinfoText = (fs: FsContext): string =>
  visible(fs).map(({ mount, point }) => {
    const { dev } = mount.fs;
    const device = `${(dev >>> 8) & 0xfff}:${(dev & 0xff) | (dev >>> 12) & ~0xff}`;
    return `${mount.id} ${mount.on?.mount.id ?? 1} ${device} ${rootWithin(mount)} ${escaped(point)} ${options(mount)} - ${mount.fs.type} ${escaped(mount.source)} ${mount.fs.readonly ? 'ro' : 'rw'}\n`;
  }).join('');

/** What part of its file system a mount shows. */
function rootWithin(mount: Mount): string {
  const names: string[] = [];
  for (let inode = mount.root; inode !== mount.fs.root && inode.parent; inode = inode.parent) names.unshift(inode.name ?? '');
  return `/${escaped(names.join('/'))}`;
}


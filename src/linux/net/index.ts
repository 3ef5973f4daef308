// The network of a container as programs see it: interfaces, routes, sockets, netlink.
export * from './interfaces.ts';
export { unixText } from './diagnostics.ts';
export * as netTables from './tables.ts';
export { encodeNetlinkName, isNetlinkProtocol, NetlinkSocket } from './netlink.ts';

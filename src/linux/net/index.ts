// The network of a container as programs see it: interfaces, routes, rtnetlink.
export * from './interfaces.ts';
export * as netTables from './tables.ts';
export { encodeNetlinkName, NetlinkSocket } from './netlink.ts';

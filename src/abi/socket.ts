// Constants of sockets: families, types, options, message flags. socket(2), socket(7), unix(7), asm-generic/socket.h.

export const addressFamilies = { AF_UNSPEC: 0, AF_UNIX: 1, AF_INET: 2, AF_INET6: 10, AF_NETLINK: 16, AF_PACKET: 17, AF_VSOCK: 40 } as const;
export const { AF_UNSPEC, AF_UNIX, AF_INET, AF_INET6, AF_NETLINK, AF_PACKET } = addressFamilies;
export const socketTypes = { SOCK_STREAM: 1, SOCK_DGRAM: 2, SOCK_RAW: 3, SOCK_SEQPACKET: 5 } as const;
export const { SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, SOCK_SEQPACKET } = socketTypes;
export const SOCK_TYPE_MASK = 15, SOCK_NONBLOCK = 0o4000, SOCK_CLOEXEC = 0o2000000;

export const SOL_SOCKET = 1, SCM_RIGHTS = 1, SCM_CREDENTIALS = 2;
export const socketOptions = {
  SO_DEBUG: 1, SO_REUSEADDR: 2, SO_TYPE: 3, SO_ERROR: 4, SO_DONTROUTE: 5, SO_BROADCAST: 6, SO_SNDBUF: 7, SO_RCVBUF: 8, SO_KEEPALIVE: 9, SO_OOBINLINE: 10, SO_PRIORITY: 12, SO_LINGER: 13, SO_REUSEPORT: 15,
  SO_PASSCRED: 16, SO_PEERCRED: 17, SO_RCVLOWAT: 18, SO_SNDLOWAT: 19, SO_RCVTIMEO: 20, SO_SNDTIMEO: 21, SO_TIMESTAMP: 29, SO_ACCEPTCONN: 30, SO_PEERSEC: 31, SO_SNDBUFFORCE: 32, SO_RCVBUFFORCE: 33,
  SO_PROTOCOL: 38, SO_DOMAIN: 39,
} as const;

export const messageFlags = {
  MSG_OOB: 1, MSG_PEEK: 2, MSG_DONTROUTE: 4, MSG_CTRUNC: 8, MSG_TRUNC: 0x20, MSG_DONTWAIT: 0x40, MSG_EOR: 0x80, MSG_WAITALL: 0x100, MSG_NOSIGNAL: 0x4000, MSG_MORE: 0x8000, MSG_WAITFORONE: 0x10000,
  MSG_CMSG_CLOEXEC: 0x4000_0000,
} as const;
export const { MSG_OOB, MSG_PEEK, MSG_CTRUNC, MSG_TRUNC, MSG_DONTWAIT, MSG_EOR, MSG_WAITALL, MSG_NOSIGNAL, MSG_CMSG_CLOEXEC } = messageFlags;

export const shutdownHow = { SHUT_RD: 0, SHUT_WR: 1, SHUT_RDWR: 2 } as const;
/** The longest path in a sockaddr_un, and the longest listen queue (/proc/sys/net/core/somaxconn). */
export const UNIX_PATH_MAX = 108, SOMAXCONN = 4096;

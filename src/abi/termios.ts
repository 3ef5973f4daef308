// Terminals as data: the kernel's struct termios and winsize, the flag bits, the control characters, and the ioctl numbers. asm-generic/termbits.h and ioctls.h.
import { struct } from './struct.ts';

/** The 36 bytes of TCGETS: four flag words, the line discipline, 19 control characters from offset 17. */
export const termiosLayout = struct(36, { c_iflag: ['u32', 0], c_oflag: ['u32', 4], c_cflag: ['u32', 8], c_lflag: ['u32', 12], c_line: ['u8', 16] });
/** The 44 bytes of TCGETS2: the same, then the two speeds. */
export const termios2Layout = struct(44, { c_iflag: ['u32', 0], c_oflag: ['u32', 4], c_cflag: ['u32', 8], c_lflag: ['u32', 12], c_line: ['u8', 16], c_ispeed: ['u32', 36], c_ospeed: ['u32', 40] });
export const CC_OFFSET = 17, NCCS = 19;
export const winsizeLayout = struct(8, { ws_row: ['u16', 0], ws_col: ['u16', 2], ws_xpixel: ['u16', 4], ws_ypixel: ['u16', 6] });

/** Indices into c_cc. */
export const cc = {
  VINTR: 0, VQUIT: 1, VERASE: 2, VKILL: 3, VEOF: 4, VTIME: 5, VMIN: 6, VSWTC: 7, VSTART: 8, VSTOP: 9, VSUSP: 10, VEOL: 11, VREPRINT: 12, VDISCARD: 13, VWERASE: 14, VLNEXT: 15, VEOL2: 16,
} as const;

export const iflag = {
  IGNBRK: 1, BRKINT: 2, IGNPAR: 4, PARMRK: 8, INPCK: 0o20, ISTRIP: 0o40, INLCR: 0o100, IGNCR: 0o200, ICRNL: 0o400, IUCLC: 0o1000, IXON: 0o2000, IXANY: 0o4000, IXOFF: 0o10000, IMAXBEL: 0o20000, IUTF8: 0o40000,
} as const;
export const oflag = { OPOST: 1, OLCUC: 2, ONLCR: 4, OCRNL: 8, ONOCR: 16, ONLRET: 32, TABDLY: 0o14000, XTABS: 0o14000 } as const;
export const cflag = { B38400: 15, CS8: 0o60, CREAD: 0o200, HUPCL: 0o2000 } as const;
export const lflag = {
  ISIG: 1, ICANON: 2, XCASE: 4, ECHO: 8, ECHOE: 0o20, ECHOK: 0o40, ECHONL: 0o100, NOFLSH: 0o200, TOSTOP: 0o400, ECHOCTL: 0o1000, ECHOPRT: 0o2000, ECHOKE: 0o4000, FLUSHO: 0o10000, PENDIN: 0o40000,
  IEXTEN: 0o100000, EXTPROC: 0o200000,
} as const;

export const ttyIoctls = {
  TCGETS: 0x5401, TCSETS: 0x5402, TCSETSW: 0x5403, TCSETSF: 0x5404, TCGETA: 0x5405, TCSBRK: 0x5409, TCXONC: 0x540a, TCFLSH: 0x540b, TIOCEXCL: 0x540c, TIOCNXCL: 0x540d, TIOCSCTTY: 0x540e,
  TIOCGPGRP: 0x540f, TIOCSPGRP: 0x5410, TIOCOUTQ: 0x5411, TIOCSTI: 0x5412, TIOCGWINSZ: 0x5413, TIOCSWINSZ: 0x5414, TIOCMGET: 0x5415, FIONREAD: 0x541b, FIONBIO: 0x5421, TIOCNOTTY: 0x5422,
  TIOCSETD: 0x5423, TIOCGETD: 0x5424, TCSBRKP: 0x5425, TIOCGSID: 0x5429, TCGETS2: 0x802c542a, TCSETS2: 0x402c542b, TCSETSW2: 0x402c542c, TCSETSF2: 0x402c542d, TIOCGPTN: 0x80045430,
  TIOCSPTLCK: 0x40045431, TIOCGPTLCK: 0x80045439, TIOCGPTPEER: 0x5441, FIONCLEX: 0x5450, FIOCLEX: 0x5451, FIOASYNC: 0x5452,
} as const;

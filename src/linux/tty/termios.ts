// Terminal settings: the kernel's defaults, and coding to and from struct termios.
import { CC_OFFSET, NCCS, cflag, iflag, lflag, oflag, termios2Layout, termiosLayout } from '../../abi/index.ts';

export interface Termios {
  iflag: number;
  oflag: number;
  cflag: number;
  lflag: number;
  line: number;
  /** The control characters, by the indices of abi `cc`. */
  cc: Uint8Array;
  ispeed: number;
  ospeed: number;
}

/** INIT_C_CC of the kernel: ^C ^\ DEL ^U ^D, time 0, min 1, ^Q ^S ^Z, ^R ^O ^W ^V. */
const initialCc = [3, 28, 127, 21, 4, 0, 1, 0, 17, 19, 26, 0, 18, 15, 23, 22, 0, 0, 0];
const B38400_BAUD = 38400;

/** tty_std_termios: canonical mode with echo. */
export const defaultTermios = (): Termios => ({
  iflag: iflag.ICRNL | iflag.IXON,
  oflag: oflag.OPOST | oflag.ONLCR,
  cflag: cflag.B38400 | cflag.CS8 | cflag.CREAD,
  lflag: lflag.ISIG | lflag.ICANON | lflag.ECHO | lflag.ECHOE | lflag.ECHOK | lflag.ECHOCTL | lflag.ECHOKE | lflag.IEXTEN,
  line: 0,
  cc: Uint8Array.from(initialCc),
  ispeed: B38400_BAUD,
  ospeed: B38400_BAUD,
});

/** The bytes of TCGETS, or with `speeds` of TCGETS2. */
export function encodeTermios(termios: Termios, speeds = false): Uint8Array {
  const values = { c_iflag: termios.iflag, c_oflag: termios.oflag, c_cflag: termios.cflag, c_lflag: termios.lflag, c_line: termios.line };
  const bytes = speeds ? termios2Layout.encode({ ...values, c_ispeed: termios.ispeed, c_ospeed: termios.ospeed }) : termiosLayout.encode(values);
  bytes.set(termios.cc, CC_OFFSET);
  return bytes;
}

/** What TCSETS says; the speeds stay as in `old` unless `speeds`. */
export function decodeTermios(bytes: Uint8Array, old: Termios, speeds = false): Termios {
  const raw = termiosLayout.decode(bytes);
  const rates = speeds ? termios2Layout.decode(bytes) : { c_ispeed: old.ispeed, c_ospeed: old.ospeed };
  return {
    iflag: raw.c_iflag, oflag: raw.c_oflag, cflag: raw.c_cflag, lflag: raw.c_lflag, line: raw.c_line,
    cc: bytes.slice(CC_OFFSET, CC_OFFSET + NCCS), ispeed: rates.c_ispeed, ospeed: rates.c_ospeed,
  };
}

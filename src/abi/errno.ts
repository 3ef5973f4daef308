// Linux's error numbers as frozen values to throw: made once here, handled once at the system-call boundary. Numbers of asm-generic/errno.h.

/** One errno. It is thrown as it is (no stack, 1.4 µs), and compared by identity. */
export class Errno {
  readonly code: number;
  readonly name: string;
  constructor(code: number, name: string) { this.code = code; this.name = name; Object.freeze(this); }
  toString(): string { return this.name; }
}

const byCode = new Map<number, Errno>();
const byName = new Map<string, Errno>();
const e = (code: number, name: string): Errno => {
  const errno = new Errno(code, name);
  byCode.set(code, errno);
  byName.set(name, errno);
  return errno;
};

export const EPERM = e(1, 'EPERM'), ENOENT = e(2, 'ENOENT'), ESRCH = e(3, 'ESRCH'), EINTR = e(4, 'EINTR'), EIO = e(5, 'EIO'), ENXIO = e(6, 'ENXIO'), E2BIG = e(7, 'E2BIG'),
  ENOEXEC = e(8, 'ENOEXEC'), EBADF = e(9, 'EBADF'), ECHILD = e(10, 'ECHILD'), EAGAIN = e(11, 'EAGAIN'), ENOMEM = e(12, 'ENOMEM'), EACCES = e(13, 'EACCES'), EFAULT = e(14, 'EFAULT'),
  ENOTBLK = e(15, 'ENOTBLK'), EBUSY = e(16, 'EBUSY'), EEXIST = e(17, 'EEXIST'), EXDEV = e(18, 'EXDEV'), ENODEV = e(19, 'ENODEV'), ENOTDIR = e(20, 'ENOTDIR'), EISDIR = e(21, 'EISDIR'),
  EINVAL = e(22, 'EINVAL'), ENFILE = e(23, 'ENFILE'), EMFILE = e(24, 'EMFILE'), ENOTTY = e(25, 'ENOTTY'), ETXTBSY = e(26, 'ETXTBSY'), EFBIG = e(27, 'EFBIG'), ENOSPC = e(28, 'ENOSPC'),
  ESPIPE = e(29, 'ESPIPE'), EROFS = e(30, 'EROFS'), EMLINK = e(31, 'EMLINK'), EPIPE = e(32, 'EPIPE'), EDOM = e(33, 'EDOM'), ERANGE = e(34, 'ERANGE'), EDEADLK = e(35, 'EDEADLK'),
  ENAMETOOLONG = e(36, 'ENAMETOOLONG'), ENOLCK = e(37, 'ENOLCK'), ENOSYS = e(38, 'ENOSYS'), ENOTEMPTY = e(39, 'ENOTEMPTY'), ELOOP = e(40, 'ELOOP'), ENOMSG = e(42, 'ENOMSG'),
  EIDRM = e(43, 'EIDRM'), ENODATA = e(61, 'ENODATA'), ETIME = e(62, 'ETIME'), EPROTO = e(71, 'EPROTO'), EBADMSG = e(74, 'EBADMSG'), EOVERFLOW = e(75, 'EOVERFLOW'),
  EILSEQ = e(84, 'EILSEQ'), EUSERS = e(87, 'EUSERS'), ENOTSOCK = e(88, 'ENOTSOCK'), EDESTADDRREQ = e(89, 'EDESTADDRREQ'), EMSGSIZE = e(90, 'EMSGSIZE'), EPROTOTYPE = e(91, 'EPROTOTYPE'),
  ENOPROTOOPT = e(92, 'ENOPROTOOPT'), EPROTONOSUPPORT = e(93, 'EPROTONOSUPPORT'), ESOCKTNOSUPPORT = e(94, 'ESOCKTNOSUPPORT'), EOPNOTSUPP = e(95, 'EOPNOTSUPP'),
  EPFNOSUPPORT = e(96, 'EPFNOSUPPORT'), EAFNOSUPPORT = e(97, 'EAFNOSUPPORT'), EADDRINUSE = e(98, 'EADDRINUSE'), EADDRNOTAVAIL = e(99, 'EADDRNOTAVAIL'), ENETDOWN = e(100, 'ENETDOWN'),
  ENETUNREACH = e(101, 'ENETUNREACH'), ECONNABORTED = e(103, 'ECONNABORTED'), ECONNRESET = e(104, 'ECONNRESET'), ENOBUFS = e(105, 'ENOBUFS'), EISCONN = e(106, 'EISCONN'),
  ENOTCONN = e(107, 'ENOTCONN'), ESHUTDOWN = e(108, 'ESHUTDOWN'), ETIMEDOUT = e(110, 'ETIMEDOUT'), ECONNREFUSED = e(111, 'ECONNREFUSED'), EHOSTUNREACH = e(113, 'EHOSTUNREACH'),
  EALREADY = e(114, 'EALREADY'), EINPROGRESS = e(115, 'EINPROGRESS'), ESTALE = e(116, 'ESTALE'), EDQUOT = e(122, 'EDQUOT'), ECANCELED = e(125, 'ECANCELED'),
  EOWNERDEAD = e(130, 'EOWNERDEAD'), ENOTRECOVERABLE = e(131, 'ENOTRECOVERABLE');

/** The errno with this number, for strace lines. */
export const errnoByCode = (code: number): Errno | undefined => byCode.get(code);

/** The errno of that name, as hosts name their errors too. */
export const errnoByName = (name: string): Errno | undefined => byName.get(name);

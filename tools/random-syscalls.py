#!/usr/bin/env python3
# Writes random blocks of file system calls for tools/record-syscalls.py. Usage: tools/random-syscalls.py SEED BLOCKS > test/linux/random-syscalls.txt
# With a third word, "wide": blocks with a part before "--", several users, attributes, times, holes: tools/random-syscalls.py SEED BLOCKS wide > test/vfs/posix/random.txt
import random, sys
rnd = random.Random(int(sys.argv[1])); blocks = int(sys.argv[2])
def path():
    n = rnd.choice([1,1,1,2,2,3]); p = '/'.join(rnd.choice(['a','b','c','d','a','b','.','..']) for _ in range(n))
    while p.startswith('..') or '/..' in p and p.index('..') < 3: p = rnd.choice('abcd') + '/' + rnd.choice('abcd')
    if rnd.random() < 0.08: p += '/'
    return '"%s"' % p
def fd(): return str(rnd.choice([3,4,5,6,7,3,4]))
flagsets = ['O_RDONLY','O_RDWR','O_WRONLY','O_RDWR|O_CREAT','O_RDWR|O_CREAT|O_EXCL','O_WRONLY|O_TRUNC','O_RDWR|O_CREAT|O_TRUNC','O_RDONLY|O_DIRECTORY','O_RDONLY|O_NOFOLLOW','O_PATH','O_PATH|O_NOFOLLOW','O_RDWR|O_APPEND|O_CREAT','O_RDONLY|O_CREAT|O_DIRECTORY']
def op():
    k = rnd.randrange(30)
    if k < 5: return 'open(%s, %s, 0%o)' % (path(), rnd.choice(flagsets), rnd.choice([0o644, 0o600, 0o755]))
    if k < 8: return 'mkdir(%s, 0755)' % path()
    if k < 9: return 'rmdir(%s)' % path()
    if k < 10: return 'unlink(%s)' % path()
    if k < 13: return 'rename(%s, %s)' % (path(), path())
    if k < 14: return 'renameat2(AT_FDCWD, %s, AT_FDCWD, %s, %s)' % (path(), path(), rnd.choice(['RENAME_NOREPLACE','RENAME_EXCHANGE']))
    if k < 16: return 'link(%s, %s)' % (path(), path())
    if k < 18: return 'symlink("%s", %s)' % (rnd.choice(['a','b','c','a/b','./a','b/','nowhere','.']), path())
    if k < 20: return '%s(%s, buf)' % (rnd.choice(['stat','lstat']), path())
    if k < 21: return 'readlink(%s, buf, 100)' % path()
    if k < 22: return 'write(%s, "%s", %d)' % (fd(), 'xyzzy', rnd.randrange(1,6))
    if k < 23: return 'pread64(%s, buf, %d, %d)' % (fd(), rnd.randrange(1,20), rnd.randrange(0,8))
    if k < 24: return 'lseek(%s, %d, %s)' % (fd(), rnd.randrange(-3,12), rnd.choice(['SEEK_SET','SEEK_CUR','SEEK_END']))
    if k < 25: return 'ftruncate(%s, %d)' % (fd(), rnd.randrange(0,12))
    if k < 26: return 'fstat(%s, buf)' % fd()
    if k < 27: return 'close(%s)' % fd()
    if k < 28: return 'chmod(%s, 0%o)' % (path(), rnd.choice([0o600,0o755,0o700,0o1777,0]))
    if k < 29: return 'access(%s, %s)' % (path(), rnd.choice(['R_OK','W_OK','X_OK','F_OK']))
    return rnd.choice(['unlinkat(%s, %s, AT_REMOVEDIR)' % (fd(), path()), 'openat(%s, %s, O_RDONLY, 0)' % (fd(), path()), 'truncate(%s, %d)' % (path(), rnd.randrange(10)), 'dup(%s)' % fd(), 'mkdirat(%s, %s, 0755)' % (fd(), path()), 'creat(%s, 0644)' % path()])

def mode(): return '0%o' % rnd.choice([0o600, 0o755, 0o700, 0o1777, 0, 0o644, 0o2775, 0o4755, 0o6777, 0o070, 0o007, 0o111, 0o666])
def owner(): return rnd.choice(['0', '1000', '1001', '-1', '50'])
def attribute(): return '"user.%s"' % rnd.choice('ab')
def who(): return rnd.choice(['', '', '', '', '@1000 ', '@1000:1000,50 ', '@1001 '])
def look():
    k = rnd.randrange(8)
    if k < 3: return 'list(%s)' % path()
    if k < 4: return 'xattrs(%s)' % path()
    if k < 6: return 'sum(%s)' % path()
    if k < 7: return 'inos(%s)' % path()
    return 'same(%s, %s)' % (path(), path())
def wide():
    k = rnd.randrange(30)
    if k < 9: return op()
    if k < 11: return 'chmod(%s, %s)' % (path(), mode())
    if k < 13: return 'chown(%s, %s, %s)' % (path(), owner(), owner())
    if k < 14: return 'lchown(%s, %s, %s)' % (path(), owner(), owner())
    if k < 16: return 'setxattr(%s, %s, "value", %d, %s)' % (path(), attribute(), rnd.randrange(6), rnd.choice(['0', 'XATTR_CREATE', 'XATTR_REPLACE']))
    if k < 17: return rnd.choice(['getxattr(%s, %s, buf, 10)', 'removexattr(%s, %s)']) % (path(), attribute())
    if k < 18: return 'mknod(%s, %s|%s, 0x103)' % (path(), rnd.choice(['S_IFREG', 'S_IFREG', 'S_IFCHR']), mode())
    if k < 19: return 'open(%s, O_TMPFILE|O_RDWR, %s)' % (path(), mode())
    if k < 20: return 'linkat(AT_FDCWD, "/proc/self/fd/%s", AT_FDCWD, %s, AT_SYMLINK_FOLLOW)' % (fd(), path())
    if k < 21: return 'fallocate(%s, %s, %d, %d)' % (fd(), rnd.choice(['0', 'FALLOC_FL_KEEP_SIZE', 'FALLOC_FL_PUNCH_HOLE|FALLOC_FL_KEEP_SIZE']), rnd.randrange(0, 9000), rnd.randrange(1, 9000))
    if k < 23: return 'put(%s, %d, %d, %d)' % (fd(), rnd.choice([0, 1, 4095, 4096, 70000, rnd.randrange(200000)]), rnd.choice([1, 100, 4096, 9000]), rnd.randrange(256))
    if k < 24: return 'lseek(%s, %d, %s)' % (fd(), rnd.randrange(0, 90000), rnd.choice(['SEEK_SET', 'SEEK_END']))
    if k < 25: return '%s(%s, %d)' % (*rnd.choice([('ftruncate', fd()), ('truncate', path())]), rnd.choice([0, 10, 4096, 5000, 80000]))
    if k < 26: return 'renameat2(AT_FDCWD, %s, AT_FDCWD, %s, %s)' % (path(), path(), rnd.choice(['RENAME_NOREPLACE', 'RENAME_EXCHANGE', '0']))
    if k < 27: return 'utimensat(AT_FDCWD, %s, %s, %s)' % (path(), rnd.choice(['null', 'times(1, 2, 3, 4)', 'times(0, UTIME_OMIT, 5, 6)', 'times(7, 8, 0, UTIME_OMIT)']), rnd.choice(['0', 'AT_SYMLINK_NOFOLLOW']))
    if k < 28: return 'umask(%s)' % rnd.choice(['022', '0', '077'])
    return look()
def wide_block():
    before = ['umask(0)', 'mkdir("a", 0777)', 'mkdir("b", 0775)'] + [who() + wide() for _ in range(25)]
    after = [who() + wide() if rnd.random() < 0.85 else look() for _ in range(55)]
    return before + ['--'] + after + ['list(".")', 'list("a")', 'sum("a/b")', 'lstat("a", buf)']
if sys.argv[3:] == ['wide']:
    for b in range(blocks): print('# random %d' % b); print('\n'.join(wide_block())); print()
    sys.exit()
for b in range(blocks):
    print('# random %d' % b)
    lines = [op() for _ in range(60)]
    if b % 3 == 2: lines.insert(25, 'as 1000')
    print('\n'.join(lines)); print()

#!/usr/bin/env python3
# Runs scripts of file system calls on the Linux of this machine and writes their results back, or checks that they are the recorded ones. Needs root. Usage: see below; the language is described in test/linux/syscall-script.ts.
#
#   tools/record-syscalls.py [--check] [--on KIND=DIR]... FILE...
#
# KIND is tmpfs, ext4 or overlay; DIR is a directory on such a file system, for overlay one that a kernel's overlay mount can have its layers on. Without --on: tmpfs=/dev/shm.
# Each block runs in a process of its own, in an empty directory of mode 0777, with /dev/null as 0, 1, 2 and the capabilities that Docker gives a container. On an overlay, what lies before "--" makes the lower layer.
import ctypes, errno, os, re, struct, subprocess, sys, tempfile, shutil, time, zlib

numbers = {}
for line in open('/usr/include/x86_64-linux-gnu/asm/unistd_64.h'):
    m = re.match(r'#define __NR_(\w+) (\d+)', line)
    if m: numbers[m[1]] = int(m[2])
numbers.setdefault('fchmodat2', 452)
constants = {}
for line in open(os.path.join(os.path.dirname(os.path.abspath(__file__)), '../test/linux/syscalls.constants')):
    name, value = line.split(); constants[name] = int(value, 0)

b'x'.decode('unicode_escape')  # loads the codec: another user might not be able to
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
shows = {'read', 'pread64', 'readlink', 'readlinkat', 'readv', 'preadv', 'getcwd', 'getxattr', 'lgetxattr', 'fgetxattr', 'listxattr'}
stats = {'stat', 'lstat', 'fstat', 'newfstatat'}
DOCKER_CAPABILITIES = 0xa80425fb
CLOCK_TICK_S = 0.012

class Failed(Exception): pass

def split(text):
    out, depth, quoted, start = [], 0, False, 0
    for i, c in enumerate(text):
        if c == '"' and text[i - 1] != '\\': quoted = not quoted
        elif not quoted and c in '(': depth += 1
        elif not quoted and c in ')': depth -= 1
        elif not quoted and c == ',' and depth == 0: out.append(text[start:i].strip()); start = i + 1
    if text[start:].strip(): out.append(text[start:].strip())
    return out

def number(text):
    value = 0
    for part in text.split('|'):
        part = part.strip()
        value |= constants[part] if part in constants else int(part, 8 if re.match(r'^0[0-7]+$', part) else 0)
    return value

def unquote(text): return text[1:-1].encode('latin1').decode('unicode_escape').encode('latin1')
def quote(data): return '"' + ''.join(chr(b) if 32 <= b < 127 and b not in (34, 92) else '\\x%02x' % b for b in data) + '"'
def string_of(text):
    m = re.match(r'^(".*")\*(\d+)$', text)
    return unquote(m[1]) * int(m[2]) if m else unquote(text)
def ignore_errors(call, *args):
    try: call(*args)
    except OSError: pass

class Runner:
    """One block under way: a buffer, what is held in memory for pointers, and what the looks at times and directories have seen."""
    def __init__(self):
        self.buf = ctypes.create_string_buffer(1 << 17)
        self.keep, self.seen, self.dirs = [], {}, {}

    def hold(self, data):
        b = ctypes.create_string_buffer(data, len(data) + 1); self.keep.append(b); return ctypes.addressof(b)

    def argument(self, text):
        if text == 'buf': return ctypes.addressof(self.buf)
        if text == 'bad': return 0x10
        if text == 'null': return 0
        if text.startswith('"'): return self.hold(string_of(text))
        m = re.match(r'^(off|iov|lock|times|how)\((.*)\)$', text)
        if not m: return number(text)
        values = [number(v) for v in split(m[2])]
        if m[1] == 'off': return self.hold(struct.pack('<q', *values))
        if m[1] == 'lock': return self.hold(struct.pack('<hhxxxxqqi4x', *values, 0))
        if m[1] in ('times', 'how'): return self.hold(struct.pack('<%dq' % len(values), *values))
        at, data = ctypes.addressof(self.buf), b''
        for v in values: data += struct.pack('<QQ', at, v); at += v
        return self.hold(data)

    def raw(self, name, *args):
        """Makes a call; the result, or the errno's name."""
        ctypes.set_errno(0)
        r = libc.syscall(ctypes.c_long(numbers[name]), *[ctypes.c_long(a if isinstance(a, int) else self.hold(a)) for a in args])
        return errno.errorcode[ctypes.get_errno()].replace('ENOTSUP', 'EOPNOTSUPP') if r == -1 else r

    def call(self, name, args):
        if name in looks: return str(looks[name](self, *[string_of(a) if a.startswith('"') else number(a) for a in args]))
        r = self.raw(name, *[self.argument(a) for a in args])
        text = str(r)
        asks_size = name.endswith('xattr') and args[-1] == '0'
        if name in shows and type(r) is int and r > 0 and not asks_size: text += ' ' + quote(self.buf.raw[:r])
        if name in stats and r == 0: text += self.describe()
        return text

    def describe(self):
        b = self.buf.raw
        mode, uid, gid = struct.unpack_from('<III', b, 24); nlink, = struct.unpack_from('<Q', b, 16); rdev, size = struct.unpack_from('<Qq', b, 40)
        kind = mode & 0o170000
        return ' mode=0%o nlink=%d uid=%d gid=%d' % (mode, nlink, uid, gid) + (' size=%d' % size if kind in (0o100000, 0o120000) else '') + (' rdev=%d:%d' % (os.major(rdev), os.minor(rdev)) if kind in (0o20000, 0o60000) else '')

    def dents(self, fd, size):
        r = self.raw('getdents64', fd, ctypes.addressof(self.buf), size)
        if type(r) is not int: raise Failed(r)
        out, at = [], 0
        while at < r:
            ino, off, length, kind = struct.unpack_from('<QqHB', self.buf.raw, at)
            out.append((self.buf.raw[at + 19:at + length].split(b'\0')[0], off, kind, ino)); at += length
        return out

    def open_dir(self, path):
        fd = self.raw('open', path + b'\0', 0o200000, 0)
        if type(fd) is not int: raise Failed(fd)
        return fd

    def all_dents(self, fd, size=32768):
        out = []
        while True:
            part = self.dents(fd, size)
            if not part: return out
            out += part

def proper(entries): return [e for e in entries if e[0] not in (b'.', b'..')]
KINDS = {1: '|', 2: '%', 4: '/', 6: '#', 10: '@', 12: '=', 8: ''}

def look_list(t, path):
    """The names in a directory with their types as ls -F shows them, sorted."""
    fd = t.open_dir(path)
    try: return ' '.join(sorted(quote(e[0])[1:-1].replace(' ', '\\x20') + KINDS[e[2]] for e in proper(t.all_dents(fd)))) or '-'
    finally: os.close(fd)

def look_part(t, fd, size):
    """One getdents64 with a buffer of `size` bytes: what came is remembered for seen()."""
    entries = t.dents(fd, size); t.dirs.setdefault(fd, []).extend(proper(entries)); return 'some' if entries else 'end'

def look_rest(t, fd, size):
    """getdents64 until the end."""
    entries = t.all_dents(fd, size); t.dirs.setdefault(fd, []).extend(proper(entries)); return 'end'

def look_seen(t, fd, prefix):
    """How many names that begin with `prefix` part() and rest() gave, and how many different ones."""
    names = [e[0] for e in t.dirs.get(fd, []) if e[0].startswith(prefix)]; return '%d of %d' % (len(set(names)), len(names))

def look_forget(t, fd): t.dirs[fd] = []; return 0

def look_fill(t, path, prefix, count):
    """Makes `count` empty files."""
    for i in range(count): os.close(os.open(path + b'/' + prefix + b'%d' % i, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o644))
    return count

def look_drop(t, path, prefix, count):
    """Removes what fill() made."""
    for i in range(count): os.unlink(path + b'/' + prefix + b'%d' % i)
    return count

def look_empty(t, path, size):
    """Reads a directory in pieces and removes what came after each, as rm -r does; how many went."""
    fd, count = t.open_dir(path), 0
    try:
        while True:
            part = t.dents(fd, size)
            if not part: return count
            for e in proper(part): os.unlink(path + b'/' + e[0]); count += 1
    finally: os.close(fd)

def look_reseek(t, path, size):
    """Whether lseek to any d_off gives the entries that followed it (seekdir(3))."""
    fd = t.open_dir(path)
    try:
        entries = t.all_dents(fd, size)
        for i, e in enumerate(entries):
            if os.lseek(fd, e[1], 0) != e[1]: return 'lseek differs'
            if [x[0] for x in t.all_dents(fd, size)] != [x[0] for x in entries[i + 1:]]: return 'entries differ'
        return 'same'
    finally: os.close(fd)

def look_inos(t, path):
    """Whether every entry's d_ino is its st_ino."""
    fd = t.open_dir(path)
    try: return 'same' if all(os.lstat(path + b'/' + e[0]).st_ino == e[3] for e in t.all_dents(fd)) else 'differ'
    finally: os.close(fd)

def look_times(t, path):
    """Which of atime, mtime, ctime changed since the last look at this path."""
    time.sleep(CLOCK_TICK_S)
    try: s = os.lstat(path)
    except OSError as e: return errno.errorcode[e.errno]
    now, before = (s.st_atime_ns, s.st_mtime_ns, s.st_ctime_ns), t.seen.get(path)
    t.seen[path] = now
    if before is None: return 'seen'
    return ' '.join(n for n, x, y in zip(('atime', 'mtime', 'ctime'), before, now) if x != y) or 'none'

def look_stamps(t, path):
    """atime and mtime, seconds.nanoseconds."""
    s = os.lstat(path); return '%d.%09d %d.%09d' % (*divmod(s.st_atime_ns, 10**9), *divmod(s.st_mtime_ns, 10**9))

def look_same(t, a, b):
    """Whether two names are one file."""
    a, b = os.lstat(a), os.lstat(b); return 'yes' if (a.st_ino, a.st_dev) == (b.st_ino, b.st_dev) else 'no'

def pattern(length, seed): return bytes((seed + i * 7 + (i >> 8)) & 255 for i in range(length))

def look_put(t, fd, offset, length, seed):
    """Writes a pattern."""
    data = pattern(length, seed); return t.raw('pwrite64', fd, data, length, offset)

def look_sum(t, path):
    """Size and CRC of a file's content, or the errno of reading it."""
    data = open(path, 'rb').read(); return '%d %08x' % (len(data), zlib.crc32(data))

def look_xattrs(t, path):
    """The names of the extended attributes, sorted."""
    return ' '.join(sorted(os.listxattr(path, follow_symlinks=False))) or '-'

def look_extended(t, path, bits):
    """mode, nlink, size and the mask's basic bits."""
    r = t.raw('statx', -100, path, bits, 0x7ff, ctypes.addressof(t.buf))
    if r != 0: return r
    mask, blksize, attributes, nlink, uid, gid, mode, _, ino, size = struct.unpack_from('<IIQIIIHHQQ', t.buf.raw)
    return 'mask=0x%x nlink=%d uid=%d gid=%d mode=0%o' % (mask & 0x7ff, nlink, uid, gid, mode) + (' size=%d' % size if mode & 0o170000 == 0o100000 else '')

def look_space(t, path):
    """The longest name, the block size, and whether blocks and files are counted."""
    r = t.raw('statfs', path, ctypes.addressof(t.buf))
    if r != 0: return r
    kind, bsize, blocks, bfree, bavail, files, ffree, fsid, namelen, frsize, flags = struct.unpack_from('<11q', t.buf.raw)
    return 'namelen=%d bsize=%d frsize=%d blocks=%s free=%s files=%s readonly=%d' % (namelen, bsize, frsize, blocks > 0, blocks >= bfree >= bavail > 0, files >= ffree > 0, flags & 1)

def look_blocks(t, path):
    """st_blocks."""
    return os.lstat(path).st_blocks

def look_deep(t, name, depth):
    """Makes directories in each other by mkdir and chdir, and goes back; how many there are."""
    here = os.open('.', os.O_RDONLY)
    for i in range(depth): os.mkdir(name); os.chdir(name)
    os.fchdir(here); os.close(here); return depth

looks = {name[5:]: f for name, f in list(globals().items()) if name.startswith('look_')}

def become(who):
    """Takes on "uid:gid,group,..." with everything kept that is needed to be root again."""
    os.setresuid(0, 0, 0); os.setresgid(0, 0, 0); os.setgroups([])
    ids = [int(n) for n in re.split('[:,]', who)]
    if len(ids) > 2: os.setgroups(ids[2:])
    gid = ids[1] if len(ids) > 1 else ids[0]
    os.setresgid(gid, gid, 0); os.setresuid(ids[0], ids[0], 0)

LINE = re.compile(r'^(?:@([\d:,]+) )?(\w+)\((.*?)\)(?: = (.*))?$')

def run(block):
    t, results, standing = Runner(), [], '0:0'
    for line in block:
        if line == '--': t.seen.clear(); t.dirs.clear(); results.append(None); os.closerange(3, 200); continue
        if line.startswith('as '): standing = line[3:] if ':' in line else line[3:] + ':' + line[3:]; become(standing); results.append(None); continue
        who, name, args, _ = LINE.match(line).groups()
        if who: become(who)
        try: text = t.call(name, split(args))
        except Failed as e: text = str(e)
        except OSError as e: text = errno.errorcode[e.errno]
        if who: become(standing)
        results.append(text)
    return results

def drop_capabilities():
    for capability in range(64):
        if not DOCKER_CAPABILITIES >> capability & 1: libc.prctl(24, capability, 0, 0, 0)
    header = struct.pack('<II', 0x20080522, 0); data = struct.pack('<6I', DOCKER_CAPABILITIES, DOCKER_CAPABILITIES, 0, 0, 0, 0)
    if libc.capset(header, data) != 0: raise OSError('capset')

def in_child(block, here):
    """The results of the lines, run in a process that stands in `here`."""
    r, w = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(r); os.dup2(w, 200); os.chdir(here); os.umask(0o022)
        null = os.open('/dev/null', os.O_RDWR)
        for fd in (0, 1, 2): os.dup2(null, fd)
        os.closerange(3, 200); os.closerange(201, 1000)
        try: drop_capabilities(); text = repr(run(block))
        except Exception as e: text = 'FAILED %r' % e
        os.write(200, text.encode()); os._exit(0)
    os.close(w); data = b''
    while True:
        part = os.read(r, 65536)
        if not part: break
        data += part
    os.waitpid(pid, 0); os.close(r)
    if data.startswith(b'FAILED') or not data: sys.exit('%s: %s' % (block, data.decode()))
    return eval(data)

def results_on(kind, where, block):
    top = tempfile.mkdtemp(dir=where); os.chmod(top, 0o755)
    try:
        if kind != 'overlay':
            os.mkdir(top + '/w'); os.chmod(top + '/w', 0o777)
            return in_child(block, top + '/w')
        for name in ('lower', 'upper', 'work', 'merged'): os.mkdir(top + '/' + name)
        os.mkdir(top + '/lower/w'); os.chmod(top + '/lower/w', 0o777)
        cut = max((i for i, line in enumerate(block) if line == '--'), default=-1)
        before = in_child(block[:cut + 1], top + '/lower/w')
        subprocess.check_call(['mount', '-t', 'overlay', 'overlay', '-o', 'redirect_dir=on,index=on,xino=on,lowerdir=%s/lower,upperdir=%s/upper,workdir=%s/work' % (top, top, top), top + '/merged'])
        try: return before + in_child(block[cut + 1:], top + '/merged/w')
        finally: subprocess.check_call(['umount', top + '/merged'])
    finally: shutil.rmtree(top)

def variants(text):
    """'A {tmpfs} | B {ext4, overlay}' as {kind: result}; a plain result is that of every kind."""
    if text is None or not re.search(r' \{[\w, ]+\}( \||$)', text): return {} if text is None else {'*': text}
    return {kind: m[1] for m in re.finditer(r'(.+?) \{([\w, ]+)\}(?: \| |$)', text) for kind in re.split(', *', m[2])}

def joined(results):
    groups = {}
    for kind, result in results.items(): groups.setdefault(result, []).append(kind)
    return next(iter(groups)) if len(groups) == 1 else ' | '.join('%s {%s}' % (result, ', '.join(kinds)) for result, kinds in groups.items())

def main():
    args, check, places = sys.argv[1:], False, {}
    while args and args[0].startswith('--'):
        option = args.pop(0)
        if option == '--check': check = True
        else: kind, where = args.pop(0).split('='); places[kind] = where
    places = places or {'tmpfs': '/dev/shm'}
    bad = 0
    for path in args:
        blocks, current = [], None
        for line in open(path).read().splitlines():
            if line.startswith('# '): current = [line]; blocks.append(current)
            elif line and current is not None: current.append(line)
        out = []
        for block in blocks:
            got = {kind: results_on(kind, where, block[1:]) for kind, where in places.items()}
            out.append(block[0])
            for i, line in enumerate(block[1:]):
                results = {kind: lines[i] for kind, lines in got.items()}
                if None in results.values(): out.append(line); continue
                known = variants(LINE.match(line)[4])
                for kind, result in results.items():
                    if check and result != known.get(kind, known.get('*')): print('%s: %s: on %s: %s' % (path, line, kind, result)); bad += 1
                ours = {'wherry': known['wherry']} if 'wherry' in known else {}
                out.append('%s = %s' % (re.sub(r' = .*$', '', line) if ' = ' in line else line, joined({**results, **ours})))
            out.append('')
        if not check: open(path, 'w').write('\n'.join(out))
    sys.exit(1 if bad else 0)

main()

#!/usr/bin/env python3
# Runs the system calls listed in test/linux/syscalls.txt on the Linux of this machine and writes their results back. Needs root (some blocks drop to another user). Usage: tools/record-syscalls.py FILE
#
# A block starts with "# title" and runs in a process of its own, in an empty directory of mode 0777 on a tmpfs, with /dev/null as 0, 1, 2. "as UID" drops to that user.
# A line is: name(arg, ...) = result ["bytes that came"]; arguments are numbers, constants joined by |, "strings", buf (a buffer), bad (a bad pointer),
# off(N) (a pointer to a 64-bit number), iov(N, ...) (vectors of those lengths into buf), lock(type, whence, start, len), times(s, ns, s, ns).
import ctypes, errno, os, re, struct, sys, tempfile, shutil

numbers = {}
for line in open('/usr/include/x86_64-linux-gnu/asm/unistd_64.h'):
    m = re.match(r'#define __NR_(\w+) (\d+)', line)
    if m: numbers[m[1]] = int(m[2])
constants = {}
for line in open(os.path.join(os.path.dirname(sys.argv[1]), 'syscalls.constants')):
    name, value = line.split(); constants[name] = int(value, 0)

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
shows = {'read', 'pread64', 'readlink', 'readlinkat', 'readv', 'preadv', 'getcwd', 'getxattr', 'listxattr', 'fgetxattr'}
stats = {'stat', 'lstat', 'fstat', 'newfstatat'}

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

def run(block):
    buf = ctypes.create_string_buffer(65536)
    keep, results = [], []
    def hold(data):
        b = ctypes.create_string_buffer(data, len(data) + 1); keep.append(b); return ctypes.addressof(b)
    def argument(text):
        if text == 'buf': return ctypes.addressof(buf)
        if text == 'bad': return 0x10
        if text.startswith('"'):
            m = re.match(r'^(".*")\*(\d+)$', text)
            return hold(unquote(m[1]) * int(m[2]) if m else unquote(text))
        m = re.match(r'^(off|iov|lock|times)\((.*)\)$', text)
        if not m: return number(text)
        values = [number(v) for v in split(m[2])]
        if m[1] == 'off': return hold(struct.pack('<q', *values))
        if m[1] == 'lock': return hold(struct.pack('<hhxxxxqqi4x', *values, 0))
        if m[1] == 'times': return hold(struct.pack('<4q', *values))
        at, data = ctypes.addressof(buf), b''
        for v in values: data += struct.pack('<QQ', at, v); at += v
        return hold(data)
    for line in block:
        if line.startswith('as '):
            os.setgroups([]); os.setresgid(int(line[3:]), int(line[3:]), int(line[3:])); os.setresuid(int(line[3:]), int(line[3:]), int(line[3:])); results.append(line); continue
        call = re.match(r'^(\w+)\((.*?)\)( = .*)?$', line)
        name, args = call[1], [ctypes.c_long(argument(a)) for a in split(call[2])]
        ctypes.set_errno(0)
        r = libc.syscall(ctypes.c_long(numbers[name]), *args)
        text = errno.errorcode[ctypes.get_errno()].replace('ENOTSUP', 'EOPNOTSUPP') if r == -1 else str(r)
        if name in shows and r > 0: text += ' ' + quote(buf.raw[:r])
        if name in stats and r == 0:
            mode, uid, gid = struct.unpack_from('<III', buf.raw, 24); nlink, = struct.unpack_from('<Q', buf.raw, 16); size, = struct.unpack_from('<q', buf.raw, 48)
            text += ' mode=0%o nlink=%d uid=%d gid=%d' % (mode, nlink, uid, gid) + (' size=%d' % size if mode & 0o170000 == 0o100000 else '')
        results.append('%s(%s) = %s' % (name, call[2], text))
    return results

blocks, current = [], None
for line in open(sys.argv[1]).read().splitlines():
    if line.startswith('# '): current = [line]; blocks.append(current)
    elif line and current is not None: current.append(line)
out = []
for block in blocks:
    here = tempfile.mkdtemp(dir='/dev/shm'); os.chmod(here, 0o777)
    r, w = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(r); os.dup2(w, 200); os.chdir(here); os.umask(0o022)
        null = os.open('/dev/null', os.O_RDWR)
        for fd in (0, 1, 2): os.dup2(null, fd)
        os.closerange(3, 200); os.closerange(201, 1000)
        try: text = '\n'.join(run(block[1:]))
        except Exception as e: text = 'FAILED %r' % e
        os.write(200, text.encode()); os._exit(0)
    os.close(w); data = b''
    while True:
        part = os.read(r, 65536)
        if not part: break
        data += part
    os.waitpid(pid, 0); os.close(r); shutil.rmtree(here)
    if b'FAILED' in data: sys.exit(block[0] + ': ' + data.decode())
    out += [block[0], data.decode(), '']
open(sys.argv[1], 'w').write('\n'.join(out))

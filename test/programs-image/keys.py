# Starts a program on a pty of its own and drives it: `keys.py 'command' step...`; a step is `=text` (waits until what it writes has that), `@` (half a second), `!` (waits for the end) or keys.
import fcntl, os, pty, re, select, struct, sys, termios, time

command, steps = sys.argv[1], sys.argv[2:]
pid, fd = pty.fork()
if pid == 0:
    os.environ['TERM'] = 'xterm'
    os.execvp('sh', ['sh', '-c', command])
fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack('HHHH', 24, 80, 0, 0))
seen, taken = '', 0
def more(until):
    global seen
    ready, _, _ = select.select([fd], [], [], max(0, until - time.time()))
    if not ready: return False
    try: data = os.read(fd, 65536)
    except OSError: return False
    seen += data.decode('utf8', 'replace')
    return bool(data)
plain = lambda text: re.sub(r'\x1b(\[[0-9;?>]*[A-Za-z]|[()][0-9A-B]|[=>78]|\][^\x07]*\x07|P[^\x1b]*\x1b\\)', '', text)
for step in steps:
    until = time.time() + 20
    if step == '!':
        while more(until): pass
    elif step.startswith('='):
        while (at := plain(seen).find(step[1:], taken)) < 0:
            if not more(until): print('not seen:', step[1:], repr(plain(seen)[taken:][-1500:])); os.kill(pid, 9); sys.exit(1)
        taken = at + len(step) - 1
    elif step == '@':
        half = time.time() + 0.5
        while time.time() < half: more(half)
    else: os.write(fd, step.encode().decode('unicode_escape').encode('latin1'))
print('ended', os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))

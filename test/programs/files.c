// Files that make tasks wait: pipes, FIFOs, sockets, event files, poll and epoll, record locks, and a terminal with job control.
#include "tiny.h"
#include <asm/fcntl.h>
#include <asm/termbits.h>
#include <asm/ioctls.h>
#include <linux/eventpoll.h>
#include <asm/poll.h>
#define CWD -100

static int fds[2];
static char buf[200000];
static volatile int count, last;
static void note(int signal, siginfo_t *info, void *context) { count++; last = signal; (void)info; (void)context; }
/** Waits until a process sleeps in a call: the state in /proc/PID/stat is S. */
static void asleep(word pid) {
  char path[32] = "/proc/", digits[12], text[200];
  int n = 6, d = 0;
  for (word left = pid; left; left /= 10) digits[d++] = '0' + left % 10;
  while (d) path[n++] = digits[--d];
  memcpy(path + n, "/stat", 6);
  for (;;) {
    word fd = S3(open, path, O_RDONLY, 0), got = S3(read, fd, text, 199);
    S1(close, fd);
    int i = 0;
    while (i < got && text[i] != ')') i++;
    if (i < got && text[i + 2] == 'S') return;
    nap(5);
  }
}

static int steps[2];
static void step(void) { S3(write, steps[1], "s", 1); }
static void await_step(void) { char c; S3(read, steps[0], &c, 1); }
static word ended(word pid) { int status = 0; await(pid, &status); return status; }

static void pipes(void) {
  S2(pipe2, fds, 0);
  word parent = self(), child = fork();
  if (child == 0) { S1(close, fds[0]); asleep(parent); say("child writes %d\n", S3(write, fds[1], buf, 150000)); quit(0); }
  S1(close, fds[1]);
  word total = 0, got;
  while ((got = S3(read, fds[0], buf, 4096)) > 0) total += got;
  say("read %d then %d, child %x\n", total, got, ended(child));
  S1(close, fds[0]);
  S2(pipe2, fds, 0);
  child = fork();
  if (child == 0) { S1(close, fds[0]); quit(S3(write, fds[1], "x", 1) == -EPIPE); }
  S1(close, fds[0]); S1(close, fds[1]);
  ended(child);
  S2(pipe2, fds, 0);
  child = fork();
  if (child == 0) { S1(close, fds[0]); asleep(parent); S3(write, fds[1], "x", 1); quit(0); }
  S1(close, fds[0]); S1(close, fds[1]);
  say("no reader: %x\n", ended(child));
  handle(SIGPIPE, note, SA_SIGINFO, 0);
  S2(pipe2, fds, 0);
  S1(close, fds[0]);
  count = 0;
  say("EPIPE %d", S3(write, fds[1], "x", 1));
  say(" signals %d\n", (word)count);
  S1(close, fds[1]);
}

static void blocked_writer(void) {
  S2(pipe2, fds, 0);
  word child = fork();
  if (child == 0) {
    S1(close, fds[0]);
    handle(SIGUSR1, note, SA_SIGINFO, 0);
    say("interrupted write %d", S3(write, fds[1], buf, 100000));
    say(" signals %d\n", (word)count);
    quit(0);
  }
  for (int waiting = 0; waiting < 65536; nap(5)) S3(ioctl, fds[0], FIONREAD, &waiting);
  asleep(child);
  S2(kill, child, SIGUSR1);
  S1(close, fds[1]);
  word total = 0, got;
  while ((got = S3(read, fds[0], buf, sizeof buf)) > 0) total += got;
  say("arrived %d\n", total);
  ended(child);
  S1(close, fds[0]);
}

static void interrupted_read(unsigned long flags) {
  S2(pipe2, fds, 0);
  handle(SIGUSR1, note, SA_SIGINFO | flags, 0);
  count = 0;
  word parent = self(), child = fork();
  if (child == 0) { asleep(parent); S2(kill, parent, SIGUSR1); nap(40); S3(write, fds[1], "late", 4); quit(0); }
  say("read %d", S3(read, fds[0], buf, 10));
  say(" signals %d\n", (word)count);
  ended(child);
  S1(close, fds[0]); S1(close, fds[1]);
}

static void fifos(void) {
  S1(unlink, "/tmp/fifo-test");
  S3(mknod, "/tmp/fifo-test", 0010644, 0);
  word parent = self(), child = fork();
  if (child == 0) { asleep(parent); word fd = S3(open, "/tmp/fifo-test", O_WRONLY, 0); S3(write, fd, "through", 7); quit(0); }
  word fd = S3(open, "/tmp/fifo-test", O_RDONLY, 0);
  word got = S3(read, fd, buf, 100);
  say("fifo %d then %d\n", got, S3(read, fd, buf, 100));
  ended(child);
  S1(close, fd);
  S1(unlink, "/tmp/fifo-test");
}

static void polls(void) {
  S2(pipe2, fds, 0);
  struct pollfd p[2] = { { fds[0], POLLIN, 0 }, { fds[1], POLLOUT, 0 } };
  say("writable %d %x\n", S3(poll, p, 2, 0), (word)p[1].revents);
  say("timeout %d\n", S3(poll, p, 1, 20));
  word parent = self(), child = fork();
  if (child == 0) { asleep(parent); S3(write, fds[1], "a", 1); quit(0); }
  say("readable %d %x\n", S3(poll, p, 1, -1), (word)p[0].revents);
  ended(child);
  S3(read, fds[0], buf, 1);
  S1(close, fds[1]);
  say("hung up %d %x\n", S3(poll, p, 1, -1), (word)p[0].revents);
  S1(close, fds[0]);
  say("not open %d %x\n", S3(poll, p, 1, -1), (word)p[0].revents);
}

static void epolls(void) {
  word set = S1(epoll_create1, 0);
  S2(pipe2, fds, 0);
  struct epoll_event e = { EPOLLIN | EPOLLET, 7 }, out[4];
  S4(epoll_ctl, set, EPOLL_CTL_ADD, fds[0], &e);
  word parent = self(), child = fork();
  if (child == 0) { for (int i = 0; i < 2; i++) { asleep(parent); S3(write, fds[1], "ab", 2); } quit(0); }
  say("edge %d", S4(epoll_wait, set, out, 4, -1));
  say(" data %d, again %d", (word)out[0].data, S4(epoll_wait, set, out, 4, 0));
  say(", next %d", S4(epoll_wait, set, out, 4, -1));
  ended(child);
  say(", bytes %d\n", S3(read, fds[0], buf, 10));
  S1(close, fds[1]);
  say("hang-up %d %x\n", S4(epoll_wait, set, out, 4, -1), (word)out[0].events);
  S1(close, fds[0]);
  say("closed %d\n", S4(epoll_wait, set, out, 4, 0));
  S1(close, set);
}

static void events(void) {
  word fd = S2(eventfd2, 0, 0);
  unsigned long value = 5;
  word parent = self(), child = fork();
  if (child == 0) { S3(write, fd, &value, 8); S3(write, fd, &value, 8); quit(0); }
  unsigned long got = 0;
  ended(child);
  S3(read, fd, &got, 8);
  say("eventfd %d\n", got);
  S1(close, fd);
  fd = S2(timerfd_create, 1, 0);
  long setting[4] = { 0, 10000000, 0, 20000000 };
  S4(timerfd_settime, fd, 0, setting, 0);
  word size = S3(read, fd, &got, 8);
  say("timerfd %d %d\n", size, (word)(got >= 1));
  S1(close, fd);
  unsigned long mask = BIT(SIGUSR2), old;
  S4(rt_sigprocmask, SIG_BLOCK, &mask, &old, 8);
  fd = S4(signalfd4, -1, &mask, 8, 0);
  child = fork();
  if (child == 0) { asleep(parent); S2(kill, parent, SIGUSR2); quit(0); }
  size = S3(read, fd, buf, 200);
  say("signalfd %d signal %d from child %d\n", size, *(int *)buf, (word)(*(int *)(buf + 12) == child));
  ended(child);
  S4(rt_sigprocmask, SIG_SETMASK, &old, 0, 8);
  S1(close, fd);
}

struct lock { short type, whence; long start, length; int pid; };
static void locks(void) {
  word fd = S3(open, "/tmp/lock-test", O_RDWR | O_CREAT, 0600);
  struct lock all = { F_WRLCK, 0, 0, 10, 0 }, probe;
  say("lock %d\n", S3(fcntl, fd, F_SETLK, &all));
  word parent = self(), child = fork();
  if (child == 0) {
    word mine = S3(open, "/tmp/lock-test", O_RDWR, 0);
    probe = all; probe.start = 5; probe.length = 100;
    S3(fcntl, mine, F_GETLK, &probe);
    say("held %d %d %d %d by parent %d\n", (word)probe.type, probe.start, probe.length, (word)probe.whence, (word)(probe.pid == parent));
    probe = all;
    say("no wait %d\n", S3(fcntl, mine, F_SETLK, &probe));
    step();
    say("wait %d\n", S3(fcntl, mine, F_SETLKW, &probe));
    quit(0);
  }
  await_step();
  asleep(child);
  say("parent unlocks\n");
  all.type = F_UNLCK;
  S3(fcntl, fd, F_SETLK, &all);
  ended(child);
  say("flock %d\n", S2(flock, fd, 2));
  child = fork();
  if (child == 0) { word mine = S3(open, "/tmp/lock-test", O_RDWR, 0); say("taken %d\n", S2(flock, mine, 2 | 4)); step(); say("later %d\n", S2(flock, mine, 2)); quit(0); }
  await_step();
  asleep(child);
  say("parent lets go\n");
  S2(flock, fd, 8);
  ended(child);
  S1(close, fd);
  S1(unlink, "/tmp/lock-test");
}

static void sockets(void) {
  S4(socketpair, 1, 1, 0, fds);
  word parent = self(), child = fork();
  if (child == 0) { S1(close, fds[0]); asleep(parent); S3(write, fds[1], "hello", 5); say("end %d\n", S3(read, fds[1], buf, 10)); quit(0); }
  S1(close, fds[1]);
  say("socket %d\n", S3(read, fds[0], buf, 10));
  S2(shutdown, fds[0], 1);
  ended(child);
  say("closed %d\n", S3(read, fds[0], buf, 10));
  S1(close, fds[0]);
}

static word read_all(word fd) {
  word total = 0, got;
  struct pollfd p = { fd, POLLIN, 0 };
  while (S3(poll, &p, 1, 100) > 0 && (got = S3(read, fd, buf + total, 1000)) > 0) total += got;
  buf[total] = 0;
  for (word i = 0; i < total; i++) if (buf[i] == '\r') buf[i] = '~';
  return total;
}

static void terminals(void) {
  word master = S3(open, "/dev/ptmx", O_RDWR | O_NOCTTY, 0);
  int number, unlock = 0;
  S3(ioctl, master, TIOCSPTLCK, &unlock);
  S3(ioctl, master, TIOCGPTN, &number);
  char path[] = "/dev/pts/00000";
  int n = 9;
  if (number >= 10) path[n++] = '0' + number / 10;
  path[n++] = '0' + number % 10; path[n] = 0;
  word shell = fork();
  if (shell == 0) {
    S1(close, master);
    say("setsid %d\n", (word)(S0(setsid) == self()));
    word tty = S3(open, path, O_RDWR, 0);
    int group = 0;
    say("controlling %d", S3(ioctl, tty, TIOCGPGRP, &group));
    say(" mine %d\n", (word)(group == self()));
    handle(SIGTTOU, IGNORE, 0, 0);
    word job = fork();
    if (job == 0) {
      S2(setpgid, 0, 0);
      handle(SIGTTOU, DEFAULT, 0, 0);
      word got = S3(read, tty, buf, 100);
      say("job read %d\n", got);
      step();
      for (;;) nap(10000);
      quit(0);
    }
    S2(setpgid, job, job);
    int status = 0;
    S4(wait4, job, &status, 2, 0);
    say("background read: %x\n", (word)status);
    group = job;
    say("foreground %d\n", S3(ioctl, tty, TIOCSPGRP, &group));
    S2(kill, job, SIGCONT);
    S4(wait4, job, &status, 2, 0);
    say("suspended: %x\n", (word)status);
    S2(kill, job, SIGCONT);
    step();
    S4(wait4, job, &status, 0, 0);
    say("interrupted: %x\n", (word)status);
    group = self();
    say("back %d\n", S3(ioctl, tty, TIOCSPGRP, &group));
    handle(SIGWINCH, note, SA_SIGINFO, 0);
    handle(SIGHUP, note, SA_SIGINFO, 0);
    count = 0;
    step();
    while (count == 0) nap(20);
    short size[4];
    S3(ioctl, tty, TIOCGWINSZ, size);
    say("window signal %d, %d rows\n", (word)last, (word)size[0]);
    S3(write, tty, "bye\n", 4);
    step();
    while (last != SIGHUP) nap(20);
    say("hung up: read %d", S3(read, tty, buf, 10));
    say(" write %d\n", S3(write, tty, "x", 1));
    quit(0);
  }
  S3(write, master, "typed\n", 6);
  await_step();
  S3(write, master, "\032", 1);
  await_step();
  S3(write, master, "\003", 1);
  await_step();
  short size[4] = { 33, 99, 0, 0 };
  S3(ioctl, master, TIOCSWINSZ, size);
  await_step();
  read_all(master);
  say("screen: %s", (word)buf);
  S1(close, master);
  say("shell %x\n", ended(shell));
}

static void test(void) {
  S2(pipe2, steps, 0);
  pipes();
  blocked_writer();
  interrupted_read(0);
  interrupted_read(SA_RESTART);
  fifos();
  polls();
  epolls();
  events();
  locks();
  sockets();
  terminals();
}

// Other processes: descriptors of them, their memory, comparing them; asynchronous requests; waiting on several futexes; contexts that are given up.
#include "tiny.h"
#include <linux/aio_abi.h>
#define PAGE 4096
#define POLLIN 1
struct pollfd { int fd; short events, revents; };

static word poll1(word fd, int ms) {
  struct pollfd p = { fd, POLLIN, 0 };
  word n = S3(poll, &p, 1, ms);
  return n < 0 ? n : n * 1000 + p.revents;
}

static void descriptors(void) {
  say("pidfd_open: nobody %d, zero %d, flags %d\n", S2(pidfd_open, 32000, 0), S2(pidfd_open, 0, 0), S2(pidfd_open, self(), 1));
  int pipes[2];
  S2(pipe, pipes, 0);
  word child = fork();
  if (child == 0) {
    char c;
    S3(read, pipes[0], &c, 1);
    quit(c);
  }
  word fd = S2(pidfd_open, child, 0);
  say("cloexec %d, running %d, read %d, signal 0 %d, bad signal %d, not a pidfd %d\n", S2(fcntl, fd, 1), poll1(fd, 0), S3(read, fd, pipes, 4), S4(pidfd_send_signal, fd, 0, 0, 0), S4(pidfd_send_signal, fd, 65, 0, 0), S4(pidfd_send_signal, 1, 0, 0, 0));
  word theirs = S3(pidfd_getfd, fd, pipes[1], 0);
  say("its descriptor %d, same file %d %d, none %d\n", (word)(theirs > fd), S5(kcmp, self(), self(), 0, theirs, pipes[1]), (word)(S5(kcmp, self(), child, 0, fd, theirs) > 0), S3(pidfd_getfd, fd, 99, 0));
  S3(write, theirs, "*", 1);
  siginfo_t info;
  memset(&info, 0, sizeof info);
  say("ended %d", poll1(fd, 5000));
  say(", waited %d %d %d", S5(waitid, 3, fd, &info, WEXITED, 0), (word)(info.si_pid == child), (word)info.si_status);
  say(", gone %d\n", S4(pidfd_send_signal, fd, 0, 0, 0));
  int made = -1;
  child = S5(clone, CLONE_PIDFD | SIGCHLD, 0, &made, 0, 0);
  if (child == 0) for (;;) nap(1000);
  say("clone gave one %d, killed through it %d", (word)(made > 0), S4(pidfd_send_signal, made, SIGKILL, 0, 0));
  S5(waitid, 3, made, &info, WEXITED, 0);
  say(", by %d\n", (word)info.si_status);
}

struct iovec { void *base; unsigned long length; };

static void memory(void) {
  static char text[3 * PAGE] = "parent";
  volatile int *ready = (int *)S6(mmap, 0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  word child = fork();
  if (child == 0) {
    memcpy(text, "child!", 7);
    text[PAGE * 2] = 'e';
    *ready = 1;
    while (*ready == 1) nap(1);
    say("child sees %s %c\n", (word)text, (word)text[PAGE + 1]);
    quit(0);
  }
  while (*ready == 0) nap(1);
  char got[16] = "";
  static char large[2 * PAGE];
  struct iovec local[2] = { { got, 3 }, { got + 8, 4 } }, remote = { text, 7 }, bad = { (void *)64, 8 }, many = { text + 10, 2 * PAGE }, one = { large, 2 * PAGE };
  say("read %d", S6(process_vm_readv, child, local, 2, &remote, 1, 0));
  say(" %s %s, across pages %d %c\n", (word)got, (word)(got + 8), S6(process_vm_readv, child, &one, 1, &many, 1, 0), (word)large[2 * PAGE - 10]);
  struct iovec parts[2] = { remote, bad };
  say("bad address %d, after a part %d, flags %d, nobody %d\n", S6(process_vm_readv, child, local, 2, &bad, 1, 0), S6(process_vm_readv, child, &one, 1, parts, 2, 0), S6(process_vm_readv, child, local, 2, &remote, 1, 1),
      S6(process_vm_readv, 32000, local, 2, &remote, 1, 0));
  struct iovec from = { "WRITE", 5 }, other = { text + PAGE, 5 };
  say("write %d %d\n", S6(process_vm_writev, child, &from, 1, &remote, 1, 0), S6(process_vm_writev, child, &from, 1, &other, 1, 0));
  say("same space %d, same context %d\n", (word)(S5(kcmp, self(), child, 1, 0, 0) > 0), S5(kcmp, self(), self(), 3, 0, 0));
  *ready = 2;
  await(child, 0);
}

static void requests(void) {
  unsigned long id = 0;
  say("setup %d", S2(io_setup, 8, &id));
  say(" again %d, none %d\n", S2(io_setup, 8, &id), S2(io_setup, 0, &(unsigned long){ 0 }));
  word fd = S3(open, "/tmp/wherry-aio", 0102, 0600);
  char text[32] = "";
  struct iocb w = { .aio_data = 1, .aio_lio_opcode = IOCB_CMD_PWRITE, .aio_fildes = fd, .aio_buf = (unsigned long)"hello", .aio_nbytes = 5, .aio_offset = 3 };
  struct iocb r = { .aio_data = 2, .aio_lio_opcode = IOCB_CMD_PREAD, .aio_fildes = fd, .aio_buf = (unsigned long)text, .aio_nbytes = 16, .aio_offset = 4 };
  struct iocb wrong = { .aio_lio_opcode = 77, .aio_fildes = fd }, closed = { .aio_lio_opcode = IOCB_CMD_PREAD, .aio_fildes = 99, .aio_buf = (unsigned long)text, .aio_nbytes = 1 };
  struct iocb *list[3] = { &w, &r, &wrong }, *bad[1] = { &wrong }, *none[1] = { &closed };
  struct io_event events[4];
  say("submit %d", S3(io_submit, id, 1, list));
  say(" got %d", S5(io_getevents, id, 1, 4, events, 0));
  say(" data %d result %d, two of three %d", (word)events[0].data, (word)events[0].res, S3(io_submit, id, 2, list + 1));
  say(" got %d", S5(io_getevents, id, 1, 4, events, 0));
  say(" data %d result %d %s\n", (word)events[0].data, (word)events[0].res, (word)text);
  struct time { long s, ns; } soon = { 0, 1000000 };
  say("wrong %d, closed %d, none left %d, bad counts %d\n", S3(io_submit, id, 1, bad), S3(io_submit, id, 1, none), S5(io_getevents, id, 1, 4, events, &soon), S5(io_getevents, id, 5, 4, events, 0));
  say("destroy %d %d\n", S1(io_destroy, id), S1(io_destroy, id));
  S1(unlink, "/tmp/wherry-aio");
}

static void futexes(void) {
  struct waitv { unsigned long value, address; unsigned flags, reserved; };
  volatile unsigned *words = (unsigned *)S6(mmap, 0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  words[1] = 5;
  struct waitv list[2] = { { 0, (unsigned long)words, 2, 0 }, { 5, (unsigned long)(words + 1), 2, 0 } }, changed = { 1, (unsigned long)words, 2, 0 }, bad = { 0, (unsigned long)words, 0, 0 };
  say("waitv: changed %d, bad %d, none %d\n", S5(futex_waitv, &changed, 1, 0, 0, 1), S5(futex_waitv, &bad, 1, 0, 0, 1), S5(futex_waitv, list, 0, 0, 0, 1));
  word child = fork();
  if (child == 0) quit(10 + S5(futex_waitv, list, 2, 0, 0, 1));
  while (S6(futex, words + 1, FUTEX_WAKE, 1, 0, 0, 0) == 0) nap(1);
  int status = 0;
  await(child, &status);
  say("second woken: %x\n", (word)status);
  struct { long s, ns; } past = { 1, 0 };
  say("late %d\n", S5(futex_waitv, list, 2, 0, &past, 1));
}

static void others(void) {
  say("unshare nothing %d, descriptors %d, context %d, unknown %d\n", S1(unshare, 0), S1(unshare, CLONE_FILES), S1(unshare, CLONE_FS), S1(unshare, 0x1000000));
  unsigned char timex[208] = { 1 };
  say("sysfs: %d, first %d, none %d\n", (word)(S1(sysfs, 3) > 3), S3(sysfs, 1, "nonsense", 0), S3(sysfs, 9, 0, 0));
  say("pkey with a key %d, free %d\n", S4(pkey_mprotect, timex, 0, 0, 17), S1(pkey_free, 20));
}

static void test(void) { descriptors(); memory(); requests(); futexes(); others(); }

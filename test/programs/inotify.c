// inotify: which events every call gives, in which order, with which names; watches that change, end and are removed; coalescing, queues, polling.
#include "tiny.h"
#include <linux/inotify.h>
#define AT_FDCWD -100
#define AT_REMOVEDIR 0x200
#define DIR "/tmp/wherry-inotify"

static const char *const names[] = { "ACCESS", "MODIFY", "ATTRIB", "CLOSE_WRITE", "CLOSE_NOWRITE", "OPEN", "MOVED_FROM", "MOVED_TO", "CREATE", "DELETE", "DELETE_SELF", "MOVE_SELF", 0, "UNMOUNT", "Q_OVERFLOW", "IGNORED" };
static word queue;
static unsigned last_cookie;

static void show(const char *what) {
  static char bytes[8192] __attribute__((aligned(8)));
  word n = S3(read, queue, bytes, sizeof bytes);
  say("%s:", (word)what);
  if (n < 0) say(" %d", n);
  for (word at = 0; at < n;) {
    struct inotify_event *e = (struct inotify_event *)(bytes + at);
    say(" [%d", (word)e->wd);
    for (int i = 0; i < 16; i++) if (e->mask >> i & 1) say(" %s", (word)names[i]);
    if (e->mask & IN_ISDIR) say(" DIR");
    if (e->len) say(" %s+%d", (word)e->name, (word)e->len);
    if (e->cookie) { say(" %s", (word)(e->cookie == last_cookie ? "same" : "cookie")); last_cookie = e->cookie; }
    say("]");
    at += sizeof *e + e->len;
  }
  say("\n");
}

static word open_(const char *path, int flags) { return S3(open, path, flags, 0644); }

static void files(void) {
  word fd = open_(DIR "/a", O_RDWR | O_CREAT);
  show("create");
  S3(write, fd, "hello", 5);
  S3(write, fd, "more", 4);
  show("two writes");
  S4(pread64, fd, names, 0, 0);
  char c[4];
  S4(pread64, fd, c, 4, 0);
  show("read");
  S2(ftruncate, fd, 3);
  show("ftruncate");
  S1(close, fd);
  show("close");
  fd = open_(DIR "/a", O_WRONLY | O_TRUNC);
  S1(close, fd);
  show("truncating open");
  S1(close, open_(DIR "/a", 0));
  show("reading open");
  S2(truncate, DIR "/a", 10);
  show("truncate");
  S2(chmod, DIR "/a", 0600);
  show("chmod");
  S3(chown, DIR "/a", 0, 0);
  show("chown");
  struct { word s, ns; } times[2] = { { 5, 0 }, { 6, 0 } }, only[2] = { { 5, 0 }, { 0, 0x3ffffffe } }, other[2] = { { 0, 0x3ffffffe }, { 7, 0 } };
  S4(utimensat, AT_FDCWD, DIR "/a", times, 0);
  S4(utimensat, AT_FDCWD, DIR "/a", only, 0);
  S4(utimensat, AT_FDCWD, DIR "/a", other, 0);
  show("times");
  S5(setxattr, DIR "/a", "user.x", "1", 1, 0);
  S2(removexattr, DIR "/a", "user.x");
  show("xattrs");
  S2(link, DIR "/a", DIR "/b");
  show("link");
  S2(symlink, "a", DIR "/l");
  S3(mknod, DIR "/p", 010644, 0);
  show("symlink, fifo");
  S2(mkdir, DIR "/d", 0755);
  S1(close, open_(DIR "/d", O_DIRECTORY));
  show("mkdir");
  S2(rename, DIR "/b", DIR "/c");
  show("rename");
  S2(rename, DIR "/c", DIR "/d/c");
  show("rename out");
  S2(rename, DIR "/d/c", DIR "/l");
  show("rename in, over a link");
  S1(unlink, DIR "/l");
  S1(unlink, DIR "/p");
  show("unlink");
  S1(rmdir, DIR "/d");
  show("rmdir");
  S1(close, open_(DIR "/none", 0));
  show("nothing there");
  word odd = open_(DIR "/a", 0);
  S1(unlink, DIR "/a");
  show("unlink while open");
  S1(close, odd);
  show("close of the unlinked");
}

static void selves(void) {
  word fd = open_(DIR "/f", O_RDWR | O_CREAT);
  show("made");
  word wd = S3(inotify_add_watch, queue, DIR "/f", IN_ALL_EVENTS);
  say("watch of a file %d, again %d\n", wd, S3(inotify_add_watch, queue, DIR "/f", IN_ALL_EVENTS));
  S3(write, fd, "x", 1);
  show("both");
  S2(rename, DIR "/f", DIR "/g");
  show("moved");
  S1(close, fd);
  S1(unlink, DIR "/g");
  show("last name gone");
  say("its watch %d\n", S2(inotify_rm_watch, queue, wd));
  S2(mkdir, DIR "/sub", 0755);
  wd = S3(inotify_add_watch, queue, DIR "/sub", IN_ALL_EVENTS | IN_ONLYDIR);
  S1(close, open_(DIR "/sub/x", O_RDWR | O_CREAT));
  S1(unlink, DIR "/sub/x");
  show("below a directory");
  S2(rename, DIR "/sub", DIR "/sub2");
  show("directory moved");
  S1(rmdir, DIR "/sub2");
  show("directory gone");
}

static void masks(void) {
  S1(close, open_(DIR "/m", O_RDWR | O_CREAT));
  show("made");
  say("errors: no mask %d, not a directory %d, none there %d, not inotify %d, bad descriptor %d, bad watch %d, flags %d\n", S3(inotify_add_watch, queue, DIR "/m", 0), S3(inotify_add_watch, queue, DIR "/m", IN_ACCESS | IN_ONLYDIR),
      S3(inotify_add_watch, queue, DIR "/none", IN_ACCESS), S3(inotify_add_watch, 1, DIR, IN_ACCESS), S3(inotify_add_watch, 99, DIR, IN_ACCESS), S2(inotify_rm_watch, queue, 77), S1(inotify_init1, 1));
  word wd = S3(inotify_add_watch, queue, DIR "/m", IN_OPEN);
  say("exclusive watch %d", S3(inotify_add_watch, queue, DIR "/m", IN_OPEN | 0x10000000));
  say(" both ways %d", S3(inotify_add_watch, queue, DIR "/m", IN_OPEN | IN_MASK_ADD | 0x10000000));
  say(" added %d\n", (word)(S3(inotify_add_watch, queue, DIR "/m", IN_ATTRIB | IN_MASK_ADD) == wd));
  S2(inotify_rm_watch, queue, 1);
  show("parent's watch removed");
  S1(close, open_(DIR "/m", 0));
  S2(chmod, DIR "/m", 0644);
  show("only what was asked for");
  S3(inotify_add_watch, queue, DIR "/m", IN_CLOSE | IN_ONESHOT);
  S1(close, open_(DIR "/m", 0));
  S1(close, open_(DIR "/m", 0));
  show("one shot");
  wd = S3(inotify_add_watch, queue, DIR, IN_CREATE | IN_DELETE);
  S1(close, open_(DIR "/long-name-with-more-than-sixteen", O_CREAT | O_WRONLY));
  S1(close, open_(DIR "/n", O_CREAT | O_WRONLY));
  int pending = 0;
  S3(ioctl, queue, 0x541b, &pending);
  char small[20];
  say("pending %d, buffer too small %d", (word)pending, S3(read, queue, small, sizeof small));
  struct { int fd; short events, revents; } p = { queue, 1, 0 };
  say(", poll %d %d", S3(poll, &p, 1, 0), (word)p.revents);
  static char bytes[70] __attribute__((aligned(8)));
  say(", whole events only %d", S3(read, queue, bytes, 70));
  say(", then %d, then %d, poll %d\n", S3(read, queue, bytes, 70), S3(read, queue, bytes, 70), S3(poll, &p, 1, 0));
  S1(unlink, DIR "/long-name-with-more-than-sixteen");
  S1(unlink, DIR "/n");
  S1(unlink, DIR "/m");
  S1(rmdir, DIR);
  show("the end");
}

static void test(void) {
  S2(mkdir, DIR, 0755);
  queue = S1(inotify_init1, IN_NONBLOCK | IN_CLOEXEC);
  say("watch %d\n", S3(inotify_add_watch, queue, DIR, IN_ALL_EVENTS));
  show("nothing");
  files();
  selves();
  masks();
}

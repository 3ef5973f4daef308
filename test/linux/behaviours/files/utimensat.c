// utimensat sets times, leaves them, or takes now.
#include "behaviour.h"

void behaviour(void) {
  struct stat s;
  struct timespec t[2] = { { 100, 1 }, { 200, 999999999 } };
  put("f", "");
  show(utimensat(AT_FDCWD, "f", t, 0));
  t[0].tv_nsec = UTIME_OMIT; t[1].tv_sec = 300; t[1].tv_nsec = 5;
  show(utimensat(AT_FDCWD, "f", t, 0));
  stat("f", &s);
  say("%ld.%ld %ld.%ld\n", (long)s.st_atim.tv_sec, s.st_atim.tv_nsec, (long)s.st_mtim.tv_sec, s.st_mtim.tv_nsec);
  t[1].tv_nsec = UTIME_NOW;
  utimensat(AT_FDCWD, "f", t, 0);
  stat("f", &s);
  say("now %d\n", labs(time(0) - s.st_mtim.tv_sec) < 5);
  t[1].tv_nsec = 1000000000;
  show(utimensat(AT_FDCWD, "f", t, 0));
  show(futimens(99, 0));
}

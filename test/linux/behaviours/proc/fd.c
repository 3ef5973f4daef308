// /proc/self/fd has a link for each descriptor; following it opens the file.
#include "behaviour.h"

void behaviour(void) {
  char text[99] = "";
  int fd = file("abc"), p[2];
  pipe(p);
  unlink("file");
  readlink("/proc/self/fd/3", text, 98);
  say("%s\n", strrchr(text, '/'));
  int again = open("/proc/self/fd/3", O_RDONLY);
  memset(text, 0, 99);
  read(again, text, 9);
  say("%s\n", text);
  memset(text, 0, 99);
  readlink("/proc/self/fd/4", text, 98);
  say("%.6s\n", text);
  show(readlink("/proc/self/fd/77", text, 98));
}

// coredump_filter takes decimal, octal and hexadecimal numbers, keeps the bits it knows, and goes to children.
#include "behaviour.h"

static void set(const char *text) {
  int f = open("/proc/self/coredump_filter", O_WRONLY);
  show(f >= 0);
  say("%s", text);
  show(write(f, text, strlen(text)) == (long)strlen(text));
  close(f);
  cat("/proc/self/coredump_filter");
}

void behaviour(void) {
  cat("/proc/self/coredump_filter");
  set("0x00\n");
  set("0x7f\n");
  set("010\n");
  set("99999\n");
  reap(child(cat("/proc/self/coredump_filter")));
  set("none\n");
}

// /dev/null, zero, full and random do what they are for.
#include "behaviour.h"

void behaviour(void) {
  char text[4] = "abc";
  int null = open("/dev/null", O_RDWR), zero = open("/dev/zero", O_RDWR), full = open("/dev/full", O_RDWR), random = open("/dev/urandom", O_RDONLY);
  show(read(null, text, 3));
  show(write(null, text, 3));
  show(read(zero, text, 3));
  show(text[0]);
  show(read(full, text, 3));
  show(write(full, text, 3));
  show(read(random, text, 3));
  show(lseek(null, 5, SEEK_SET));
}

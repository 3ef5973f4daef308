// A fifo's open waits for the other end; O_NONBLOCK does not.
#include "behaviour.h"

void behaviour(void) {
  mkfifo("p", 0600);
  int in = open("p", O_RDONLY | O_NONBLOCK);
  char c;
  show(read(in, &c, 1));
  int out = open("p", O_WRONLY | O_NONBLOCK);
  show(read(in, &c, 1));
  show(write(out, "x", 1));
  close(out);
  show(read(in, &c, 1));
  show(read(in, &c, 1));
  close(in);
  pid_t pid = child(int f = open("p", O_WRONLY); write(f, "hi", 2));
  until_asleep(pid);
  in = open("p", O_RDONLY);
  show(read(in, &c, 1));
  reap(pid);
}

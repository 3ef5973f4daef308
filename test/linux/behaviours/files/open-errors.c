// open has an error for every way not to open.
#include "behaviour.h"

void behaviour(void) {
  char name[300];
  memset(name, 'a', 299); name[299] = 0;
  mkdir("d", 0755); put("f", "x"); symlink("loop", "loop"); symlink("f", "link"); mkfifo("fifo", 0600);
  show(open("missing", O_RDONLY));
  show(open("d", O_WRONLY));
  show(open("d", O_CREAT | O_RDONLY, 0600));
  show(open("f/x", O_RDONLY));
  show(open("f/", O_RDONLY));
  show(open("loop", O_RDONLY));
  show(open("link", O_NOFOLLOW));
  show(open("f", O_CREAT | O_EXCL | O_WRONLY, 0600));
  show(open("link", O_CREAT | O_EXCL | O_WRONLY, 0600));
  show(open("f", O_DIRECTORY));
  show(open(name, O_RDONLY));
  show(open("", O_RDONLY));
  show(open("fifo", O_WRONLY | O_NONBLOCK));
  show(openat(99, "f", O_RDONLY));
  show(openat(open("f", O_RDONLY), "x", O_RDONLY));
}

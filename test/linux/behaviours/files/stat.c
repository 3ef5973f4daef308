// stat tells type, size, links and the parts of the mode.
#include "behaviour.h"

void behaviour(void) {
  struct stat s;
  put("f", "12345"); mkdir("d", 02755); mkdir("d/e", 0700); mkfifo("p", 0640);
  stat("f", &s); say("%o %d %d\n", s.st_mode, (int)s.st_size, (int)s.st_nlink);
  stat("d", &s); say("%o\n", s.st_mode);
  stat("p", &s); say("%o %d\n", s.st_mode, (int)s.st_size);
  stat("/dev/null", &s); say("%o %x\n", s.st_mode & S_IFMT, (int)s.st_rdev);
  show(fstatat(AT_FDCWD, "", &s, 0));
  show(fstatat(0, "", &s, AT_EMPTY_PATH));
  show(fstatat(AT_FDCWD, "f", &s, 0x10000000));
}

// getdents gives each entry once, with its type; a removed folder has none.
#include "behaviour.h"
#include <dirent.h>

void behaviour(void) {
  mkdir("d", 0755); mkdir("d/sub", 0755); put("d/f", ""); symlink("x", "d/l"); mkfifo("d/p", 0600);
  int files = 0, dots = 0;
  DIR *d = opendir("d");
  for (struct dirent *e; (e = readdir(d));) {
    if (e->d_name[0] == '.') dots++;
    else files += e->d_type == (e->d_name[0] == 's' ? DT_DIR : e->d_name[0] == 'f' ? DT_REG : e->d_name[0] == 'l' ? DT_LNK : DT_FIFO);
  }
  say("%d %d\n", dots, files);
  char room[100];
  int gone = (mkdir("gone", 0755), open("gone", O_RDONLY));
  rmdir("gone");
  show(syscall(SYS_getdents64, gone, room, 100));
  show(syscall(SYS_getdents64, open("d", O_RDONLY), room, 10));
  show(syscall(SYS_getdents64, 0, room, 100));
}

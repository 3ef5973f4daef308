// copy_file_range copies within and between files.
#include "behaviour.h"

void behaviour(void) {
  int a = file("0123456789"), b = open("b", O_CREAT | O_RDWR, 0600);
  off_t from = 2, to = 1;
  show(copy_file_range(a, &from, b, &to, 5, 0));
  say("%d %d\n", (int)from, (int)to);
  show(lseek(b, 0, SEEK_END));
  from = 9;
  show(copy_file_range(a, &from, b, 0, 100, 0));
  show(copy_file_range(a, &from, b, 0, 100, 0));
  from = 0; to = 2;
  show(copy_file_range(a, &from, a, &to, 5, 0));
  show(copy_file_range(a, &from, b, 0, 1, 1));
  show(copy_file_range(a, 0, open("b", O_RDONLY), 0, 1, 0));
}

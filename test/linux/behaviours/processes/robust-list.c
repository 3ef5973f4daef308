// get_robust_list gives what set_robust_list was told.
#include "behaviour.h"

void behaviour(void) {
  static struct { void *next; long offset; void *pending; } head;
  void *found;
  size_t size;
  show(syscall(SYS_set_robust_list, &head, 24));
  show(syscall(SYS_get_robust_list, 0, &found, &size));
  say("%d %d\n", found == &head, (int)size);
  show(syscall(SYS_set_robust_list, &head, 23));
  show(syscall(SYS_get_robust_list, 4000000, &found, &size));
}

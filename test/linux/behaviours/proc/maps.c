// maps shows mappings with their rights, files and joins.
#include "behaviour.h"

void behaviour(void) {
  char line[300], stack[5] = "";
  file("x");
  int fd = open("file", O_RDONLY);
  char *p = mmap(0, 16384, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  mprotect(p + 4096, 4096, PROT_READ | PROT_WRITE);
  mprotect(p + 8192, 4096, PROT_READ);
  mmap(p + 12288, 4096, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 0);
  FILE *f = fopen("/proc/self/maps", "r");
  while (fgets(line, 300, f)) {
    unsigned long from, to;
    char rights[5], name[200] = "";
    sscanf(line, "%lx-%lx %4s %*s %*s %*s %199[^\n]", &from, &to, rights, name);
    if (from > (long)p && to <= (long)p + 16384) say("%lx-%lx %s %s\n", from - (long)p, to - (long)p, rights, strrchr(name, '/') ? strrchr(name, '/') : name);
    if (!strcmp(name, "[stack]")) strcpy(stack, rights);
  }
  say("[stack] %s\n", stack);
}

// execve has an error for everything that is no program.
#include "behaviour.h"

void behaviour(void) {
  char *argv[] = { "x", 0 };
  put("text", "not a program\n");
  put("empty", "");
  put("script", "#!/missing/interpreter\n");
  put("elf", "\177ELF");
  mkdir("folder", 0755);
  show(execve("missing", argv, 0));
  show(execve("text", argv, 0));
  chmod("text", 0755); chmod("empty", 0755); chmod("script", 0755); chmod("elf", 0755);
  show(execve("text", argv, 0));
  show(execve("empty", argv, 0));
  show(execve("script", argv, 0));
  show(execve("elf", argv, 0));
  show(execve("folder", argv, 0));
  show(execve("text/more", argv, 0));
  show(execve("", argv, 0));
  show(execve((char *)1, argv, 0));
  show(execve(PROGRAM, (char **)1, 0));
}

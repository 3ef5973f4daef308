// readlink cuts, symlinks may dangle, and forty are too many.
#include "behaviour.h"

void behaviour(void) {
  char text[5] = "", a[9], b[9];
  show(symlink("far/away", "s"));
  show(readlink("s", text, 4));
  say("%s\n", text);
  show(readlink(".", text, 4));
  show(symlink("", "t"));
  put("l0", "end");
  for (int i = 1; i <= 41; i++) { snprintf(a, 9, "l%d", i - 1); snprintf(b, 9, "l%d", i); symlink(a, b); }
  show(access("l40", F_OK));
  show(access("l41", F_OK));
}

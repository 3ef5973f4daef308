// rename replaces files and empty folders, nothing else.
#include "behaviour.h"

void behaviour(void) {
  mkdir("d", 0755); mkdir("e", 0755); put("e/x", "x"); put("f", "f"); put("g", "g"); link("g", "h");
  show(rename("f", "g"));
  cat("g");
  say("\n");
  show(rename("g", "h"));
  show(rename("h", "h"));
  show(rename("h", "d"));
  show(rename("d", "h"));
  show(rename("d", "e"));
  show(rename("e", "d"));
  show(rename("d", "d/inside"));
  show(rename("missing", "x"));
  show(rename(".", "x"));
  show(access("d/x", F_OK));
}

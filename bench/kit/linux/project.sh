# Makes a small C project in the current folder: twelve files, a header and a Makefile.
echo 'all: prog' > Makefile
echo '#include <stdio.h>' > all.h
objects=
for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
  printf '#include "all.h"\n#include <stdlib.h>\n#include <string.h>\nint part%d(int n) { int sum = 0; for (int i = 0; i < n; i++) { if (i %% 3 == 0) sum += i * %d; else sum ^= i; } return sum; }\n' $i $i > part$i.c
  objects="$objects part$i.o"
  echo "int part$i(int);" >> all.h
done
printf '#include "all.h"\nint main(void) { printf("%%d\\n", part1(10) + part12(20)); return 0; }\n' > main.c
printf 'prog:%s main.o\n\tgcc -o $@ $^\n%%.o: %%.c all.h\n\tgcc -O1 -c -o $@ $<\n' "$objects" >> Makefile

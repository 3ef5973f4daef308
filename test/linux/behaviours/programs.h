// The table of programs and the table of behaviours of the binary.
struct program { const char *name; void (*main)(char **argv); };
extern const struct program programs[];
struct behaviour { const char *name; void (*run)(void); };
extern const struct behaviour behaviours[];

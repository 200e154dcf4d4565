// A WASI command that does one thing with what it was given, by the name in its first argument.
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern char **environ;

static int fail(const char *what) {
  fprintf(stderr, "%s: %s\n", what, strerror(errno));
  return 1;
}

static int upper(void) {
  for (int c; (c = getchar()) != EOF;) putchar(toupper(c));
  return 0;
}

static int list(const char *path) {
  DIR *dir = opendir(path);
  if (!dir) return fail(path);
  for (struct dirent *entry; (entry = readdir(dir));) puts(entry->d_name);
  return 0;
}

static int copy(const char *from, const char *to) {
  FILE *in = fopen(from, "rb");
  if (!in) return fail(from);
  FILE *out = fopen(to, "wb");
  if (!out) return fail(to);
  for (int c; (c = getc(in)) != EOF;) putc(c, out);
  return fclose(out) ? fail(to) : 0;
}

int main(int count, char **args) {
  const char *what = count > 1 ? args[1] : "";
  if (!strcmp(what, "args")) for (int i = 0; i < count; i++) puts(args[i]);
  else if (!strcmp(what, "env")) for (char **pair = environ; *pair; pair++) puts(*pair);
  else if (!strcmp(what, "upper")) return upper();
  else if (!strcmp(what, "list") && count > 2) return list(args[2]);
  else if (!strcmp(what, "copy") && count > 3) return copy(args[2], args[3]);
  else if (!strcmp(what, "exit") && count > 2) exit(atoi(args[2]));
  else return 2;
  return 0;
}

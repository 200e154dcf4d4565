// A WASI reactor: a constructor runs before its exports may be called, and they use WASI.
#include <stdio.h>
#include <stdlib.h>

static const char *name = "not constructed";
static int calls;

__attribute__((constructor)) static void construct(void) {
  name = getenv("NAME");
  puts("constructed");
  fflush(stdout);
}

__attribute__((export_name("greet"))) int greet(void) {
  printf("hello %s, call %d\n", name ? name : "nobody", ++calls);
  fflush(stdout);
  return calls;
}

// The file's first byte, or -1.
__attribute__((export_name("first"))) int first(void) {
  FILE *file = fopen("/data/first", "rb");
  if (!file) return -1;
  int byte = getc(file);
  fclose(file);
  return byte;
}

__attribute__((export_name("leave"))) void leave(int code) { exit(code); }

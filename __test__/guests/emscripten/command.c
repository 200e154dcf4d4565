// A program, as Emscripten makes it with -sSTANDALONE_WASM: WASI and nothing else. Constructor, arguments, exit code.
#include <stdio.h>

static int constructed;

__attribute__((constructor)) static void construct(void) { constructed++; }

int main(int argc, char **argv) {
  printf("constructed %d\n", constructed);
  for (int n = 0; n < argc; n++) printf("%d: %s\n", n, argv[n]);
  return argc;
}

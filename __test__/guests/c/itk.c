// A reactor that is also a program: its entry is the export with the empty name, which Wasmtime calls the default one and
// ITK-Wasm uses for its pipelines. It can be called more than once, as the instance stays.
#include <stdio.h>

static volatile int constructed;
static int calls;

__attribute__((constructor)) static void construct(void) { constructed++; }

__attribute__((export_name("next"))) int next(void) { return ++calls; }

__attribute__((export_name(""))) int entry(void) {
  printf("constructed %d times, call %d\n", constructed, next());
  fflush(stdout);
  return 10 * constructed + calls;
}

// As a GHC reactor is started: _initialize for its C part, then hs_init(argc, argv), which takes null pointers for no
// arguments. An export called any earlier would find no run-time system.
#include <stddef.h>

static volatile int constructed;
static int initialized;

__attribute__((constructor)) static void construct(void) { constructed++; }

__attribute__((export_name("hs_init"))) void hs_init(int *count, char ***args) {
  // Before the constructors, or with an argument that is not null, it does not count.
  if (constructed == 1 && count == NULL && args == NULL) initialized++;
}

__attribute__((export_name("answer"))) int answer(void) { return initialized == 1 ? 42 : -1; }

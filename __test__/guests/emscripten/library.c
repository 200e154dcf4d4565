// A library, as Emscripten makes it with -sSTANDALONE_WASM --no-entry: a reactor whose _initialize runs constructors.
#include <emscripten.h>
#include <stdlib.h>

static int constructed;

__attribute__((constructor)) static void construct(void) { constructed++; }

EMSCRIPTEN_KEEPALIVE int times_constructed(void) { return constructed; }

EMSCRIPTEN_KEEPALIVE int sum_of_squares(int count) {
  int *squares = malloc(count * sizeof *squares);
  if (!squares) return -1;
  for (int n = 0; n < count; n++) squares[n] = n * n;
  int sum = 0;
  for (int n = 0; n < count; n++) sum += squares[n];
  free(squares);
  return sum;
}

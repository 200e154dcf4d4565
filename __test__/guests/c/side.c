// A side module (-shared): relocatable, it finds its memory, its table and where in them it lies among its imports. Its data
// holds addresses, so that it has to be relocated before it is constructed.
static int table[3] = {1, 20, 300};
static volatile int constructed;

static int first(void) { return table[0]; }
static int last(void) { return table[2]; }

int *second = &table[1];
int (*functions[2])(void) = {first, last};

__attribute__((constructor)) static void construct(void) { constructed += *second; }

__attribute__((visibility("default"))) int constructions(void) { return constructed; }
__attribute__((visibility("default"))) int sum(void) { return functions[0]() + *second + functions[1](); }

// No libc, no constructors: exports that need nothing.
__attribute__((export_name("add"))) int add(int a, int b) { return a + b; }

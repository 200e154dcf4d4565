/* Says in C how it wants to be started, in a way that nobody could infer: its exports look like those of a command and
 * of a reactor at once, the table has to be set up before either, and the host needs the memory before that. */
#include "wasm_init.h"

#define EXPORT(name) __attribute__((export_name(name)))
#define HOST(name) __attribute__((import_module("host"), import_name(name)))

WASM_INIT_SECTION(
    WASM_INIT_BIND(WASM_INIT_SERVICE("host", "memory", ""))
    WASM_INIT_STEPS(
        WASM_INIT_STEP(evaluate, export("setup_table"), zeros, ignore, error),
        WASM_INIT_STEP(evaluate, export("_initialize"), none, ignore, error),
        WASM_INIT_STEP(evaluate, export("setup_missing"), none, ignore, skip),
        WASM_INIT_STEP(task, export("warm_up"), none, ignore, error),
        WASM_INIT_STEP(dispose, export("shut_down"), none, ignore, error))
    WASM_INIT_NO_RUN
    WASM_INIT_HIDE(WASM_INIT_SELECT(prefix("setup_")), WASM_INIT_SELECT(export("_initialize"))))

HOST("say") void say(const char *text, int length);

#define SAY(text) say(text, sizeof(text) - 1)

static int squares[8];

EXPORT("setup_table") int setup_table(int unused, long long wide, double real) {
    for (int i = 0; i < 8; i++) squares[i] = i * i + unused + (int)wide + (int)real;
    SAY("table");
    return squares[7];
}

EXPORT("_initialize") void initialize(void) {
    if (squares[7] == 49) SAY("initialize");
}

EXPORT("_start") void start(void) { SAY("start"); }

EXPORT("warm_up") void warm_up(void) { SAY("warm up"); }

EXPORT("shut_down") void shut_down(void) { SAY("shut down"); }

EXPORT("square") int square(int i) { return squares[i & 7]; }

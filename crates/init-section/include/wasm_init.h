/*
 * Says in the source of a WebAssembly module how it wants to be started: emits its `init` section.
 *
 *     #include "wasm_init.h"
 *
 *     WASM_INIT_SECTION(
 *         WASM_INIT_BIND(WASM_INIT_SERVICE("wasi_snapshot_preview1", "memory", ""))
 *         WASM_INIT_STEPS(
 *             WASM_INIT_STEP(evaluate, export("open_tables"), none, ignore, error),
 *             WASM_INIT_STEP(evaluate, prefix("register_"), zeros, ignore, error),
 *             WASM_INIT_STEP(dispose, export("close_tables"), none, ignore, skip))
 *         WASM_INIT_NO_RUN
 *         WASM_INIT_HIDE(WASM_INIT_SELECT(prefix("register_"))))
 *
 * The parts stand in this order, without commas between them. A part that is not there is left to the host, which
 * infers it from imports and exports; WASM_INIT_NO_BIND, _NO_STEPS, _NO_RUN and _NO_HIDE say that there is nothing.
 *
 *     WASM_INIT_SERVICE(service, memory, table)             "" is the only memory there is, and no table
 *     WASM_INIT_STEP(phase, select, args, result, if_missing)
 *         phase       evaluate, task or dispose
 *         select      export("name") or prefix("start of names")
 *         args        none, zeros or service("name")
 *         result      ignore or namespace
 *         if_missing  error or skip
 *     WASM_INIT_RUN(export, args, instance, result)
 *         args        none or zeros
 *         instance    same or fresh
 *         result      nothing or exit_code
 *     WASM_INIT_SELECT(select)
 *
 * A list has 32 entries at most. Names are string literals, and those of exports are names of the finished module;
 * that they exist is for the host to check. Say it once per module: linkers append one section to the other where
 * there are two.
 *
 * Needs C11 or C++11 and LLVM's assembler, which clang, Emscripten, wasi-sdk and `zig cc` have. On targets that are
 * not WebAssembly it emits nothing.
 */
#ifndef WASM_INIT_H
#define WASM_INIT_H

/* Data of C cannot be put into a custom section, so the section is assembled. The assembler computes the sizes, from
 * the distance between two labels: 1 and 2 are around a name, 3 and 4 around a part. */
#ifdef __wasm__
#define WASM_INIT_SECTION(parts) \
    __asm__(".section .custom_section.init,\"\",@\n" WASM_INIT_BYTE(1) parts ".text\n");
#else
#define WASM_INIT_SECTION(parts)
#endif

#define WASM_INIT_BIND(...) WASM_INIT_LIST(1, __VA_ARGS__)
#define WASM_INIT_NO_BIND WASM_INIT_PART(1, WASM_INIT_BYTE(0))
#define WASM_INIT_STEPS(...) WASM_INIT_LIST(2, __VA_ARGS__)
#define WASM_INIT_NO_STEPS WASM_INIT_PART(2, WASM_INIT_BYTE(0))
#define WASM_INIT_RUN(export, args, instance, result) \
    WASM_INIT_PART(3, WASM_INIT_BYTE(1) WASM_INIT_NAME(export) WASM_INIT_ARGS_##args \
        WASM_INIT_INSTANCE_##instance WASM_INIT_RUN_RESULT_##result)
#define WASM_INIT_NO_RUN WASM_INIT_PART(3, WASM_INIT_BYTE(0))
#define WASM_INIT_HIDE(...) WASM_INIT_LIST(4, __VA_ARGS__)
#define WASM_INIT_NO_HIDE WASM_INIT_PART(4, WASM_INIT_BYTE(0))

#define WASM_INIT_SERVICE(service, memory, table) \
    WASM_INIT_NAME(service) WASM_INIT_NAME(memory) WASM_INIT_NAME(table)
#define WASM_INIT_STEP(phase, select, args, result, if_missing) \
    WASM_INIT_PHASE_##phase WASM_INIT_SELECT_##select WASM_INIT_ARGS_##args \
        WASM_INIT_RESULT_##result WASM_INIT_MISSING_##if_missing
#define WASM_INIT_SELECT(select) WASM_INIT_SELECT_##select

#define WASM_INIT_PHASE_evaluate WASM_INIT_BYTE(0)
#define WASM_INIT_PHASE_task WASM_INIT_BYTE(1)
#define WASM_INIT_PHASE_dispose WASM_INIT_BYTE(2)
#define WASM_INIT_SELECT_export(name) WASM_INIT_BYTE(0) WASM_INIT_NAME(name)
#define WASM_INIT_SELECT_prefix(name) WASM_INIT_BYTE(1) WASM_INIT_NAME(name)
#define WASM_INIT_ARGS_none WASM_INIT_BYTE(0)
#define WASM_INIT_ARGS_zeros WASM_INIT_BYTE(1)
#define WASM_INIT_ARGS_service(name) WASM_INIT_BYTE(2) WASM_INIT_NAME(name)
#define WASM_INIT_RESULT_ignore WASM_INIT_BYTE(0)
#define WASM_INIT_RESULT_namespace WASM_INIT_BYTE(1)
#define WASM_INIT_MISSING_error WASM_INIT_BYTE(0)
#define WASM_INIT_MISSING_skip WASM_INIT_BYTE(1)
#define WASM_INIT_INSTANCE_same WASM_INIT_BYTE(0)
#define WASM_INIT_INSTANCE_fresh WASM_INIT_BYTE(1)
#define WASM_INIT_RUN_RESULT_nothing WASM_INIT_BYTE(0)
#define WASM_INIT_RUN_RESULT_exit_code WASM_INIT_BYTE(1)

/* From here on, what the above is made of. */

#define WASM_INIT_BYTE(byte) WASM_INIT_BYTE_(byte)
#define WASM_INIT_BYTE_(byte) ".byte " #byte "\n"
#define WASM_INIT_NAME(name) WASM_INIT_NAME_(name)
#define WASM_INIT_NAME_(name) ".uleb128 2f-1f\n1:\n.ascii " #name "\n2:\n"
#define WASM_INIT_PART(id, content) WASM_INIT_BYTE(id) ".uleb128 4f-3f\n3:\n" content "4:\n"
#define WASM_INIT_LIST(id, ...) WASM_INIT_LIST_(id, WASM_INIT_COUNT(__VA_ARGS__), __VA_ARGS__)
#define WASM_INIT_LIST_(id, count, ...) WASM_INIT_LIST__(id, count, __VA_ARGS__)
#define WASM_INIT_LIST__(id, count, ...) \
    WASM_INIT_PART(id, WASM_INIT_BYTE(count) WASM_INIT_JOIN_##count(__VA_ARGS__))

#define WASM_INIT_COUNT(...) \
    WASM_INIT_PICK(__VA_ARGS__, 32, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16, \
        15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)
#define WASM_INIT_PICK(_1, _2, _3, _4, _5, _6, _7, _8, _9, _10, _11, _12, _13, _14, _15, _16, _17, \
    _18, _19, _20, _21, _22, _23, _24, _25, _26, _27, _28, _29, _30, _31, _32, n, ...) n

#define WASM_INIT_JOIN_1(a) a
#define WASM_INIT_JOIN_2(a, ...) a WASM_INIT_JOIN_1(__VA_ARGS__)
#define WASM_INIT_JOIN_3(a, ...) a WASM_INIT_JOIN_2(__VA_ARGS__)
#define WASM_INIT_JOIN_4(a, ...) a WASM_INIT_JOIN_3(__VA_ARGS__)
#define WASM_INIT_JOIN_5(a, ...) a WASM_INIT_JOIN_4(__VA_ARGS__)
#define WASM_INIT_JOIN_6(a, ...) a WASM_INIT_JOIN_5(__VA_ARGS__)
#define WASM_INIT_JOIN_7(a, ...) a WASM_INIT_JOIN_6(__VA_ARGS__)
#define WASM_INIT_JOIN_8(a, ...) a WASM_INIT_JOIN_7(__VA_ARGS__)
#define WASM_INIT_JOIN_9(a, ...) a WASM_INIT_JOIN_8(__VA_ARGS__)
#define WASM_INIT_JOIN_10(a, ...) a WASM_INIT_JOIN_9(__VA_ARGS__)
#define WASM_INIT_JOIN_11(a, ...) a WASM_INIT_JOIN_10(__VA_ARGS__)
#define WASM_INIT_JOIN_12(a, ...) a WASM_INIT_JOIN_11(__VA_ARGS__)
#define WASM_INIT_JOIN_13(a, ...) a WASM_INIT_JOIN_12(__VA_ARGS__)
#define WASM_INIT_JOIN_14(a, ...) a WASM_INIT_JOIN_13(__VA_ARGS__)
#define WASM_INIT_JOIN_15(a, ...) a WASM_INIT_JOIN_14(__VA_ARGS__)
#define WASM_INIT_JOIN_16(a, ...) a WASM_INIT_JOIN_15(__VA_ARGS__)
#define WASM_INIT_JOIN_17(a, ...) a WASM_INIT_JOIN_16(__VA_ARGS__)
#define WASM_INIT_JOIN_18(a, ...) a WASM_INIT_JOIN_17(__VA_ARGS__)
#define WASM_INIT_JOIN_19(a, ...) a WASM_INIT_JOIN_18(__VA_ARGS__)
#define WASM_INIT_JOIN_20(a, ...) a WASM_INIT_JOIN_19(__VA_ARGS__)
#define WASM_INIT_JOIN_21(a, ...) a WASM_INIT_JOIN_20(__VA_ARGS__)
#define WASM_INIT_JOIN_22(a, ...) a WASM_INIT_JOIN_21(__VA_ARGS__)
#define WASM_INIT_JOIN_23(a, ...) a WASM_INIT_JOIN_22(__VA_ARGS__)
#define WASM_INIT_JOIN_24(a, ...) a WASM_INIT_JOIN_23(__VA_ARGS__)
#define WASM_INIT_JOIN_25(a, ...) a WASM_INIT_JOIN_24(__VA_ARGS__)
#define WASM_INIT_JOIN_26(a, ...) a WASM_INIT_JOIN_25(__VA_ARGS__)
#define WASM_INIT_JOIN_27(a, ...) a WASM_INIT_JOIN_26(__VA_ARGS__)
#define WASM_INIT_JOIN_28(a, ...) a WASM_INIT_JOIN_27(__VA_ARGS__)
#define WASM_INIT_JOIN_29(a, ...) a WASM_INIT_JOIN_28(__VA_ARGS__)
#define WASM_INIT_JOIN_30(a, ...) a WASM_INIT_JOIN_29(__VA_ARGS__)
#define WASM_INIT_JOIN_31(a, ...) a WASM_INIT_JOIN_30(__VA_ARGS__)
#define WASM_INIT_JOIN_32(a, ...) a WASM_INIT_JOIN_31(__VA_ARGS__)

#endif

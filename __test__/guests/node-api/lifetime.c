// Chapter "Object lifetime management", finalizers, and what is done when an environment ends.
#include "probe.h"

#include <stdio.h>

// -- Scopes

PROBE(napi_open_handle_scope, "eo") {
  napi_handle_scope scope = NULL;
  CALL(napi_open_handle_scope(ENV, POINTER(1, &scope)));
  show_number(c, scope != NULL);
  if (scope != NULL) napi_close_handle_scope(c->env, scope);
}

PROBE(napi_close_handle_scope, "ep") {
  napi_handle_scope scope = NULL;
  napi_open_handle_scope(c->env, &scope);
  napi_status status = napi_close_handle_scope(ENV, POINTER(1, scope));
  CALL(status);
  if (status != napi_ok) napi_close_handle_scope(c->env, scope);
}

PROBE(napi_open_escapable_handle_scope, "eo") {
  napi_escapable_handle_scope scope = NULL;
  CALL(napi_open_escapable_handle_scope(ENV, POINTER(1, &scope)));
  show_number(c, scope != NULL);
  if (scope != NULL) napi_close_escapable_handle_scope(c->env, scope);
}

PROBE(napi_close_escapable_handle_scope, "ep") {
  napi_escapable_handle_scope scope = NULL;
  napi_open_escapable_handle_scope(c->env, &scope);
  napi_status status = napi_close_escapable_handle_scope(ENV, POINTER(1, scope));
  CALL(status);
  if (status != napi_ok) napi_close_escapable_handle_scope(c->env, scope);
}

PROBE(napi_escape_handle, "epvo") {
  napi_escapable_handle_scope scope = NULL;
  napi_value result = NULL;
  napi_open_escapable_handle_scope(c->env, &scope);
  napi_status status = napi_escape_handle(ENV, POINTER(1, scope), VALUE(2), POINTER(3, &result));
  const napi_extended_error_info *info = NULL;
  napi_get_last_error_info(c->env, &info);
  int code = (int)info->error_code;
  napi_close_escapable_handle_scope(c->env, scope);
  CALL(status);
  show_number(c, code);
  show(c, result);
}

// What escapes lives on, once; the scope's other handles do not matter any more.
SCENARIO(escaping) {
  napi_value escaped = NULL, second = NULL;
  for (int n = 0; n < 1000; n++) {
    napi_escapable_handle_scope scope = NULL;
    napi_value object = NULL;
    if (napi_open_escapable_handle_scope(c->env, &scope) != napi_ok) return;
    napi_create_object(c->env, &object);
    napi_set_named_property(c->env, object, "argument", c->argv[1]);
    napi_status first = napi_escape_handle(c->env, scope, object, &escaped);
    napi_status again = napi_escape_handle(c->env, scope, object, &second);
    napi_close_escapable_handle_scope(c->env, scope);
    if (n > 0) continue;
    show_number(c, first);
    show_number(c, again);
    show(c, second);
  }
  show(c, escaped);
}

// Very many handles, in scopes within scopes.
SCENARIO(many_handles) {
  uint32_t made = 0;
  for (int outer = 0; outer < 100; outer++) {
    napi_handle_scope scope = NULL, inner = NULL;
    napi_open_handle_scope(c->env, &scope);
    for (int n = 0; n < 1000; n++) {
      napi_value object = NULL;
      napi_open_handle_scope(c->env, &inner);
      for (int k = 0; k < 5; k++) made += napi_create_object(c->env, &object) == napi_ok;
      napi_close_handle_scope(c->env, inner);
    }
    napi_close_handle_scope(c->env, scope);
  }
  show_number(c, made);
  napi_value object = NULL;
  for (int n = 0; n < 100000; n++) made += napi_create_object(c->env, &object) == napi_ok;
  show_number(c, made);
  napi_set_named_property(c->env, object, "argument", c->argv[1]);
  show(c, object);
}

// What an addon must not do: a handle that is used after the call that it was of, and after its scope.
static napi_value kept_handle;
SCENARIO(keep_handle) { kept_handle = c->argv[1]; }
SCENARIO(use_kept_handle) {
  napi_valuetype type = napi_undefined;
  CALL(napi_typeof(c->env, kept_handle, &type));
}
SCENARIO(use_after_scope) {
  napi_handle_scope scope = NULL;
  napi_value object = NULL, other = NULL;
  napi_valuetype type = napi_undefined;
  napi_open_handle_scope(c->env, &scope);
  napi_create_object(c->env, &object);
  napi_close_handle_scope(c->env, scope);
  napi_create_double(c->env, 1, &other);
  CALL(napi_typeof(c->env, object, &type));
  STEP(napi_close_handle_scope(c->env, scope));
}

// -- References

PROBE(napi_create_reference, "evno") {
  napi_ref reference = NULL;
  CALL(napi_create_reference(ENV, VALUE(1), (uint32_t)integer(c, 2), POINTER(3, &reference)));
  show_number(c, reference != NULL);
  if (reference != NULL) napi_delete_reference(c->env, reference);
}

#define OF_REFERENCE(name, result_kind)                                        \
  PROBE(name, "ep" result_kind) {                                              \
    napi_ref reference = NULL;                                                 \
    napi_value object = NULL;                                                  \
    uint32_t count = 77;                                                       \
    napi_create_object(c->env, &object);                                       \
    napi_create_reference(c->env, object, 1, &reference);                      \
    CALL(name(ENV, POINTER(1, reference), POINTER(2, &count)));                \
    show_number(c, count);                                                     \
    napi_delete_reference(c->env, reference);                                  \
  }
OF_REFERENCE(napi_reference_ref, "O")
OF_REFERENCE(napi_reference_unref, "O")

PROBE(napi_get_reference_value, "epo") {
  napi_ref reference = NULL;
  napi_value object = NULL, result = NULL;
  napi_create_object(c->env, &object);
  napi_create_reference(c->env, object, 1, &reference);
  CALL(napi_get_reference_value(ENV, POINTER(1, reference), POINTER(2, &result)));
  show(c, result);
  napi_delete_reference(c->env, reference);
}

PROBE(napi_delete_reference, "ep") {
  napi_ref reference = NULL;
  napi_value object = NULL;
  napi_create_object(c->env, &object);
  napi_create_reference(c->env, object, 1, &reference);
  CALL(napi_delete_reference(ENV, POINTER(1, reference)));
}

// Up to three and down to none, and once more, which is refused.
SCENARIO(counting) {
  napi_ref reference = NULL;
  uint32_t count = 77;
  STEP(napi_create_reference(c->env, c->argv[1], 0, &reference));
  for (int n = 0; n < 3; n++) {
    STEP(napi_reference_ref(c->env, reference, &count));
    show_number(c, count);
  }
  for (int n = 0; n < 3; n++) {
    STEP(napi_reference_unref(c->env, reference, &count));
    show_number(c, count);
  }
  CALL(napi_reference_unref(c->env, reference, &count));
  STEP(napi_delete_reference(c->env, reference));
}

#define SLOTS 8
static napi_ref slots[SLOTS];

// A reference in a slot: 1 the slot, 2 the value, 3 the count.
SCENARIO(refer) { STEP(napi_create_reference(c->env, c->argv[2], (uint32_t)integer(c, 3), &slots[integer(c, 1)])); }

SCENARIO(referred) {
  napi_value value = NULL;
  STEP(napi_get_reference_value(c->env, slots[integer(c, 1)], &value));
  show(c, value);
}

SCENARIO(strengthen) {
  uint32_t count = 77;
  STEP(napi_reference_ref(c->env, slots[integer(c, 1)], &count));
  show_number(c, count);
}

SCENARIO(weaken) {
  uint32_t count = 77;
  STEP(napi_reference_unref(c->env, slots[integer(c, 1)], &count));
  show_number(c, count);
}

SCENARIO(drop) { STEP(napi_delete_reference(c->env, slots[integer(c, 1)])); }

// -- Finalizers

static int finalized;
static char order[256];

// The data is allocated, the hint says which finalizer it is.
static void finalize(napi_env env, void *data, void *hint) {
  (void)env;
  finalized++;
  strncat(order, (const char *)hint, sizeof order - strlen(order) - 1);
  free(data);
}

SCENARIO(finalized_so_far) {
  show_number(c, finalized);
  show_text(c, order);
}

SCENARIO(wrap) { STEP(napi_wrap(c->env, c->argv[1], malloc(64), finalize, "w", NULL)); }
SCENARIO(unwrap) {
  void *data = NULL;
  STEP(napi_remove_wrap(c->env, c->argv[1], &data));
  free(data);
}
SCENARIO(add_finalizer) { STEP(napi_add_finalizer(c->env, c->argv[1], malloc(64), finalize, "f", NULL)); }
SCENARIO(wrap_strongly) {
  STEP(napi_wrap(c->env, c->argv[1], malloc(64), finalize, "w", &slots[0]));
  STEP(napi_reference_ref(c->env, slots[0], NULL));
}
SCENARIO(make_external) {
  napi_value external = NULL;
  STEP(napi_create_external(c->env, malloc(64), finalize, "e", &external));
  show(c, external);
}
SCENARIO(make_buffers) {
  napi_value buffer = NULL, arraybuffer = NULL;
  STEP(napi_create_external_buffer(c->env, 64, malloc(64), finalize, "b", &buffer));
  show(c, buffer);
  STEP(napi_create_external_arraybuffer(c->env, malloc(64), 64, finalize, "a", &arraybuffer));
  show(c, arraybuffer);
}

// A finalizer that calls JavaScript: the function is what the slot refers to.
static void calls_back(napi_env env, void *data, void *hint) {
  (void)data;
  napi_handle_scope scope = NULL;
  napi_value function = NULL, undefined = NULL;
  napi_open_handle_scope(env, &scope);
  napi_get_undefined(env, &undefined);
  napi_get_reference_value(env, *(napi_ref *)hint, &function);
  napi_call_function(env, undefined, function, 0, NULL, NULL);
  napi_close_handle_scope(env, scope);
}
SCENARIO(calls_back_when_finalized) {
  STEP(napi_create_reference(c->env, c->argv[2], 1, &slots[1]));
  STEP(napi_add_finalizer(c->env, c->argv[1], NULL, calls_back, &slots[1], NULL));
}

// -- The end. What is done there is printed: JavaScript is not to be called any more.

static void say(const char *what) {
  fputs(what, stdout);
  fputc('\n', stdout);
  fflush(stdout);
}

static void hook(void *name) { say(name); }
static void finalize_at_end(napi_env env, void *data, void *hint) {
  (void)env;
  (void)hint;
  say(data);
}

// An async hook that is done at once, and one that is only when the hook before it in time, which runs later, says so.
static napi_async_cleanup_hook_handle waiting;
static void at_once(napi_async_cleanup_hook_handle handle, void *name) {
  say(name);
  napi_remove_async_cleanup_hook(handle);
}
static void later(napi_async_cleanup_hook_handle handle, void *name) {
  say(name);
  waiting = handle;
}
static void finishes_waiting(void *name) {
  say(name);
  if (waiting != NULL) napi_remove_async_cleanup_hook(waiting);
}

// Everything that an end is said to: argument 1 is wrapped, 2 has a finalizer.
SCENARIO(prepare_end) {
  napi_value external = NULL;
  napi_async_cleanup_hook_handle handle = NULL;
  STEP(napi_set_instance_data(c->env, "instance data", finalize_at_end, NULL));
  STEP(napi_wrap(c->env, c->argv[1], "wrap", finalize_at_end, NULL, NULL));
  STEP(napi_add_finalizer(c->env, c->argv[2], "finalizer", finalize_at_end, NULL, NULL));
  STEP(napi_create_external(c->env, "external", finalize_at_end, NULL, &external));
  STEP(napi_add_env_cleanup_hook(c->env, hook, "first hook"));
  STEP(napi_add_env_cleanup_hook(c->env, finishes_waiting, "hook that another waits for"));
  STEP(napi_add_async_cleanup_hook(c->env, at_once, "async hook", NULL));
  STEP(napi_add_async_cleanup_hook(c->env, later, "async hook that waits", NULL));
  STEP(napi_add_env_cleanup_hook(c->env, hook, "removed hook"));
  STEP(napi_add_async_cleanup_hook(c->env, at_once, "removed async hook", &handle));
  STEP(napi_remove_env_cleanup_hook(c->env, hook, "removed hook"));
  STEP(napi_remove_async_cleanup_hook(handle));
  STEP(napi_add_env_cleanup_hook(c->env, hook, "last hook"));
  show(c, external);
}

// What a broken addon does at its end, or when an object of its own goes: it traps. What is not broken is still done.
static void traps(napi_env env, void *data, void *hint) {
  (void)env;
  (void)hint;
  say(data);
  __builtin_trap();
}
static void hook_traps(void *name) {
  say(name);
  __builtin_trap();
}
SCENARIO(prepare_broken_end) {
  STEP(napi_add_env_cleanup_hook(c->env, hook, "first hook"));
  STEP(napi_add_env_cleanup_hook(c->env, hook_traps, "hook that traps"));
  STEP(napi_add_env_cleanup_hook(c->env, hook, "last hook"));
  STEP(napi_wrap(c->env, c->argv[1], "finalizer that traps", traps, NULL, NULL));
  STEP(napi_add_finalizer(c->env, c->argv[1], "finalizer", finalize_at_end, NULL, NULL));
}
SCENARIO(traps_when_finalized) { STEP(napi_wrap(c->env, c->argv[1], "finalized", traps, NULL, NULL)); }

// Calls its argument, and goes on.
SCENARIO(calls) {
  napi_value undefined = NULL;
  napi_get_undefined(c->env, &undefined);
  CALL(napi_call_function(c->env, undefined, c->argv[1], 0, NULL, NULL));
  CALL(napi_get_undefined(c->env, &undefined));
}

// Chapters "Promises" and "Script execution".
#include "probe.h"

PROBE(napi_create_promise, "Eoo") {
  napi_deferred deferred = NULL;
  napi_value promise = NULL;
  CALL(napi_create_promise(ENV, POINTER(1, &deferred), POINTER(2, &promise)));
  show_number(c, deferred != NULL);
  show(c, promise);
}

// Each of these two uses a deferred of its own, which the body settles where the probe was refused.
#define SETTLE(name)                                                           \
  PROBE(name, "Epv") {                                                         \
    napi_value exception = NULL;                                               \
    if (c->control & PENDING) napi_get_and_clear_last_exception(c->env, &exception); \
    napi_deferred deferred = NULL;                                             \
    napi_value promise = NULL;                                                 \
    napi_create_promise(c->env, &deferred, &promise);                          \
    if (exception != NULL) napi_throw(c->env, exception);                      \
    napi_status status = name(ENV, POINTER(1, deferred), VALUE(2));            \
    CALL(status);                                                              \
    if (c->control != 0) napi_resolve_deferred(c->env, deferred, c->argv[2]);  \
    show(c, promise);                                                          \
  }
SETTLE(napi_resolve_deferred)
SETTLE(napi_reject_deferred)

BOOLEAN_OF_VALUE(napi_is_promise, "e")
VALUE_OF_VALUE(napi_run_script, "E")

static napi_deferred kept;

// A promise that a later call settles.
SCENARIO(open) {
  napi_value promise = NULL;
  STEP(napi_create_promise(c->env, &kept, &promise));
  show(c, promise);
}
SCENARIO(resolve) { STEP(napi_resolve_deferred(c->env, kept, c->argv[1])); }
SCENARIO(reject) { STEP(napi_reject_deferred(c->env, kept, c->argv[1])); }

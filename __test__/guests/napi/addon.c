// A Node-API addon as napi-rs lays it out: everything is imported from `env`, functions whose names begin with
// __napi_register__ note what is to be exported, and napi_register_wasm_v1 exports it.
#include <stddef.h>
#include <stdint.h>

typedef struct napi_env__ *napi_env;
typedef struct napi_value__ *napi_value;
typedef struct napi_callback_info__ *napi_callback_info;
typedef napi_value (*napi_callback)(napi_env, napi_callback_info);

#define IMPORT(name) __attribute__((import_module("env"), import_name(#name))) int name
#define EXPORT(name) __attribute__((export_name(#name)))

IMPORT(napi_create_function)(napi_env, const char *, size_t, napi_callback, void *, napi_value *);
IMPORT(napi_set_named_property)(napi_env, napi_value, const char *, napi_value);
IMPORT(napi_create_int32)(napi_env, int32_t, napi_value *);

static int registered;

static napi_value answer(napi_env env, napi_callback_info info) {
  napi_value result = NULL;
  napi_create_int32(env, 41 + registered, &result);
  return result;
}

EXPORT(__napi_register__answer_0) void register_answer(void) { registered++; }

EXPORT(napi_register_wasm_v1) napi_value register_module(napi_env env, napi_value exports) {
  napi_value function = NULL;
  if (napi_create_function(env, "answer", 6, answer, NULL, &function) == 0)
    napi_set_named_property(env, exports, "answer", function);
  return exports;
}

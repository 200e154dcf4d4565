// Chapters "Version management", "Environment life cycle" and "Custom asynchronous operations" (what is left of them
// without operations): instance data, versions, the name of the file, memory that is accounted for.
#include "probe.h"

PROBE(napi_get_version, "eo") {
  uint32_t result = 77;
  CALL(napi_get_version(ENV, POINTER(1, &result)));
  // Node may be ahead of the guest.
  show_number(c, result >= 9);
}

SCENARIO(version) {
  uint32_t result = 77;
  STEP(napi_get_version(c->env, &result));
  show_number(c, result);
}

PROBE(napi_get_node_version, "eo") {
  const napi_node_version *version = NULL;
  CALL(napi_get_node_version(ENV, POINTER(1, &version)));
  if (version == NULL) return;
  show_number(c, version->major);
  show_number(c, version->minor);
  show_number(c, version->patch);
  show_text(c, version->release);
}

struct uv_loop_s;
PROBE(napi_get_uv_event_loop, "eo") {
  struct uv_loop_s *loop = NULL;
  CALL(napi_get_uv_event_loop(ENV, POINTER(1, &loop)));
  show_number(c, loop != NULL);
}

PROBE(node_api_get_module_file_name, "eo") {
  const char *name = NULL;
  CALL(node_api_get_module_file_name(ENV, POINTER(1, &name)));
  // Only the end of it is the same everywhere.
  show_number(c, name != NULL && strstr(name, "environment") != NULL);
}

SCENARIO(file_name) {
  const char *name = NULL;
  STEP(node_api_get_module_file_name(c->env, &name));
  napi_value result = NULL;
  napi_create_string_utf8(c->env, name, NAPI_AUTO_LENGTH, &result);
  show(c, result);
}

PROBE(napi_adjust_external_memory, "eno") {
  int64_t result = -77;
  CALL(napi_adjust_external_memory(ENV, integer(c, 1), POINTER(2, &result)));
  show_number(c, result > 0);
}

SCENARIO(adjusts_by) {
  int64_t before = 0, after = 0;
  STEP(napi_adjust_external_memory(c->env, 0, &before));
  STEP(napi_adjust_external_memory(c->env, integer(c, 1), &after));
  show_number(c, (double)(after - before));
  STEP(napi_adjust_external_memory(c->env, -integer(c, 1), &after));
  show_number(c, (double)(after - before));
}

static int data_of_instance = 5, other_data = 6;
static void ignore(napi_env env, void *data, void *hint) {
  (void)env;
  (void)data;
  (void)hint;
}

PROBE(napi_set_instance_data, "ePPP") {
  CALL(napi_set_instance_data(ENV, POINTER(1, &data_of_instance), POINTER(2, ignore), POINTER(3, &other_data)));
}

PROBE(napi_get_instance_data, "eo") {
  void *data = NULL;
  CALL(napi_get_instance_data(ENV, POINTER(1, &data)));
  show_number(c, data == &data_of_instance);
}

SCENARIO(instance_data) {
  void *data = c;
  STEP(napi_set_instance_data(c->env, &other_data, ignore, NULL));
  STEP(napi_get_instance_data(c->env, &data));
  show_number(c, data == &other_data);
  STEP(napi_set_instance_data(c->env, NULL, NULL, NULL));
  STEP(napi_get_instance_data(c->env, &data));
  show_number(c, data == NULL);
}

static void never(void *data) { (void)data; }

PROBE(napi_add_env_cleanup_hook, "epP") {
  static int each;
  napi_status status = napi_add_env_cleanup_hook(ENV, POINTER(1, never), POINTER(2, &each));
  CALL(status);
  // The same twice would be an error of the guest.
  if (status == napi_ok) napi_remove_env_cleanup_hook(c->env, never, POINTER(2, &each));
}

PROBE(napi_remove_env_cleanup_hook, "epP") {
  CALL(napi_remove_env_cleanup_hook(ENV, POINTER(1, never), POINTER(2, &other_data)));
}

static void at_cleanup(napi_async_cleanup_hook_handle handle, void *data) {
  (void)data;
  napi_remove_async_cleanup_hook(handle);
}

PROBE(napi_add_async_cleanup_hook, "epPO") {
  napi_async_cleanup_hook_handle handle = NULL;
  CALL(napi_add_async_cleanup_hook(ENV, POINTER(1, at_cleanup), POINTER(2, &other_data), POINTER(3, &handle)));
  show_number(c, handle != NULL);
  if (handle != NULL) show_number(c, napi_remove_async_cleanup_hook(handle));
}

// It has no environment to note an error in.
SCENARIO(removes_no_hook) { STEP(napi_remove_async_cleanup_hook(NULL)); }

PROBE(napi_fatal_exception, "Ev") { CALL(napi_fatal_exception(ENV, VALUE(1))); }

// Argument 1 is where, argument 2 what; with 3 the lengths of both are given.
SCENARIO(fatal) {
  size_t where = NAPI_AUTO_LENGTH, what = NAPI_AUTO_LENGTH;
  if (boolean(c, 3)) where = what = 4;
  napi_fatal_error(text(c, 1), where, text(c, 2), what);
}

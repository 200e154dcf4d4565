// What the guests of this directory share: each is an addon whose functions call one function of Node-API and say what
// came of it, so that a test can try every argument of it, on this host and, built natively, on Node itself.
//
// PROBE(name, signature) exports such a function. It is called with a number, which says what is tried (a bit for each
// parameter that is to be NULL, or PENDING), and with an argument for each parameter of the function after the
// environment; those for parameters that JavaScript does not supply are ignored. It returns [status, code and message
// of the last error, the exception or NONE, whatever the body shows]. A letter of the signature stands for a parameter:
//   e E  the environment; E: refused with napi_pending_exception while an exception is pending
//   v V  a value of JavaScript; V: may be NULL
//   s S  text or bytes that JavaScript supplies; S: may be NULL
//   n    a number or a boolean that JavaScript supplies
//   o O  where a result goes; O: may be NULL
//   p P  a pointer that the probe supplies; P: may be NULL
// SCENARIO(name) exports a function of several steps; it returns what its body shows.
#include <node_api.h>
#include <stdlib.h>
#include <string.h>

#define MAX_PARAMETERS 10
#define TEXT_SIZE 4096
#define PENDING (1u << 31)

typedef struct {
  napi_env env;
  napi_callback_info info;
  uint32_t control;
  napi_value argv[MAX_PARAMETERS + 1];
  napi_value report;
  uint32_t length;
  // Room for the text of each parameter.
  _Alignas(8) char text[MAX_PARAMETERS + 1][TEXT_SIZE];
} call;

typedef struct entry {
  const char *name;
  const char *signature;
  void (*body)(call *);
  struct entry *next;
} entry;

static entry *entries;

#define REGISTER(name, signature)                                              \
  static void body_##name(call *c);                                            \
  static entry entry_##name = {#name, signature, body_##name, NULL};           \
  __attribute__((constructor)) static void register_##name(void) {             \
    entry_##name.next = entries;                                               \
    entries = &entry_##name;                                                   \
  }                                                                            \
  static void body_##name(call *c)

#define PROBE(name, signature) REGISTER(name, signature)
#define SCENARIO(name) REGISTER(name, "")

#define POINTER(parameter, pointer) (c->control & (1u << (parameter)) ? NULL : (pointer))
#define ENV POINTER(0, c->env)
#define VALUE(parameter) POINTER(parameter, c->argv[parameter])
#define TEXT(parameter) POINTER(parameter, text(c, parameter))
#define TEXT16(parameter) POINTER(parameter, text16(c, parameter))

static inline void show(call *c, napi_value value) {
  if (value == NULL) napi_create_string_utf8(c->env, "NULL", NAPI_AUTO_LENGTH, &value);
  napi_set_element(c->env, c->report, c->length++, value);
}

static inline void show_number(call *c, double number) {
  napi_value value = NULL;
  napi_create_double(c->env, number, &value);
  show(c, value);
}

static inline void show_text(call *c, const char *text) {
  napi_value value = NULL;
  if (text != NULL) napi_create_string_latin1(c->env, text, NAPI_AUTO_LENGTH, &value);
  show(c, value);
}

/** Bytes as a string of as many characters. */
static inline void show_bytes(call *c, const void *bytes, size_t length) {
  napi_value value = NULL;
  napi_create_string_latin1(c->env, bytes, length, &value);
  show(c, value);
}

/** Shows the exception that is pending, which is none afterwards. */
static inline void show_exception(call *c) {
  bool pending = false;
  napi_value exception = NULL;
  napi_is_exception_pending(c->env, &pending);
  if (!pending) return show_text(c, "NONE");
  napi_get_and_clear_last_exception(c->env, &exception);
  show(c, exception);
}

/** Shows what a probe begins its report with. */
static inline void settle(call *c, napi_status status) {
  const napi_extended_error_info *info = NULL;
  napi_get_last_error_info(c->env, &info);
  // Node's own, which do not last.
  napi_status code = info->error_code;
  const char *message = info->error_message;
  napi_value exception = NULL;
  bool pending = false;
  napi_is_exception_pending(c->env, &pending);
  if (pending) napi_get_and_clear_last_exception(c->env, &exception);
  show_number(c, status);
  show_number(c, code);
  show_text(c, message);
  if (pending) show(c, exception);
  else show_text(c, "NONE");
}

#define CALL(expression) settle(c, (expression))
/** A step of a scenario: shows its status. */
#define STEP(expression) show_number(c, (expression))

static inline char *text(call *c, int parameter) {
  napi_get_value_string_utf8(c->env, c->argv[parameter], c->text[parameter], TEXT_SIZE, NULL);
  return c->text[parameter];
}

static inline char16_t *text16(call *c, int parameter) {
  char16_t *to = (char16_t *)c->text[parameter];
  napi_get_value_string_utf16(c->env, c->argv[parameter], to, TEXT_SIZE / 2, NULL);
  return to;
}

static inline int64_t integer(call *c, int parameter) {
  int64_t result = 0;
  napi_get_value_int64(c->env, c->argv[parameter], &result);
  return result;
}

static inline size_t size(call *c, int parameter) { return (size_t)integer(c, parameter); }

static inline double number(call *c, int parameter) {
  double result = 0;
  napi_get_value_double(c->env, c->argv[parameter], &result);
  return result;
}

static inline bool boolean(call *c, int parameter) {
  bool result = false;
  napi_get_value_bool(c->env, c->argv[parameter], &result);
  return result;
}

/** The elements of the array that is the argument for `parameter`; returns how many. */
static inline size_t elements(call *c, int parameter, napi_value *to, size_t room) {
  uint32_t length = 0;
  napi_get_array_length(c->env, c->argv[parameter], &length);
  for (size_t n = 0; n < length && n < room; n++) napi_get_element(c->env, c->argv[parameter], (uint32_t)n, &to[n]);
  return length;
}

/** Probes of functions that many have the shape of. */
#define VALUE_OF_VALUE(name, environment)                                      \
  PROBE(name, environment "vo") {                                              \
    napi_value result = NULL;                                                  \
    CALL(name(ENV, VALUE(1), POINTER(2, &result)));                            \
    show(c, result);                                                           \
  }
#define BOOLEAN_OF_VALUE(name, environment)                                    \
  PROBE(name, environment "vo") {                                              \
    bool result = false;                                                       \
    CALL(name(ENV, VALUE(1), POINTER(2, &result)));                            \
    show_number(c, result);                                                    \
  }
#define VALUE_OF_NOTHING(name)                                                 \
  PROBE(name, "eo") {                                                          \
    napi_value result = NULL;                                                  \
    CALL(name(ENV, POINTER(1, &result)));                                      \
    show(c, result);                                                           \
  }

static napi_value invoke(napi_env env, napi_callback_info info) {
  call *c = calloc(1, sizeof(call));
  size_t argc = MAX_PARAMETERS + 1;
  void *data = NULL;
  c->env = env;
  c->info = info;
  napi_get_cb_info(env, info, &argc, c->argv, NULL, &data);
  const entry *probe = data;
  napi_get_value_uint32(env, c->argv[0], &c->control);
  napi_create_array(env, &c->report);
  if (c->control & PENDING) napi_throw_error(env, "PENDING", "was pending before the call");
  probe->body(c);
  napi_value report = c->report;
  free(c);
  return report;
}

NAPI_MODULE_INIT() {
  for (const entry *probe = entries; probe != NULL; probe = probe->next) {
    napi_value function = NULL, signature = NULL;
    napi_create_function(env, probe->name, NAPI_AUTO_LENGTH, invoke, (void *)probe, &function);
    napi_create_string_utf8(env, probe->signature, NAPI_AUTO_LENGTH, &signature);
    napi_set_named_property(env, function, "signature", signature);
    napi_set_named_property(env, exports, probe->name, function);
  }
  // For tests that need one as an argument.
  napi_value external = NULL;
  napi_create_external(env, &entries, NULL, NULL, &external);
  napi_set_named_property(env, exports, "external", external);
  return exports;
}

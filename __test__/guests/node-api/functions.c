// Chapters "Working with JavaScript functions" and, of "Object wrap", the definition of classes.
#include "probe.h"

PROBE(napi_call_function, "EvvnPO") {
  napi_value arguments[MAX_PARAMETERS];
  elements(c, 4, arguments, MAX_PARAMETERS);
  napi_value result = NULL;
  CALL(napi_call_function(ENV, VALUE(1), VALUE(2), size(c, 3), POINTER(4, arguments), POINTER(5, &result)));
  show(c, result);
}

PROBE(napi_new_instance, "EvnPo") {
  napi_value arguments[MAX_PARAMETERS];
  elements(c, 3, arguments, MAX_PARAMETERS);
  napi_value result = NULL;
  CALL(napi_new_instance(ENV, VALUE(1), size(c, 2), POINTER(3, arguments), POINTER(4, &result)));
  show(c, result);
}

/** Returns [this, new.target, its data, how many arguments, the first four]. */
static napi_value reflect(napi_env env, napi_callback_info info) {
  size_t argc = 4;
  napi_value argv[4], self = NULL, target = NULL, result = NULL, value = NULL;
  void *data = NULL;
  napi_get_cb_info(env, info, &argc, argv, &self, &data);
  napi_get_new_target(env, info, &target);
  napi_create_array(env, &result);
  napi_set_element(env, result, 0, self);
  if (target == NULL) napi_get_null(env, &target);
  napi_set_element(env, result, 1, target);
  if (data != NULL) napi_create_int32(env, *(int *)data, &value);
  else napi_get_null(env, &value);
  napi_set_element(env, result, 2, value);
  napi_create_uint32(env, (uint32_t)argc, &value);
  napi_set_element(env, result, 3, value);
  for (uint32_t n = 0; n < 4; n++) napi_set_element(env, result, 4 + n, argv[n]);
  return result;
}

static int datum = 42;

PROBE(napi_create_function, "ESnpPo") {
  napi_value result = NULL;
  CALL(napi_create_function(ENV, TEXT(1), size(c, 2), POINTER(3, reflect), POINTER(4, &datum), POINTER(5, &result)));
  show(c, result);
}

// Of the call of the probe itself: argument 2 is how much room there is for arguments.
PROBE(napi_get_cb_info, "epnPPPP") {
  size_t argc = size(c, 2);
  napi_value argv[6] = {0}, self = NULL;
  void *data = NULL;
  CALL(napi_get_cb_info(ENV, POINTER(1, c->info), POINTER(3, &argc), POINTER(4, argv), POINTER(5, &self),
                        POINTER(6, &data)));
  show_number(c, (double)argc);
  for (int n = 0; n < 6; n++) {
    if (argv[n] == NULL) show_text(c, "untouched");
    else show(c, argv[n]);
  }
  show(c, self);
  show_number(c, data == &entry_napi_get_cb_info);
}

PROBE(napi_get_new_target, "epo") {
  napi_value result = NULL;
  CALL(napi_get_new_target(ENV, POINTER(1, c->info), POINTER(2, &result)));
  show(c, result);
}

/** The constructor of the class: keeps its argument. */
static napi_value construct(napi_env env, napi_callback_info info) {
  size_t argc = 1;
  napi_value self = NULL, argument = NULL, target = NULL;
  napi_get_cb_info(env, info, &argc, &argument, &self, NULL);
  napi_get_new_target(env, info, &target);
  if (target == NULL) {
    napi_throw_type_error(env, "ERR_NO_NEW", "must be called with new");
    return NULL;
  }
  napi_set_named_property(env, self, "kept", argument);
  return self;
}

static napi_value get_kept(napi_env env, napi_callback_info info) {
  napi_value self = NULL, result = NULL;
  napi_get_cb_info(env, info, NULL, NULL, &self, NULL);
  napi_get_named_property(env, self, "kept", &result);
  return result;
}

static napi_value set_kept(napi_env env, napi_callback_info info) {
  size_t argc = 1;
  napi_value self = NULL, argument = NULL;
  napi_get_cb_info(env, info, &argc, &argument, &self, NULL);
  napi_set_named_property(env, self, "kept", argument);
  return NULL;
}

static napi_value method(napi_env env, napi_callback_info info) {
  return reflect(env, info);
}

// Parameters: name, its length, (constructor), (data), how many properties, (the properties), (result), a value.
PROBE(napi_define_class, "EsnpPnpon") {
  const napi_property_descriptor properties[] = {
      {"method", NULL, method, NULL, NULL, NULL, napi_default_method, &datum},
      {"fixed", NULL, method, NULL, NULL, NULL, napi_default, NULL},
      {"both", NULL, NULL, get_kept, set_kept, NULL, napi_enumerable, NULL},
      {"read", NULL, NULL, get_kept, NULL, NULL, napi_configurable, NULL},
      {"write", NULL, NULL, NULL, set_kept, NULL, napi_default, NULL},
      {"onPrototype", NULL, NULL, NULL, NULL, c->argv[8], napi_default_jsproperty, NULL},
      {"staticMethod", NULL, method, NULL, NULL, NULL, napi_static | napi_default_method, &datum},
      {"staticValue", NULL, NULL, NULL, NULL, c->argv[8], napi_static | napi_enumerable, NULL},
      {"staticBoth", NULL, NULL, get_kept, set_kept, NULL, napi_static, NULL},
  };
  napi_value result = NULL;
  CALL(napi_define_class(ENV, TEXT(1), size(c, 2), POINTER(3, construct), POINTER(4, &datum), size(c, 5),
                         POINTER(6, properties), POINTER(7, &result)));
  show(c, result);
}

static napi_value throws(napi_env env, napi_callback_info info) {
  (void)info;
  napi_throw_error(env, "ERR_MINE", "thrown by the callback");
  napi_value ignored = NULL;
  napi_create_int32(env, 1, &ignored);
  return ignored;
}

static napi_value returns_nothing(napi_env env, napi_callback_info info) {
  (void)env;
  (void)info;
  return NULL;
}

// Calls its argument with itself and a number that counts down: frames of both languages, one above the other.
static napi_value recurse(napi_env env, napi_callback_info info) {
  size_t argc = 2;
  napi_value argv[3], result = NULL;
  napi_get_cb_info(env, info, &argc, argv, NULL, NULL);
  int32_t depth = 0;
  napi_get_value_int32(env, argv[1], &depth);
  napi_value number = NULL;
  napi_create_int32(env, depth - 1, &number);
  if (depth == 0) return number;
  argv[1] = number;
  napi_value undefined = NULL;
  napi_get_undefined(env, &undefined);
  napi_call_function(env, undefined, argv[0], 2, argv, &result);
  return result;
}

SCENARIO(callbacks) {
  const napi_callback all[] = {reflect, throws, returns_nothing, recurse};
  const char *names[] = {"reflect", "throws", "returnsNothing", "recurse"};
  for (int n = 0; n < 4; n++) {
    napi_value function = NULL;
    STEP(napi_create_function(c->env, names[n], NAPI_AUTO_LENGTH, all[n], NULL, &function));
    show(c, function);
  }
}

// What a function of JavaScript throws can be taken, and the next call is none the worse.
SCENARIO(catches) {
  napi_value undefined = NULL, result = NULL;
  napi_get_undefined(c->env, &undefined);
  CALL(napi_call_function(c->env, undefined, c->argv[1], 0, NULL, &result));
  show(c, result);
  CALL(napi_call_function(c->env, undefined, c->argv[2], 0, NULL, &result));
  show(c, result);
}

// What it throws goes on, if nobody takes it.
SCENARIO(lets_pass) {
  napi_value undefined = NULL;
  napi_get_undefined(c->env, &undefined);
  napi_call_function(c->env, undefined, c->argv[1], 0, NULL, NULL);
}

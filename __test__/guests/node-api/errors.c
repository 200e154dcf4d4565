// Chapter "Error handling".
#include "probe.h"

PROBE(napi_get_last_error_info, "eo") {
  const napi_extended_error_info *info = NULL;
  CALL(napi_get_last_error_info(ENV, POINTER(1, &info)));
  show_number(c, info != NULL);
}

PROBE(napi_throw, "Ev") { CALL(napi_throw(ENV, VALUE(1))); }

#define THROW(name)                                                            \
  PROBE(name, "ESs") { CALL(name(ENV, TEXT(1), TEXT(2))); }
THROW(napi_throw_error)
THROW(napi_throw_type_error)
THROW(napi_throw_range_error)
THROW(node_api_throw_syntax_error)

#define CREATE(name)                                                           \
  PROBE(name, "eVvo") {                                                        \
    napi_value result = NULL;                                                  \
    CALL(name(ENV, VALUE(1), VALUE(2), POINTER(3, &result)));                  \
    show(c, result);                                                           \
  }
CREATE(napi_create_error)
CREATE(napi_create_type_error)
CREATE(napi_create_range_error)
CREATE(node_api_create_syntax_error)

BOOLEAN_OF_VALUE(napi_is_error, "e")

PROBE(napi_is_exception_pending, "eo") {
  bool result = false;
  napi_status status = napi_is_exception_pending(ENV, POINTER(1, &result));
  CALL(status);
  show_number(c, result);
}

// Shown before the report of the call is made, which would take the exception.
PROBE(napi_get_and_clear_last_exception, "eo") {
  napi_value result = NULL;
  napi_status status = napi_get_and_clear_last_exception(ENV, POINTER(1, &result));
  bool pending = true;
  napi_is_exception_pending(c->env, &pending);
  CALL(status);
  show(c, result);
  show_number(c, pending);
}

// What each status is called, by calls that end with it.
SCENARIO(last_errors) {
  napi_value number = NULL, object = NULL, result = NULL;
  napi_deferred deferred = NULL;
  bool flag = false;
  int64_t integer = 0;
  double time = 0;
  size_t length = 0;
  void *data = NULL;
  napi_create_int32(c->env, 1, &number);
  napi_create_object(c->env, &object);
  CALL(napi_get_undefined(c->env, NULL));
  CALL(napi_get_prototype(c->env, c->argv[1], &result));
  CALL(napi_get_value_string_utf8(c->env, number, NULL, 0, &length));
  CALL(napi_has_own_property(c->env, object, number, &flag));
  CALL(napi_call_function(c->env, object, object, 0, NULL, &result));
  CALL(napi_get_value_double(c->env, object, &time));
  CALL(napi_get_value_bool(c->env, number, &flag));
  CALL(napi_get_array_length(c->env, number, &(uint32_t){0}));
  CALL(napi_get_value_bigint_int64(c->env, number, &integer, &flag));
  CALL(napi_get_date_value(c->env, number, &time));
  CALL(napi_detach_arraybuffer(c->env, number));
  CALL(napi_get_arraybuffer_info(c->env, number, &data, &length));
  CALL(napi_create_promise(c->env, &deferred, &result));
  CALL(napi_resolve_deferred(c->env, deferred, number));
}

// The information stays what it was while it is asked for, and is that of the last call that says so.
SCENARIO(last_error_lasts) {
  napi_value number = NULL;
  const napi_extended_error_info *info = NULL, *again = NULL;
  bool flag = false;
  napi_create_int32(c->env, 1, &number);
  napi_get_value_bool(c->env, number, &flag);
  STEP(napi_get_last_error_info(c->env, &info));
  STEP(napi_get_last_error_info(c->env, &again));
  show_number(c, info == again);
  show_number(c, again->error_code);
  show_text(c, again->error_message);
  show_number(c, again->engine_error_code);
  show_number(c, again->engine_reserved == NULL);
  napi_get_undefined(c->env, &number);
  STEP(napi_get_last_error_info(c->env, &again));
  show_number(c, again->error_code);
}

// While an exception is pending, what needs JavaScript is refused, what does not is done.
SCENARIO(while_pending) {
  napi_value object = NULL, key = NULL, result = NULL;
  napi_create_object(c->env, &object);
  STEP(napi_throw_range_error(c->env, NULL, "the first"));
  STEP(napi_throw_error(c->env, NULL, "the second"));
  STEP(napi_create_string_utf8(c->env, "key", NAPI_AUTO_LENGTH, &key));
  STEP(napi_set_property(c->env, object, key, key));
  STEP(napi_get_property(c->env, object, key, &result));
  STEP(napi_create_object(c->env, &result));
  show_exception(c);
  STEP(napi_set_property(c->env, object, key, key));
  show(c, object);
  show_exception(c);
}

// Ends with its argument thrown: what the caller gets.
SCENARIO(throws) { napi_throw(c->env, c->argv[1]); }

// Ends with an error thrown that has a code and a message.
SCENARIO(throws_error) { node_api_throw_syntax_error(c->env, "ERR_CODE", "a message"); }

// Chapter "Working with JavaScript properties".
#include "probe.h"

VALUE_OF_VALUE(napi_get_prototype, "E")
VALUE_OF_VALUE(napi_get_property_names, "E")

PROBE(napi_get_all_property_names, "Evnnno") {
  napi_value result = NULL;
  CALL(napi_get_all_property_names(ENV, VALUE(1), (napi_key_collection_mode)integer(c, 2),
                                   (napi_key_filter)integer(c, 3),
                                   (napi_key_conversion)integer(c, 4), POINTER(5, &result)));
  show(c, result);
}

PROBE(napi_set_property, "Evvv") { CALL(napi_set_property(ENV, VALUE(1), VALUE(2), VALUE(3))); }

PROBE(napi_get_property, "Evvo") {
  napi_value result = NULL;
  CALL(napi_get_property(ENV, VALUE(1), VALUE(2), POINTER(3, &result)));
  show(c, result);
}

#define BOOLEAN_OF_PROPERTY(name, result_kind)                                 \
  PROBE(name, "Evv" result_kind) {                                             \
    bool result = false;                                                       \
    CALL(name(ENV, VALUE(1), VALUE(2), POINTER(3, &result)));                  \
    show_number(c, result);                                                    \
  }
BOOLEAN_OF_PROPERTY(napi_has_property, "o")
BOOLEAN_OF_PROPERTY(napi_has_own_property, "o")
BOOLEAN_OF_PROPERTY(napi_delete_property, "O")

PROBE(napi_set_named_property, "Evsv") { CALL(napi_set_named_property(ENV, VALUE(1), TEXT(2), VALUE(3))); }

PROBE(napi_get_named_property, "Evso") {
  napi_value result = NULL;
  CALL(napi_get_named_property(ENV, VALUE(1), TEXT(2), POINTER(3, &result)));
  show(c, result);
}

PROBE(napi_has_named_property, "Evso") {
  bool result = false;
  CALL(napi_has_named_property(ENV, VALUE(1), TEXT(2), POINTER(3, &result)));
  show_number(c, result);
}

PROBE(napi_set_element, "Evnv") { CALL(napi_set_element(ENV, VALUE(1), (uint32_t)integer(c, 2), VALUE(3))); }

PROBE(napi_get_element, "Evno") {
  napi_value result = NULL;
  CALL(napi_get_element(ENV, VALUE(1), (uint32_t)integer(c, 2), POINTER(3, &result)));
  show(c, result);
}

#define BOOLEAN_OF_ELEMENT(name, result_kind)                                  \
  PROBE(name, "Evn" result_kind) {                                             \
    bool result = false;                                                       \
    CALL(name(ENV, VALUE(1), (uint32_t)integer(c, 2), POINTER(3, &result)));   \
    show_number(c, result);                                                    \
  }
BOOLEAN_OF_ELEMENT(napi_has_element, "o")
BOOLEAN_OF_ELEMENT(napi_delete_element, "O")

PROBE(napi_object_freeze, "Ev") { CALL(napi_object_freeze(ENV, VALUE(1))); }
PROBE(napi_object_seal, "Ev") { CALL(napi_object_seal(ENV, VALUE(1))); }

static napi_value one_more(napi_env env, napi_callback_info info) {
  size_t argc = 1;
  napi_value argument = NULL, result = NULL;
  void *data = NULL;
  napi_get_cb_info(env, info, &argc, &argument, NULL, &data);
  int32_t value = 0;
  napi_get_value_int32(env, argument, &value);
  napi_create_int32(env, value + *(int32_t *)data, &result);
  return result;
}

// A property whose getter and setter keep its value on the object, as `kept`.
static napi_value get_kept(napi_env env, napi_callback_info info) {
  napi_value self = NULL, result = NULL;
  napi_get_cb_info(env, info, NULL, NULL, &self, NULL);
  napi_get_named_property(env, self, "kept", &result);
  return result;
}

static napi_value set_kept(napi_env env, napi_callback_info info) {
  size_t argc = 1;
  napi_value self = NULL, value = NULL;
  napi_get_cb_info(env, info, &argc, &value, &self, NULL);
  napi_set_named_property(env, self, "kept", value);
  return NULL;
}

static int32_t step = 10;

// Parameters: object, how many properties, (the properties), the value of one, the name of one, attributes of all.
PROBE(napi_define_properties, "Evnpvvn") {
  napi_property_attributes attributes = (napi_property_attributes)integer(c, 6);
  const napi_property_descriptor properties[] = {
      {"value", NULL, NULL, NULL, NULL, VALUE(4), attributes, NULL},
      {NULL, VALUE(5), NULL, NULL, NULL, c->argv[4], attributes, NULL},
      {"method", NULL, one_more, NULL, NULL, NULL, attributes, &step},
      {"both", NULL, NULL, get_kept, set_kept, NULL, attributes, NULL},
      {"read", NULL, NULL, get_kept, NULL, NULL, attributes, NULL},
      {"write", NULL, NULL, NULL, set_kept, NULL, attributes, NULL},
  };
  CALL(napi_define_properties(ENV, VALUE(1), size(c, 2), POINTER(3, properties)));
}

// A descriptor whose name is a number.
SCENARIO(wrong_name) {
  napi_value object = NULL, number = NULL;
  STEP(napi_create_object(c->env, &object));
  STEP(napi_create_double(c->env, 1, &number));
  napi_property_descriptor property = {NULL, number, NULL, NULL, NULL, number, napi_default, NULL};
  CALL(napi_define_properties(c->env, object, 1, &property));
  show(c, object);
}

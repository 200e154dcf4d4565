// Chapters "Object wrap" (without the definition of classes) and "External": what an object of JavaScript carries for
// the guest. When it is let go of is the matter of lifetime.c.
#include "probe.h"

static int finalized;
static void count_finalized(napi_env env, void *data, void *hint) {
  (void)env;
  (void)data;
  (void)hint;
  finalized++;
}

static int data_of_object = 5;

PROBE(napi_wrap, "EvPPPO") {
  napi_ref reference = NULL;
  CALL(napi_wrap(ENV, VALUE(1), POINTER(2, &data_of_object), POINTER(3, count_finalized), POINTER(4, &finalized),
                 POINTER(5, &reference)));
  show_number(c, reference != NULL);
  void *data = NULL;
  if (napi_unwrap(c->env, c->argv[1], &data) == napi_ok) show_number(c, data == &data_of_object);
}

PROBE(napi_unwrap, "Evo") {
  void *data = NULL;
  CALL(napi_unwrap(ENV, VALUE(1), POINTER(2, &data)));
  show_number(c, data == &data_of_object);
}

PROBE(napi_remove_wrap, "EvO") {
  void *data = NULL;
  CALL(napi_remove_wrap(ENV, VALUE(1), POINTER(2, &data)));
  show_number(c, data == &data_of_object);
}

PROBE(napi_add_finalizer, "evPpPO") {
  napi_ref reference = NULL;
  CALL(napi_add_finalizer(ENV, VALUE(1), POINTER(2, &data_of_object), POINTER(3, count_finalized), POINTER(4, &finalized),
                          POINTER(5, &reference)));
  show_number(c, reference != NULL);
}

PROBE(napi_create_external, "EPPPo") {
  napi_value result = NULL;
  CALL(napi_create_external(ENV, POINTER(1, &data_of_object), POINTER(2, count_finalized), POINTER(3, &finalized), POINTER(4, &result)));
  show(c, result);
}

PROBE(napi_get_value_external, "evo") {
  void *data = NULL;
  CALL(napi_get_value_external(ENV, VALUE(1), POINTER(2, &data)));
  show_number(c, data == &entries);
}

static const napi_type_tag tags[] = {
    {0x0123456789abcdef, 0xfedcba9876543210}, {0x0123456789abcdef, 0xfedcba9876543211}, {0, 0}, {UINT64_MAX, UINT64_MAX}};

PROBE(napi_type_tag_object, "Evpn") {
  CALL(napi_type_tag_object(ENV, VALUE(1), POINTER(2, &tags[integer(c, 3)])));
}

PROBE(napi_check_object_type_tag, "Evpon") {
  bool result = false;
  CALL(napi_check_object_type_tag(ENV, VALUE(1), POINTER(2, &tags[integer(c, 4)]), POINTER(3, &result)));
  show_number(c, result);
}

// Wraps its argument, looks, wraps again, takes the wrap off, looks, and wraps with other data.
SCENARIO(wrapping) {
  napi_value object = c->argv[1];
  void *data = NULL;
  int other = 6;
  STEP(napi_wrap(c->env, object, &data_of_object, NULL, NULL, NULL));
  STEP(napi_unwrap(c->env, object, &data));
  show_number(c, data == &data_of_object);
  CALL(napi_wrap(c->env, object, &other, NULL, NULL, NULL));
  STEP(napi_remove_wrap(c->env, object, &data));
  show_number(c, data == &data_of_object);
  CALL(napi_unwrap(c->env, object, &data));
  CALL(napi_remove_wrap(c->env, object, NULL));
  STEP(napi_wrap(c->env, object, &other, NULL, NULL, NULL));
  STEP(napi_unwrap(c->env, object, &data));
  show_number(c, data == &other);
  STEP(napi_remove_wrap(c->env, object, NULL));
}

// A wrap with a reference: the reference shows the object, and is the guest's to delete.
SCENARIO(wrap_reference) {
  napi_ref reference = NULL;
  napi_value value = NULL;
  uint32_t count = 77;
  STEP(napi_wrap(c->env, c->argv[1], &data_of_object, count_finalized, NULL, &reference));
  STEP(napi_get_reference_value(c->env, reference, &value));
  show(c, value);
  STEP(napi_reference_ref(c->env, reference, &count));
  show_number(c, count);
  STEP(napi_reference_unref(c->env, reference, &count));
  show_number(c, count);
  STEP(napi_remove_wrap(c->env, c->argv[1], NULL));
  STEP(napi_delete_reference(c->env, reference));
}

// Several finalizers on one object, which also has a wrap.
SCENARIO(finalizers_of_one) {
  for (int n = 0; n < 3; n++) STEP(napi_add_finalizer(c->env, c->argv[1], NULL, count_finalized, NULL, NULL));
  STEP(napi_wrap(c->env, c->argv[1], &data_of_object, count_finalized, NULL, NULL));
}

// A tag can be put once, and only whoever knows it finds it.
SCENARIO(tagging) {
  bool found = true;
  STEP(napi_check_object_type_tag(c->env, c->argv[1], &tags[0], &found));
  show_number(c, found);
  STEP(napi_type_tag_object(c->env, c->argv[1], &tags[0]));
  for (int n = 0; n < 4; n++) {
    STEP(napi_check_object_type_tag(c->env, c->argv[1], &tags[n], &found));
    show_number(c, found);
  }
  CALL(napi_type_tag_object(c->env, c->argv[1], &tags[1]));
}

// Externals with data of their own and with none.
SCENARIO(externals) {
  napi_value external = NULL;
  void *data = c;
  STEP(napi_create_external(c->env, &finalized, NULL, NULL, &external));
  STEP(napi_get_value_external(c->env, external, &data));
  show_number(c, data == &finalized);
  STEP(napi_create_external(c->env, NULL, NULL, NULL, &external));
  STEP(napi_get_value_external(c->env, external, &data));
  show_number(c, data == NULL);
}

/* A provider plugin in plain C11, and many ways to get a call wrong.
 *
 * The provider option "do" picks what is wrong. Without it this is a correct plugin that answers
 * "hello". (What can be wrong with a file is in hostile_plugin.c.)
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cartpilot/abi.h"
#include "cartpilot/detail/manifest_note.h"

#ifndef ID
#define ID "rogue"
#endif
#ifndef FACTORY
#define FACTORY ID
#endif

#define TEXT(literal) \
  (cp_bytes) { (literal), sizeof(literal) - 1 }

struct instance {
  char behaviour[32];
  const cp_sink* kept;
};

static const char kHello[] = "{\"type\":\"text_delta\",\"text\":\"hello\"}";
static const char kFinish[] = "{\"type\":\"finish\",\"reason\":\"stop\"}";

static void say_hello(const cp_sink* out) {
  out->emit(out->ctx, CP_EMIT_DELTA, TEXT(kHello));
  out->emit(out->ctx, CP_EMIT_DELTA, TEXT(kFinish));
}

/* Finds "do":"..." without a JSON parser. */
static void read_behaviour(struct instance* self, cp_bytes config) {
  static const char key[] = "\"do\":\"";
  char text[4096];
  size_t length = config.len < sizeof(text) - 1 ? (size_t)config.len : sizeof(text) - 1;
  memcpy(text, config.ptr, length);
  text[length] = '\0';
  const char* begin = strstr(text, key);
  if (begin == NULL) return;
  begin += sizeof(key) - 1;
  size_t i = 0;
  while (begin[i] != '"' && begin[i] != '\0' && i + 1 < sizeof(self->behaviour)) {
    self->behaviour[i] = begin[i];
    ++i;
  }
  self->behaviour[i] = '\0';
}

static int is(const struct instance* self, const char* behaviour) {
  return strcmp(self->behaviour, behaviour) == 0;
}

static void* create(cp_bytes factory, cp_bytes config, const cp_sink* err) {
  struct instance* self = calloc(1, sizeof(*self));
  (void)factory;
  if (self == NULL) return NULL;
  read_behaviour(self, config);
  if (is(self, "create-silent") || is(self, "create-rubbish") || is(self, "create-fails")) {
    if (is(self, "create-rubbish")) err->emit(err->ctx, CP_EMIT_ERROR, TEXT("rubbish"));
    if (is(self, "create-fails")) {
      err->emit(err->ctx, CP_EMIT_ERROR,
                TEXT("{\"code\":\"unauthenticated\",\"message\":\"ROGUE_KEY is not set\"}"));
    }
    free(self);
    return NULL;
  }
  return self;
}

static void destroy(void* self) { free(self); }

static void* emit_hello(void* sink) {
  say_hello(sink);
  return NULL;
}

static int32_t chat_many(const cp_sink* out, int events) {
  for (int i = 0; i < events; ++i) {
    if (out->emit(out->ctx, CP_EMIT_DELTA, TEXT(kHello)) != 0) return CP_CANCELLED;
  }
  out->emit(out->ctx, CP_EMIT_DELTA, TEXT(kFinish));
  return CP_OK;
}

static int32_t chat_filled(const cp_sink* out, int32_t kind, size_t length, char fill) {
  char* text = malloc(length);
  if (text == NULL) return CP_INTERNAL;
  memset(text, fill, length);
  out->emit(out->ctx, kind, (cp_bytes){text, length});
  free(text);
  return CP_OK;
}

static int32_t chat(void* instance, const cp_call* call, cp_bytes request, const cp_sink* out) {
  struct instance* self = instance;
  (void)request;
  if (is(self, "both")) {
    out->emit(out->ctx, CP_EMIT_RESULT, TEXT("{}"));
    out->emit(out->ctx, CP_EMIT_ERROR, TEXT("{\"code\":\"internal\",\"message\":\"no\"}"));
    return CP_INTERNAL;
  }
  if (is(self, "two-results")) {
    out->emit(out->ctx, CP_EMIT_RESULT, TEXT("{}"));
    out->emit(out->ctx, CP_EMIT_RESULT, TEXT("{}"));
    return CP_OK;
  }
  if (is(self, "error-and-ok")) {
    out->emit(out->ctx, CP_EMIT_ERROR, TEXT("{\"code\":\"internal\",\"message\":\"no\"}"));
    return CP_OK;
  }
  if (is(self, "unknown-status")) {
    out->emit(out->ctx, CP_EMIT_ERROR,
              TEXT("{\"code\":\"on_holiday\",\"message\":\"come back in August\"}"));
    return 77;
  }
  if (is(self, "silent-failure")) return CP_UNAVAILABLE;
  if (is(self, "two-errors")) {
    out->emit(out->ctx, CP_EMIT_ERROR, TEXT("{\"code\":\"internal\",\"message\":\"a\"}"));
    out->emit(out->ctx, CP_EMIT_ERROR, TEXT("{\"code\":\"internal\",\"message\":\"b\"}"));
    return CP_INTERNAL;
  }
  if (is(self, "huge-error")) {
    chat_filled(out, CP_EMIT_ERROR, 9000, 'x');
    return CP_INTERNAL;
  }
  if (is(self, "huge-delta")) return chat_filled(out, CP_EMIT_DELTA, (16U << 20) + 1, 'x');
  if (is(self, "deep-delta")) return chat_filled(out, CP_EMIT_DELTA, 100000, '[');
  if (is(self, "not-json")) return chat_filled(out, CP_EMIT_DELTA, 10, '}');
  if (is(self, "many")) return chat_many(out, 1000);
  if (is(self, "invalid-utf8")) {
    out->emit(out->ctx, CP_EMIT_DELTA, TEXT("{\"type\":\"text_delta\",\"text\":\"\xff\xfe\"}"));
    return CP_OK;
  }
  if (is(self, "unknown-event")) {
    out->emit(out->ctx, CP_EMIT_DELTA, TEXT("{\"type\":\"dance\"}"));
    return CP_OK;
  }
  if (is(self, "no-finish")) {
    out->emit(out->ctx, CP_EMIT_DELTA, TEXT(kHello));
    return CP_OK;
  }
  if (is(self, "after-finish")) {
    say_hello(out);
    out->emit(out->ctx, CP_EMIT_DELTA, TEXT(kHello));
    return CP_OK;
  }
  if (is(self, "other-thread")) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, emit_hello, (void*)out) != 0) return CP_INTERNAL;
    pthread_join(thread, NULL);
    return CP_OK;
  }
  if (is(self, "late")) {
    /* Speaks through the sink of the call before, then correctly. */
    if (self->kept != NULL) {
      self->kept->emit(self->kept->ctx, CP_EMIT_ERROR, TEXT("{\"code\":\"internal\"}"));
      say_hello(self->kept);
    }
    self->kept = out;
  }
  if (is(self, "wait")) {
    while (!call->cancelled(call->ctx)) {
    }
    out->emit(out->ctx, CP_EMIT_ERROR, TEXT("{\"code\":\"cancelled\",\"message\":\"stopped\"}"));
    return CP_CANCELLED;
  }
  if (is(self, "log")) {
    out->emit(out->ctx, CP_EMIT_LOG, TEXT("one line\nwith \033[31mcolour"));
    out->emit(out->ctx, 4711, TEXT("a kind from the future"));
  }
  say_hello(out);
  return CP_OK;
}

/* The shortest table that works: models and everything after chat are left out. */
static const cp_provider_v1 table = {
    .struct_size = offsetof(cp_provider_v1, info),
    .create = create,
    .destroy = destroy,
    .chat = chat,
};

static const void* query(const char* interface_id) {
  return strcmp(interface_id, CP_PROVIDER) == 0 ? &table : NULL;
}

static int32_t init(const cp_host* host, const cp_sink* err) {
  (void)host;
  (void)err;
  puts("rogue: init prints to standard output");
  return CP_OK;
}

#define MANIFEST                                                                    \
  "{\"schema\":1,\"id\":\"" ID                                                      \
  "\",\"version\":\"1.0\",\"abi\":{\"epoch\":1},"                                   \
  "\"provides\":[{\"interface\":\"cartpilot.provider/1\",\"factories\":[\"" FACTORY \
  "\"]},{\"interface\":\"org.example.other/7\",\"factories\":[\"x\"]}],\"env\":[]}"

CARTPILOT_NOTE(MANIFEST);

static const cp_plugin plugin = {
    .magic = CP_MAGIC,
    .struct_size = sizeof(cp_plugin),
    .epoch = CP_EPOCH,
    .revision = CP_REVISION,
    .manifest = {cartpilot_note.text, sizeof(MANIFEST) - 1},
    .init = init,
    .query = query,
};

__attribute__((constructor)) static void greet(void) {
  puts("rogue: a constructor prints to standard output");
}

__attribute__((visibility("default"))) const cp_plugin* cartpilot_plugin_entry(uint32_t epoch,
                                                                               uint32_t revision);
const cp_plugin* cartpilot_plugin_entry(uint32_t epoch, uint32_t revision) {
  (void)epoch;
  (void)revision;
  return &plugin;
}

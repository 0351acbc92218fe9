/* A tool set in plain C that is right in everything but one thing.
 *
 * WRONG, set by the build, is the number of the check that it must fail (see CMakeLists.txt); with
 * NOTHING it is a good plugin.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

#include "cartpilot/abi.h"
#include "cartpilot/detail/manifest_note.h"
#include "wrong_names.h"

#define TEXT(literal) \
  (cp_bytes) { (literal), sizeof(literal) - 1 }

#if WRONG == MANIFEST_SCHEMA
#define SCHEMA "2"
#else
#define SCHEMA "1"
#endif
#if WRONG == ID_FORM
#define ID "cartpilot-wrong"
#else
#define ID "wrong"
#endif
#if WRONG == VERSION_SEMVER
#define VERSION "1"
#else
#define VERSION "1.0.0"
#endif
#if WRONG == DECLARED_INTERFACES_PRESENT
#define MORE_INTERFACES ",{\"interface\":\"cartpilot.provider/1\",\"factories\":[\"wrong\"]}"
#else
#define MORE_INTERFACES ""
#endif
#if WRONG == HOST_ACCEPTS
#define REQUIRES "\"requires\":[\"cartpilot.host.teleport/1\"],"
#else
#define REQUIRES ""
#endif

#define MANIFEST                                                                   \
  "{\"schema\":" SCHEMA ",\"id\":\"" ID "\",\"version\":\"" VERSION                \
  "\",\"abi\":{\"epoch\":1},\"provides\":[{\"interface\":\"cartpilot.toolset/1\"," \
  "\"factories\":[\"wrong\"]}" MORE_INTERFACES "]," REQUIRES "\"env\":[],\"concurrent\":true}"

#if WRONG == NOTE_PRESENT
static const struct {
  const char* text;
  uint32_t text_size;
} cartpilot_note = {MANIFEST, sizeof(MANIFEST) - 1};
#else
CARTPILOT_NOTE(MANIFEST);
#endif

#if WRONG == SIZE
static const char padding[21 << 20] __attribute__((used)) = {1};
#endif
#if WRONG == NO_TEXTREL
__asm__(".text\n.quad wrong_marker\n.data\nwrong_marker: .quad 0\n.text\n");
#endif
#if WRONG == GNU_UNIQUE_COUNT
__asm__(
    ".data\n.globl wrong_unique\n.type wrong_unique, %gnu_unique_object\n.size wrong_unique, 8\n"
    "wrong_unique: .quad 7\n.text\n");
#endif
#if WRONG == EXPORTS_ONLY_ENTRY
__attribute__((visibility("default"))) int wrong_export = 1;
#endif
#if WRONG == NO_UNDEFINED_HOST_SYMBOLS
/* Of the C++ library, which every cartpilot has loaded and a plugin in C does not name. */
char* __cxa_demangle(const char* name, char* buffer, size_t* length, int* status);
char* (*const wrong_borrowed)(const char*, char*, size_t*,
                              int*)__attribute__((used)) = __cxa_demangle;
#endif
#if WRONG == GLIBC_FLOOR
int cartpilot_symbol_of_the_future(void);
int (*const wrong_future)(void) __attribute__((used)) = cartpilot_symbol_of_the_future;
#endif
void wrong_throw(void);

struct instance {
  const cp_sink* kept;
  int failed;
};

static int living;
static int busy;

static int32_t fail(const cp_sink* out, int32_t status, cp_bytes error) {
  out->emit(out->ctx, CP_EMIT_ERROR, error);
  return status;
}

static int equal(cp_bytes text, const char* word) {
  return text.len == strlen(word) && memcmp(text.ptr, word, text.len) == 0;
}

static void* create(cp_bytes factory, cp_bytes config, const cp_sink* err) {
  if (WRONG != CREATE_UNKNOWN_FACTORY && !equal(factory, "wrong")) {
    fail(err, CP_NOT_FOUND, TEXT("{\"code\":\"not_found\",\"message\":\"no such factory\"}"));
    return NULL;
  }
  if (WRONG == CREATE_EMPTY_CONFIG && equal(config, "{}")) {
    fail(err, CP_PROTOCOL, TEXT("{\"code\":\"protocol\",\"message\":\"where is my config\"}"));
    return NULL;
  }
  if (WRONG == CREATE_BAD_JSON && equal(config, "{")) return NULL;
  if (WRONG == TWO_INSTANCES && living > 0) {
    fail(err, CP_INTERNAL, TEXT("{\"code\":\"internal\",\"message\":\"one is enough\"}"));
    return NULL;
  }
  if (WRONG == CREATE_DESTROY_100 && open("/dev/null", O_RDONLY) < 0) return NULL;
  if (WRONG == SILENT_ON_STDOUT) puts("hello from the wrong plugin");
  ++living;
  return calloc(1, sizeof(struct instance));
}

static void destroy(void* self) {
  struct instance* instance = self;
  if (WRONG == DESTROY_AFTER_ERROR && instance->failed) abort();
  if (WRONG == NO_CALLBACK_AFTER_DESTROY && instance->kept != NULL) {
    instance->kept->emit(instance->kept->ctx, CP_EMIT_LOG, TEXT("farewell"));
  }
  --living;
  free(instance);
}

static int32_t list(void* self, const cp_sink* out) {
  static int count;
  char text[600];
  (void)self;
  if (WRONG == TOOL_LIST_VALID) {
    out->emit(out->ctx, CP_EMIT_RESULT, TEXT("[]"));
    return CP_OK;
  }
  const int length =
      snprintf(text, sizeof(text),
               "[{\"name\":\"%s\",\"description\":\"%s%s\",\"parameters\":{\"type\":\"object\","
               "\"required\":[\"%s\"],\"properties\":{\"text\":{\"type\":\"string\"}}}%s}]",
               WRONG == TOOL_NAMES ? "9 lives" : "wrong_tool",
               WRONG == TOOL_DESCRIPTIONS ? "" : "Does what it should.",
               WRONG == TOOL_LIST_STABLE && count++ % 2 ? " Or not." : "",
               WRONG == TOOL_SCHEMAS ? "nothing" : "text",
               WRONG == TOOL_EFFECTS ? "" : ",\"effect\":\"read\"");
  out->emit(out->ctx, CP_EMIT_RESULT, (cp_bytes){text, (uint64_t)length});
  return CP_OK;
}

static void* log_from_thread(void* sink) {
  const cp_sink* out = sink;
  out->emit(out->ctx, CP_EMIT_LOG, TEXT("from another thread"));
  return NULL;
}

static int32_t call_unknown(struct instance* self, cp_bytes tool, const cp_sink* out) {
  self->failed = 1;
  if (WRONG == EXCEPTION_CONTAINED && equal(tool, "\xff\xfe")) wrong_throw();
  if (WRONG == CALL_UNKNOWN_TOOL && equal(tool, "there_is_no_such_tool")) {
    out->emit(out->ctx, CP_EMIT_RESULT, TEXT("{\"ok\":true,\"content\":{}}"));
    return CP_OK;
  }
  if (WRONG == ERROR_ON_NONZERO_STATUS && equal(tool, "no_such_tool")) return CP_NOT_FOUND;
  if (WRONG == NEVER_BOTH_RESULT_AND_ERROR && equal(tool, "no_such_tool")) {
    out->emit(out->ctx, CP_EMIT_RESULT, TEXT("{\"ok\":true,\"content\":{}}"));
  }
  return fail(out, CP_NOT_FOUND, TEXT("{\"code\":\"not_found\",\"message\":\"no such tool\"}"));
}

static int32_t call(void* instance, const cp_call* context, cp_bytes tool, cp_bytes arguments,
                    const cp_sink* out) {
  struct instance* self = instance;
  (void)context;
  if (WRONG == EMIT_ONLY_DURING_CALL && self->kept != NULL) {
    self->kept->emit(self->kept->ctx, CP_EMIT_LOG, TEXT("one more thing"));
  }
  self->kept = out;
  if (!equal(tool, WRONG == TOOL_NAMES ? "9 lives" : "wrong_tool")) {
    return call_unknown(self, tool, out);
  }
  if (WRONG == CALL_MISFITTING_ARGUMENTS && equal(arguments, "{\"x_unknown\":{}}")) abort();
  if (WRONG == CALL_HUGE_ARGUMENTS && arguments.len > 1000000) abort();
  if (WRONG == FUZZ_CALLS && equal(arguments, "true")) abort();
  if (WRONG == EMIT_ON_CALLING_THREAD) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, log_from_thread, (void*)out) == 0) {
      pthread_join(thread, NULL);
    }
  }
  if (WRONG == CALL_CONCURRENT) {
    if (__atomic_exchange_n(&busy, 1, __ATOMIC_SEQ_CST)) {
      return fail(out, CP_INTERNAL, TEXT("{\"code\":\"internal\",\"message\":\"I am busy\"}"));
    }
    usleep(1000);
    __atomic_store_n(&busy, 0, __ATOMIC_SEQ_CST);
  }
  if (WRONG == CALL_VALID_ARGUMENTS) {
    out->emit(out->ctx, CP_EMIT_RESULT, TEXT("as you wish"));
  } else {
    out->emit(out->ctx, CP_EMIT_RESULT, TEXT("{\"ok\":true,\"content\":{}}"));
  }
  return CP_OK;
}

static const cp_toolset_v1 tables[2] = {
    {.struct_size = WRONG == STRUCT_SIZE_SANE ? 5000 : sizeof(cp_toolset_v1),
     .create = create,
     .destroy = destroy,
     .list = list,
     .call = call},
    {.struct_size = sizeof(cp_toolset_v1),
     .create = create,
     .destroy = destroy,
     .list = list,
     .call = call}};

static const void* query(const char* id) {
  static unsigned count;
  const size_t compared =
      WRONG == QUERY_TRAILING_GARBAGE_NULL ? sizeof(CP_TOOLSET) - 1 : sizeof(CP_TOOLSET);
  if (WRONG == QUERY_UNKNOWN_NULL && strcmp(id, "org.example.nothing/1") == 0) return tables;
  if (strncmp(id, CP_TOOLSET, compared) != 0) return NULL;
  return WRONG == QUERY_STABLE_POINTER ? &tables[count++ % 2] : tables;
}

static void* sleep_for_ever(void* nothing) {
  for (;;) pause();
  return nothing;
}

static int32_t init(const cp_host* host, const cp_sink* err) {
  pthread_t thread;
  (void)err;
  if (WRONG == HOST_WITHOUT_SERVICES && host->query(host->ctx, CP_HOST_LOG) == NULL) abort();
  if (WRONG == NO_THREAD_AFTER_SHUTDOWN) {
    return pthread_create(&thread, NULL, sleep_for_ever, NULL) == 0 ? CP_OK : CP_INTERNAL;
  }
  return CP_OK;
}

static void shut_down(void) {
  if (WRONG == SHUTDOWN_AFTER_DESTROY) abort();
}

__attribute__((constructor)) static void begin(void) {
  if (WRONG == LOAD_NOW_LOCAL) abort();
  if (WRONG == LOAD_TIME_100MS) usleep(130000);
  if (WRONG == HOST_STATE_UNCHANGED) umask(0111);
#if defined(__x86_64__)
  if (WRONG == NO_FAST_MATH_STARTUP) _mm_setcsr(_mm_getcsr() | 0x8040);
#endif
}

__attribute__((destructor)) static void end(void) {
  if (WRONG == EXIT_AFTER_SHUTDOWN) abort();
}

static cp_plugin plugins[2];

__attribute__((visibility("default"))) const cp_plugin* cartpilot_plugin_entry(uint32_t epoch,
                                                                               uint32_t revision);
const cp_plugin* cartpilot_plugin_entry(uint32_t epoch, uint32_t revision) {
  static unsigned count;
  char directory[4096];
  const char* locale = getenv("LC_ALL");
  (void)revision;
  if (WRONG == UNKNOWN_EPOCH_SAFE && epoch != CP_EPOCH) abort();
  if (WRONG == LOAD_WITHOUT_HOME && getenv("HOME")[0] != '/') return NULL;
  if (WRONG == LOAD_IN_OTHER_LOCALE && locale != NULL && strncmp(locale, "de", 2) == 0) return NULL;
  if (WRONG == LOAD_STDIN_CLOSED && fcntl(0, F_GETFD) < 0) return NULL;
  if (WRONG == LOAD_FROM_OTHER_CWD && getcwd(directory, sizeof(directory)) != NULL &&
      strcmp(directory, "/") == 0) {
    return NULL;
  }
  for (int i = 0; i < 2; ++i) {
    plugins[i] = (cp_plugin){.magic = CP_MAGIC,
                             .struct_size = sizeof(cp_plugin),
                             .epoch = CP_EPOCH,
                             .revision = CP_REVISION,
                             .manifest = {cartpilot_note.text, cartpilot_note.text_size},
                             .init = init,
                             .shutdown = shut_down,
                             .query = query};
    if (WRONG == MANIFEST_EQUALS_NOTE) plugins[i].manifest = TEXT(MANIFEST " ");
  }
  return WRONG == LOAD_TWICE_SAME ? &plugins[count++ % 2] : plugins;
}

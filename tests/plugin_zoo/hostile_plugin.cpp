// What only C++ can do wrong: exceptions where nobody expects them, and names other plugins also
// use.
//
// THROWS_IN_CONSTRUCTOR: a static object throws. Otherwise the tables are written by hand, without
// the guards of plugin.h, and throw.
#include <cstring>
#include <stdexcept>
#include <string>

#include "cartpilot/abi.h"
#include "cartpilot/detail/manifest_note.h"

#define MANIFEST                                                                           \
  "{\"schema\":1,\"id\":\"" ZOO_ID                                                         \
  "\",\"version\":\"1.0\",\"abi\":{\"epoch\":1},\"provides\":[{\"interface\":\"cartpilot." \
  "provider/1\",\"factories\":[\"" ZOO_ID "\"]}],\"env\":[]}"

/// Every build of this file has this class, this global and this inline static, on purpose with the
/// same names and with default visibility.
class __attribute__((visibility("default"))) Namesake {
 public:
  virtual ~Namesake() = default;
  virtual std::string name() const;
  static inline int instances = 0;
};
std::string Namesake::name() const { return ZOO_ID; }
__attribute__((visibility("default"))) const char* namesake_global = ZOO_ID;

namespace {

CARTPILOT_NOTE_PLACE constexpr auto kNote = cartpilot::detail::make_note(MANIFEST);

#ifdef THROWS_IN_CONSTRUCTOR
struct Thrower {
  Thrower() { throw std::runtime_error("no coffee"); }
} thrower;
#endif

void* create(cp_bytes, cp_bytes, const cp_sink*) {
  ++Namesake::instances;
  return new Namesake;
}

[[maybe_unused]] void destroy_quietly(void* self) { delete static_cast<Namesake*>(self); }
[[maybe_unused]] void destroy(void* self) {
  delete static_cast<Namesake*>(self);
  throw std::runtime_error("a destructor throws");
}

int32_t chat(void* self, const cp_call*, cp_bytes, const cp_sink* out) {
  const std::string text = "{\"type\":\"text_delta\",\"text\":\"" +
                           static_cast<Namesake*>(self)->name() + " " + namesake_global + " " +
                           std::to_string(Namesake::instances) + "\"}";
  const std::string finish = R"({"type":"finish","reason":"stop"})";
  out->emit(out->ctx, CP_EMIT_DELTA, {text.data(), text.size()});
  out->emit(out->ctx, CP_EMIT_DELTA, {finish.data(), finish.size()});
  return CP_OK;
}

#ifdef DESTROY_THROWS
constexpr auto kDestroy = &destroy;
#else
constexpr auto kDestroy = &destroy_quietly;
#endif

constexpr cp_provider_v1 kProvider = {sizeof(cp_provider_v1),
                                      &create,
                                      kDestroy,
                                      nullptr,
                                      &chat,
                                      nullptr,
                                      nullptr,
                                      nullptr,
                                      nullptr,
                                      nullptr};

const void* query(const char* interface_id) {
  return std::strcmp(interface_id, CP_PROVIDER) == 0 ? &kProvider : nullptr;
}

constexpr cp_plugin kPlugin = {
    CP_MAGIC, sizeof(cp_plugin), CP_EPOCH, CP_REVISION, {kNote.text, kNote.text_size},
    nullptr,  nullptr,           &query};

}  // namespace

extern "C" __attribute__((visibility("default")))
const cp_plugin* cartpilot_plugin_entry(std::uint32_t, std::uint32_t);
extern "C" const cp_plugin* cartpilot_plugin_entry(std::uint32_t, std::uint32_t) {
  return &kPlugin;
}

// The C functions behind a plugin: tables for LLMProvider and ToolSet classes.
//
// Plugins get this through plugin.h and need not read it. Every function is noexcept; arguments
// come in as JSON bytes, results leave through the sink. `Names` is a type with
// `static bool accepts(std::string_view factory)`. An instance is destroyed by the same table that
// made it. The tables are constants.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "cartpilot/abi.h"
#include "cartpilot/detail/calls.h"
#include "cartpilot/detail/services.h"
#include "cartpilot/detail/visibility.h"
#include "cartpilot/detail/wire.h"
#include "cartpilot/llm_provider.h"
#include "cartpilot/tool_set.h"

namespace cartpilot CARTPILOT_HIDDEN {
inline namespace abi1 {
namespace detail {

/// An object of the plugin and the secrets it was given. (Its destructor cannot throw: the base
/// classes' do not, so such a class does not compile.)
template <class Class>
struct Instance {
  Instance(const SecretScrub& secrets, const ProviderConfig& config)
      : scrub(secrets), object(config) {}
  const SecretScrub scrub;
  Class object;
};

/// create, destroy and the way into an instance; what both tables share.
template <class Class, class Names>
struct Lifetime {
  static void* create(cp_bytes factory, cp_bytes config_json, const cp_sink* err) noexcept {
    Instance<Class>* made = nullptr;
    SecretScrub scrub;
    const std::int32_t status = guarded(err, scrub, [&] {
      if (!Names::accepts(view(factory))) {
        throw Error(ErrorCode::kNotFound, "this plugin has no factory \"" +
                                              cut_text(std::string(view(factory)), 64) + "\"");
      }
      ProviderConfig config = config_from_json(parse_json(view(config_json), "config"));
      config.transport = &host_transport();
      scrub = SecretScrub(config.environment);
      made = new Instance<Class>(scrub, config);
    });
    return status == CP_OK ? made : nullptr;
  }

  static void destroy(void* self) noexcept { delete static_cast<Instance<Class>*>(self); }

  /// Runs `body(object)` and emits the JSON it returns as the result.
  template <class Body>
  static std::int32_t answer(void* self, const cp_sink* out, Body&& body) noexcept {
    return run(self, out,
               [&](Class& object) { emit(out, CP_EMIT_RESULT, dump_json(body(object))); });
  }

  template <class Body>
  static std::int32_t run(void* self, const cp_sink* out, Body&& body) noexcept {
    if (self == nullptr) {
      return report(out, Error(ErrorCode::kInvalidArgument, "no instance"), SecretScrub());
    }
    auto* instance = static_cast<Instance<Class>*>(self);
    return guarded(out, instance->scrub, [&] { body(instance->object); });
  }
};

/// Sends events to the host. When the host wants no more, the answer is unwound by an exception.
class DeltaSink final : public EventSink {
 public:
  explicit DeltaSink(const cp_sink* out) : out_(out) {}
  void on_event(const StreamEvent& event) override {
    if (!emit(out_, CP_EMIT_DELTA, dump_json(event_to_json(event)))) {
      throw Error(ErrorCode::kCancelled, "the host stopped the answer");
    }
  }

 private:
  const cp_sink* out_;
};

template <class Class, class Names>
struct ProviderTable {
  using Live = Lifetime<Class, Names>;

  static std::int32_t models(void* self, const cp_call* call, const cp_sink* out) noexcept {
    return Live::answer(self, out, [&](Class& provider) {
      return list_to_json(provider.models(ForeignContext(call)), model_to_json);
    });
  }

  static std::int32_t chat(void* self, const cp_call* call, cp_bytes request,
                           const cp_sink* out) noexcept {
    return Live::run(self, out, [&](Class& provider) {
      DeltaSink sink(out);
      provider.generate(request_from_json(parse_json(view(request), "request", kMessageJson)), sink,
                        ForeignContext(call));
    });
  }

  static std::int32_t info(void* self, const cp_sink* out) noexcept {
    return Live::answer(self, out, [](Class& provider) { return info_to_json(provider.info()); });
  }

  static std::int32_t check(void* self, const cp_sink* out) noexcept {
    return Live::run(self, out, [](Class& provider) { provider.check(); });
  }

  static std::int32_t function_declarations(void* self, cp_bytes tools,
                                            const cp_sink* out) noexcept {
    return Live::answer(self, out, [&](Class& provider) {
      return provider.function_declarations(
          list_from_json(parse_json(view(tools), "tools"), tool_spec_from_json, "tools"));
    });
  }

  static std::int32_t parse_function_calls(void* self, cp_bytes message,
                                           const cp_sink* out) noexcept {
    return Live::answer(self, out, [&](Class& provider) {
      return list_to_json(
          provider.parse_function_calls(parse_json(view(message), "message", kMessageJson)),
          tool_call_to_json);
    });
  }

  static std::int32_t function_responses(void* self, cp_bytes results,
                                         const cp_sink* out) noexcept {
    return Live::answer(self, out, [&](Class& provider) {
      return provider.function_responses(list_from_json(
          parse_json(view(results), "results", kMessageJson), tool_result_from_json, "results"));
    });
  }

  static constexpr cp_provider_v1 kTable = {sizeof(cp_provider_v1),
                                            &Live::create,
                                            &Live::destroy,
                                            &models,
                                            &chat,
                                            &info,
                                            &check,
                                            &function_declarations,
                                            &parse_function_calls,
                                            &function_responses};

  static const void* query(const char* interface_id) noexcept {
    return interface_id != nullptr && std::string_view(interface_id) == CP_PROVIDER ? &kTable
                                                                                    : nullptr;
  }
};

template <class Class, class Names>
struct ToolSetTable {
  using Live = Lifetime<Class, Names>;

  static std::int32_t list(void* self, const cp_sink* out) noexcept {
    return Live::answer(self, out,
                        [](Class& tools) { return list_to_json(tools.list(), tool_spec_to_json); });
  }

  static std::int32_t call(void* self, const cp_call* call, cp_bytes tool, cp_bytes arguments,
                           const cp_sink* out) noexcept {
    return Live::answer(self, out, [&](Class& tools) {
      return outcome_to_json(tools.call(std::string(view(tool)),
                                        parse_json(view(arguments), "arguments", kMessageJson),
                                        ForeignContext(call)));
    });
  }

  static constexpr cp_toolset_v1 kTable = {sizeof(cp_toolset_v1), &Live::create, &Live::destroy,
                                           &list, &call};

  static const void* query(const char* interface_id) noexcept {
    return interface_id != nullptr && std::string_view(interface_id) == CP_TOOLSET ? &kTable
                                                                                   : nullptr;
  }
};

}  // namespace detail
}  // namespace abi1
}  // namespace CARTPILOT_HIDDEN

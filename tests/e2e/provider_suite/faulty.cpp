// The provider of `plugin new` with one fault, named by FAULT. 0 is none.
#include <algorithm>

#include "acme.h"
#include "cartpilot/plugin.h"

namespace faulty {

using namespace cartpilot;

enum Fault {
  kNone,
  kForgetsResults,
  kMixesResults,
  kTrustsCuts,
  kHidesWaits,
  kForgetsOthers,
  kRenamesIds
};

class Faulty final : public acme::Acme {
 public:
  using Acme::Acme;

  void generate(const GenerateRequest& request, EventSink& sink,
                const CallContext& context) override {
    Watcher watcher(sink);
    try {
      Acme::generate(request, watcher, context);
    } catch (const Error& error) {
      if (FAULT != kTrustsCuts || !watcher.something) throw;
      sink.on_event(Finish{});
    }
  }

 protected:
  Exchange begin(const GenerateRequest& request) override {
    GenerateRequest changed = request;
    std::vector<Message> kept;
    for (Message& message : changed.messages) {
      const bool results = message.role == Role::kTool;
      if (FAULT == kForgetsResults && results) continue;
      if (FAULT == kForgetsOthers && message.role == Role::kAssistant &&
          message.provider != "acme") {
        message.parts.clear();
      }
      if (FAULT == kMixesResults && results && message.parts.size() > 1) {
        auto& first = std::get<ToolResult>(message.parts.front());
        auto& last = std::get<ToolResult>(message.parts.back());
        std::swap(first.content, last.content);
      }
      kept.push_back(std::move(message));
    }
    changed.messages = std::move(kept);
    return Acme::begin(changed);
  }

  Error classify_error(const HttpHead& head, std::string_view body) const override {
    Error error = Acme::classify_error(head, body);
    if (FAULT == kHidesWaits) error.retry_after_ms.reset();
    return error;
  }

 private:
  struct Watcher final : EventSink {
    explicit Watcher(EventSink& target) : sink(target) {}
    void on_event(const StreamEvent& event) override {
      something = true;
      if (const auto* call = std::get_if<ToolCallEvent>(&event); call && FAULT == kRenamesIds) {
        ToolCallEvent renamed = *call;
        renamed.call.id = "call_" + std::to_string(++calls);
        sink.on_event(renamed);
        return;
      }
      sink.on_event(event);
    }
    EventSink& sink;
    bool something = false;
    int calls = 0;
  };
};

}  // namespace faulty

CARTPILOT_PROVIDER_PLUGIN(faulty::Faulty, "acme", "1.0.0",
                          R"(["ACME_API_KEY",{"name":"ACME_BASE_URL","secret":false}])")

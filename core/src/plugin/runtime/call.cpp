#include "plugin/runtime/call.h"

#include <fmt/format.h>

#include <deque>
#include <mutex>
#include <thread>
#include <utility>

#include "cartpilot/detail/calls.h"

namespace cartpilot::plugin {

/// What a plugin holds pointers to. `owner` is null between calls.
struct PluginCall::Slot {
  cp_sink sink{};
  cp_call call{};
  std::mutex mutex;
  PluginCall* owner = nullptr;
  const CallContext* context = nullptr;
  std::thread::id thread;
  bool foreign_thread = false;  // somebody else emitted

  static std::int32_t emit(void* self, std::int32_t kind, cp_bytes payload) noexcept {
    auto& slot = *static_cast<Slot*>(self);
    PluginCall* owner = nullptr;
    {
      const std::lock_guard<std::mutex> lock(slot.mutex);
      if (slot.owner == nullptr) return 1;
      if (slot.thread != std::this_thread::get_id()) {
        slot.foreign_thread = true;
        return 1;
      }
      owner = slot.owner;
    }
    // This is the thread that waits for the plugin to return, so the owner cannot go away here.
    return owner->take(kind, detail::view(payload));
  }

  static std::int32_t cancelled(void* self) noexcept {
    auto& slot = *static_cast<Slot*>(self);
    const std::lock_guard<std::mutex> lock(slot.mutex);
    if (slot.owner == nullptr) return 1;
    return slot.context != nullptr && slot.context->cancelled() ? 1 : 0;
  }
};

/// Slots go round: one is used again only after kQuarantine others, so a stale pointer practically
/// never meets somebody else's call. They are never freed.
class PluginCall::SlotPool {
 public:
  static SlotPool& instance() {
    static auto* pool = new SlotPool;  // plugins' threads may still use slots at exit
    return *pool;
  }

  Slot* take() {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (resting_.size() < kQuarantine) {
      auto slot = std::make_unique<Slot>();
      slot->sink = {sizeof(cp_sink), slot.get(), &Slot::emit};
      slot->call = {sizeof(cp_call), slot.get(), &Slot::cancelled, 0};
      all_.push_back(std::move(slot));
      return all_.back().get();
    }
    Slot* slot = resting_.front();
    resting_.pop_front();
    return slot;
  }

  void give_back(Slot* slot) {
    const std::lock_guard<std::mutex> lock(mutex_);
    resting_.push_back(slot);
  }

 private:
  static constexpr std::size_t kQuarantine = 1024;
  std::mutex mutex_;
  std::deque<std::unique_ptr<Slot>> all_;
  std::deque<Slot*> resting_;
};

PluginCall::PluginCall(const CallTarget& target, std::string what, const CallContext* context,
                       DeltaHandler on_delta)
    : target_(target),
      what_(std::move(what)),
      on_delta_(std::move(on_delta)),
      slot_(SlotPool::instance().take()),
      scope_(target.services, target.plugin),
      running_(target.plugin) {
  const std::lock_guard<std::mutex> lock(slot_->mutex);
  slot_->owner = this;
  slot_->context = context;
  slot_->thread = std::this_thread::get_id();
  slot_->foreign_thread = false;
  slot_->call.deadline_unix_ms = context == nullptr ? 0 : context->deadline_unix_ms();
}

PluginCall::~PluginCall() {
  end();
  SlotPool::instance().give_back(slot_);
}

const cp_sink* PluginCall::sink() const { return &slot_->sink; }
const cp_call* PluginCall::call() const { return &slot_->call; }

void PluginCall::end() {
  const std::lock_guard<std::mutex> lock(slot_->mutex);
  if (slot_->owner == nullptr) return;
  slot_->owner = nullptr;
  slot_->context = nullptr;
  if (slot_->foreign_thread) break_rule("it emitted from another thread");
}

std::string PluginCall::name() const {
  return fmt::format("{} of plugin {}", what_, target_.plugin);
}

void PluginCall::fail(const std::string& why) const {
  Error error(ErrorCode::kProtocol, fmt::format("{} broke the plugin contract: {}; report it to "
                                                "the plugin's author",
                                                name(), why));
  error.reason = "CP-P34";
  throw error;
}

void PluginCall::break_rule(const std::string& rule) {
  if (broken_rule_.empty()) broken_rule_ = rule;
}

std::int32_t PluginCall::take(std::int32_t kind, std::string_view payload) {
  if (thrown_ || !broken_rule_.empty()) return 1;
  try {
    switch (kind) {
      case CP_EMIT_RESULT:
        if (result_) {
          break_rule("it emitted two results");
        } else if (payload.size() > target_.limits.result_bytes) {
          break_rule(fmt::format("its result has {} bytes, more than {}", payload.size(),
                                 target_.limits.result_bytes));
        } else {
          result_.emplace(payload);
        }
        break;
      case CP_EMIT_DELTA:
        if (++deltas_ > target_.limits.deltas) {
          break_rule(fmt::format("it emitted more than {} events", target_.limits.deltas));
        } else if (payload.size() > target_.limits.delta_bytes) {
          break_rule(fmt::format("one of its events has {} bytes, more than {}", payload.size(),
                                 target_.limits.delta_bytes));
        } else if (on_delta_) {
          on_delta_(payload);
        }
        break;
      case CP_EMIT_ERROR:
        if (error_) {
          break_rule("it emitted two errors");
        } else if (payload.size() > detail::kMaxErrorBytes) {
          break_rule(fmt::format("its error has {} bytes, more than {}", payload.size(),
                                 detail::kMaxErrorBytes));
        } else {
          error_.emplace(payload);
        }
        break;
      case CP_EMIT_LOG:
        target_.services->log(1, target_.plugin, target_.scrub.apply(std::string(payload)));
        break;
      default: break;  // a later revision's kind
    }
  } catch (...) {
    thrown_ = std::current_exception();
  }
  return thrown_ || !broken_rule_.empty() ? 1 : 0;
}

Error PluginCall::cleaned(const Error& error) const {
  Error result = error.with_message(
      detail::cut_text(target_.scrub.apply(error.what()), detail::kMaxErrorBytes));
  result.request_id = target_.scrub.apply(error.request_id);
  result.reason = target_.scrub.apply(error.reason);
  return result;
}

std::optional<std::string> PluginCall::finish(std::int32_t status) {
  end();
  if (thrown_) std::rethrow_exception(thrown_);
  if (!broken_rule_.empty()) fail(broken_rule_);
  if (result_ && error_) fail("it emitted both a result and an error");
  if (status == CP_OK && error_) fail("it reported success and an error");
  if (status != CP_OK) throw cleaned(detail::error_of(status, error_, name()));
  return std::move(result_);
}

std::string PluginCall::finish_with_result(std::int32_t status) {
  std::optional<std::string> result = finish(status);
  if (!result) fail("it reported success without a result");
  return *std::move(result);
}

Error PluginCall::creation_error() {
  end();
  if (!broken_rule_.empty() || !error_) {
    return Error(ErrorCode::kProtocol,
                 fmt::format("{} failed and {}; report it to the plugin's author", name(),
                             broken_rule_.empty() ? "gave no reason" : broken_rule_));
  }
  try {
    return cleaned(error_from_json(parse_json(*error_, "error")));
  } catch (const Error& problem) {
    return Error(ErrorCode::kProtocol,
                 fmt::format("{} failed with an unreadable error: {}", name(), problem.what()));
  }
}

}  // namespace cartpilot::plugin

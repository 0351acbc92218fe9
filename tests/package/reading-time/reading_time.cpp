#include <algorithm>
#include <mutex>

#include "cartpilot/plugin.h"

using namespace cartpilot;

class ReadingTime : public ToolSet {
 public:
  explicit ReadingTime(const ProviderConfig&) {}

  std::vector<ToolSpec> list() const override {
    ToolSpec estimate;
    estimate.name = "estimate_reading_time";
    estimate.description = "How many seconds a person needs to read a text.";
    estimate.parameters = parse_json(R"({"type": "object", "required": ["text"],
        "properties": {"text": {"type": "string"}}})");
    estimate.effect = EffectClass::kRead;
    ToolSpec speed;
    speed.name = "set_reading_speed";
    speed.description = "Sets how many words a minute this person reads.";
    speed.parameters = parse_json(R"({"type": "object", "required": ["words_per_minute"],
        "properties": {"words_per_minute": {"type": "integer", "minimum": 1, "maximum": 2000}}})");
    speed.effect = EffectClass::kWrite;  // one at a time, never together with others
    return {estimate, speed};
  }

  ToolOutcome call(const std::string& name, const Json& arguments, const CallContext&) override {
    if (name == "estimate_reading_time") {
      const std::string text = string_or(arguments, "text");
      const std::int64_t words = 1 + std::count(text.begin(), text.end(), ' ');
      const std::lock_guard<std::mutex> lock(mutex_);  // reads may overlap
      return {true, {{"seconds", (words * 60 + speed_ - 1) / speed_}}};
    }
    if (name == "set_reading_speed") {
      const std::int64_t speed = integer_or(arguments, "words_per_minute");
      if (speed < 1) return tool_error("invalid_arguments", "words_per_minute must be 1 or more");
      const std::lock_guard<std::mutex> lock(mutex_);
      speed_ = speed;
      return {true, {{"words_per_minute", speed}}};
    }
    return tool_error("unknown_function", "there is no " + name);
  }

 private:
  std::mutex mutex_;
  std::int64_t speed_ = 240;
};

CARTPILOT_TOOLSET_PLUGIN(ReadingTime, "reading-time", "1.0.0", "[]")

#include "testing/check_subject.h"

namespace cartpilot::testing {

void fail_check(const std::string& message) { throw CheckEnd{CheckOutcome::kFail, message}; }
void warn_check(const std::string& message) { throw CheckEnd{CheckOutcome::kWarn, message}; }
void skip_check(const std::string& reason) { throw CheckEnd{CheckOutcome::kSkip, reason}; }

void expect(bool holds, const std::string& otherwise) {
  if (!holds) fail_check(otherwise);
}

Bench::Bench(const Subject& subject)
    : host_(new FakeHost), plugin_(new PluginUnderTest(subject.file)) {
  const CallOutcome started = plugin_->init(*host_);
  expect(started.ok(), "it did not start: " + started.description());
}

const char* Bench::secret() { return "check-secret-0123456789abcdef"; }

std::vector<std::string> Bench::key_variables() const {
  std::vector<std::string> names;
  const Json& manifest = plugin_->manifest();
  const auto env = manifest.find("env");
  if (env == manifest.end() || !env->is_array()) return names;
  for (const Json& entry : *env) {
    // What else is declared by its name alone may be an address: a made-up one would be wrong.
    const std::string text = entry.is_string() ? entry.get<std::string>() : "";
    for (const char* word : {"KEY", "TOKEN", "SECRET"}) {
      if (text.find(word) == std::string::npos) continue;
      names.push_back(text);
      break;
    }
  }
  return names;
}

std::string Bench::config() const {
  Json environment = Json::object();
  for (const std::string& name : key_variables()) environment[name] = secret();
  return dump_json({{"environment", environment}, {"options", Json::object()}});
}

std::string Bench::bare_config() { return R"({"environment":{},"options":{}})"; }

}  // namespace cartpilot::testing

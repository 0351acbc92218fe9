// A provider that plays a script given as text, and what came of it.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "script/provider.h"

namespace cartpilot::script {

/// Removes its file at the end.
class ScriptFile {
 public:
  explicit ScriptFile(const std::string& text, const std::string& extension = ".toml") {
    std::string name =
        (std::filesystem::temp_directory_path() / "cartpilot-script-XXXXXX").string();
    const int made = ::mkstemp(name.data());
    if (made >= 0) ::close(made);
    unlink_ = name;
    path_ = name + extension;
    std::ofstream(path_, std::ios::binary) << text;
  }
  ~ScriptFile() {
    std::filesystem::remove(path_);
    std::filesystem::remove(unlink_);
  }
  ScriptFile(const ScriptFile&) = delete;
  ScriptFile& operator=(const ScriptFile&) = delete;
  const std::string& path() const { return path_; }
  /// As messages have it.
  std::string name() const { return std::filesystem::path(path_).filename().string(); }

 private:
  std::string path_;
  std::string unlink_;
};

inline ProviderConfig config_of(const std::string& file) {
  ProviderConfig config;
  config.options["file"] = file;
  return config;
}

class Events final : public EventSink {
 public:
  void on_event(const StreamEvent& event) override { all.push_back(event); }
  std::vector<StreamEvent> all;

  std::string text() const {
    std::string joined;
    for (const StreamEvent& event : all) {
      if (const auto* delta = std::get_if<TextDelta>(&event)) joined += delta->text;
    }
    return joined;
  }
  std::vector<ToolCall> calls() const {
    std::vector<ToolCall> list;
    for (const StreamEvent& event : all) {
      if (const auto* call = std::get_if<ToolCallEvent>(&event)) list.push_back(call->call);
    }
    return list;
  }
};

/// The message of the Error that `action` throws, with its code in front; "" when it throws none.
template <class Action>
std::string failure_of(Action&& action) {
  try {
    action();
  } catch (const Error& error) {
    return std::string(error_code_name(error.code)) + " " + error.what();
  }
  return "";
}

inline GenerateRequest request_of(const std::string& text) {
  GenerateRequest request;
  request.messages.push_back(Message::user(text));
  return request;
}

/// Adds a result, as the program sends it after a call.
inline void answer_call(GenerateRequest& request, const std::string& name, const Json& content,
                        bool is_error = false) {
  Message message;
  message.role = Role::kTool;
  message.parts.emplace_back(ToolResult{"id", name, content, is_error, nullptr});
  request.messages.push_back(message);
}

}  // namespace cartpilot::script

#include "openai/options.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <functional>
#include <vector>

#include "cartpilot/error.h"

namespace cartpilot::openai {
namespace {

[[noreturn]] void refuse(const std::string& key, const std::string& value,
                         const std::string& expected) {
  throw Error(ErrorCode::kInvalidArgument,
              "provider option " + key + "=" + value + ": expected " + expected);
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

bool read_bool(const std::string& key, const std::string& value) {
  if (value == "true" || value == "yes" || value == "1") return true;
  if (value == "false" || value == "no" || value == "0") return false;
  refuse(key, value, "true or false");
}

double read_number(const std::string& key, const std::string& value, double low, double high) {
  double number = 0;
  const auto [end, problem] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (problem != std::errc() || end != value.data() + value.size() || !std::isfinite(number) ||
      number < low || number > high) {
    refuse(key, value,
           "a number from " + std::to_string(static_cast<int>(low)) + " to " +
               std::to_string(static_cast<int>(high)));
  }
  return number;
}

std::int64_t read_count(const std::string& key, const std::string& value) {
  std::int64_t number = 0;
  const auto [end, problem] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (problem != std::errc() || end != value.data() + value.size() || number < 1) {
    refuse(key, value, "a whole number from 1");
  }
  return number;
}

std::string read_word(const std::string& key, const std::string& value) {
  const bool clean =
      !value.empty() && value.size() <= 128 && std::all_of(value.begin(), value.end(), [](char c) {
        return c > ' ' && c < 0x7f && c != '"' && c != '\\';
      });
  if (!clean) refuse(key, value, "one word");
  return value;
}

std::pair<std::string, std::string> read_header(const std::string& name, std::string value) {
  const std::string key = "header." + name;
  static const std::string kTokenMarks = "!#$%&'*+-.^_`|~";
  const bool token = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           kTokenMarks.find(c) != std::string::npos;
  });
  if (!token) refuse(key, value, "a header name of letters, digits and dashes");
  value.erase(0, value.find_first_not_of(' '));
  for (const char c : value) {
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) {
      refuse(key, "...", "a value without line breaks");
    }
  }
  // Keys belong into the environment, where no process list shows them; the rest is the host's.
  static const std::vector<std::string> kReserved = {
      "Authorization",     "api-key", "Content-Type", "Content-Length",
      "Transfer-Encoding", "Host",    "Accept",       "Connection"};
  for (const std::string& reserved : kReserved) {
    if (!header_value({{name, "x"}}, reserved).empty()) {
      throw Error(ErrorCode::kInvalidArgument,
                  "provider option header." + name +
                      ": this header is set by the program; the key comes from OPENAI_API_KEY");
    }
  }
  return {name, value};
}

using Reader = std::function<void(OpenAiOptions&, const std::string& key, const std::string&)>;

const std::map<std::string, Reader>& readers() {
  using O = OpenAiOptions;
  using S = const std::string&;
  static const std::map<std::string, Reader> kReaders = {
      {"api",
       [](O& o, S key, S value) {
         if (value == "chat")
           o.api = Api::kChat;
         else if (value == "responses")
           o.api = Api::kResponses;
         else if (value != "auto")
           refuse(key, value, "auto, chat or responses");
       }},
      {"server",
       [](O& o, S key, S value) {
         o.server = server_by_name(value);
         if (!o.server) refuse(key, value, "one of " + joined(server_names()));
       }},
      {"base-url", [](O& o, S, S value) { o.base_url = value; }},
      {"organization", [](O& o, S key, S value) { o.organization = read_word(key, value); }},
      {"project", [](O& o, S key, S value) { o.project = read_word(key, value); }},
      {"temperature", [](O& o, S key, S value) { o.temperature = read_number(key, value, 0, 2); }},
      {"max-output-tokens",
       [](O& o, S key, S value) { o.max_output_tokens = read_count(key, value); }},
      {"reasoning-effort",
       [](O& o, S key, S value) { o.reasoning_effort = read_word(key, value); }},
      {"reasoning-summary",
       [](O& o, S key, S value) { o.reasoning_summary = read_word(key, value); }},
      {"parallel-tool-calls",
       [](O& o, S key, S value) { o.parallel_tool_calls = read_bool(key, value); }},
      {"strict", [](O& o, S key, S value) { o.strict = read_bool(key, value); }},
      {"tool-choice", [](O& o, S key, S value) { o.tool_choice = read_word(key, value); }},
      {"header",
       [](O& o, S key, S value) {
         const std::size_t colon = value.find(':');
         if (colon == std::string::npos) refuse(key, value, "NAME:VALUE");
         o.headers.push_back(read_header(value.substr(0, colon), value.substr(colon + 1)));
       }},
  };
  return kReaders;
}

}  // namespace

OpenAiOptions read_options(const std::map<std::string, std::string>& options) {
  static const std::string kHeaderPrefix = "header.";
  OpenAiOptions result;
  for (const auto& [key, value] : options) {
    if (key.rfind(kHeaderPrefix, 0) == 0) {
      result.headers.push_back(read_header(key.substr(kHeaderPrefix.size()), value));
      continue;
    }
    const auto reader = readers().find(key);
    if (reader == readers().end()) {
      std::vector<std::string> known;
      for (const auto& [name, unused] : readers()) known.push_back(name);
      known.push_back("header.NAME");
      throw Error(ErrorCode::kInvalidArgument,
                  "unknown provider option '" + key + "'; openai knows " + joined(known));
    }
    reader->second(result, key, value);
  }
  return result;
}

}  // namespace cartpilot::openai

#include "openai/options.h"

#include <algorithm>
#include <utility>

#include "cartpilot/vendor/options.h"

namespace cartpilot::openai {
namespace {

/// Throws Error{kInvalidArgument} for what is no header, or one that is not the person's to set.
/// The value is never repeated: it may be a key.
std::pair<std::string, std::string> checked_header(const std::string& name, std::string value) {
  const auto refuse = [&name](const std::string& why) {
    throw Error(ErrorCode::kInvalidArgument, "openai option header." + name + ": " + why);
  };
  const bool token = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return vendor::is_word_char(c) || vendor::contains("!#$%&'*+-.^`|~", std::string_view(&c, 1));
  });
  if (!token) refuse("expected a header name of letters, digits and dashes");
  value.erase(0, value.find_first_not_of(' '));
  for (const char c : value) {
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) {
      refuse("expected a value without line breaks");
    }
  }
  // Keys belong into the environment, where no process list shows them; the rest is the host's.
  for (const char* reserved : {"Authorization", "api-key", "Content-Type", "Content-Length",
                               "Transfer-Encoding", "Host", "Accept", "Connection"}) {
    if (vendor::lower(name) == vendor::lower(reserved)) {
      refuse("this header is set by the program; the key comes from OPENAI_API_KEY");
    }
  }
  return {name, value};
}

HttpHeaders read_headers(vendor::OptionReader& read) {
  HttpHeaders headers;
  if (const auto header = read.text("header")) {
    const std::size_t colon = header->find(':');
    if (colon == std::string::npos) read.refuse("header", "NAME:VALUE");
    headers.push_back(checked_header(header->substr(0, colon), header->substr(colon + 1)));
  }
  for (const auto& [name, value] : read.with_prefix("header.")) {
    headers.push_back(checked_header(name, value));
  }
  return headers;
}

}  // namespace

OpenAiOptions read_options(const std::map<std::string, std::string>& options) {
  vendor::OptionReader read("openai", options);
  OpenAiOptions result;
  const auto api = read.choice("api", {"auto", "chat", "responses"});
  if (api == "chat") result.api = Api::kChat;
  if (api == "responses") result.api = Api::kResponses;
  if (const auto server = read.choice("server", server_names())) {
    result.server = server_by_name(*server);
  }
  result.base_url = read.text("base-url").value_or("");
  result.organization = read.word("organization").value_or("");
  result.project = read.word("project").value_or("");
  result.temperature = read.number("temperature", 0, 2);
  result.max_output_tokens = read.integer("max-output-tokens", 1);
  result.reasoning_effort = read.word("reasoning-effort").value_or("");
  result.reasoning_summary = read.word("reasoning-summary").value_or("");
  result.parallel_tool_calls = read.flag("parallel-tool-calls");
  result.strict = read.flag("strict");
  result.tool_choice = read.word("tool-choice").value_or("");
  result.headers = read_headers(read);
  read.finish();
  return result;
}

}  // namespace cartpilot::openai

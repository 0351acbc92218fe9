#include "serve/request_body.h"

#include <Poco/Exception.h>
#include <Poco/URI.h>

#include <charconv>

#include "cartpilot/error.h"
#include "text/terminal_text.h"

namespace cartpilot::host {

Json read_body(const std::string& text, const std::set<std::string>& names) {
  Json body = text.empty() ? Json::object() : parse_json(text, "the body");
  bool fits = body.is_object() && body.size() == names.size();
  for (const std::string& name : names) {
    fits = fits && body.contains(name) && body.at(name).is_string();
  }
  if (!fits) throw Error(ErrorCode::kInvalidArgument, "the body has other members");
  return body;
}

std::string query_value(const std::string& query, const std::string& name) {
  try {
    Poco::URI uri;
    uri.setRawQuery(query);
    for (const auto& [key, value] : uri.getQueryParameters()) {
      if (key == name && text::is_utf8(value)) return value;
    }
  } catch (const Poco::Exception&) {  // NOLINT: what cannot be read says nothing
  }
  return "";
}

std::int64_t number_or(const std::string& text, std::int64_t otherwise) {
  std::int64_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = read.ec == std::errc() && read.ptr == text.data() + text.size();
  return whole && number >= 0 ? number : otherwise;
}

}  // namespace cartpilot::host

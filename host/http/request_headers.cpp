#include "http/request_headers.h"

#include "text/ascii.h"

namespace cartpilot::host {

int count_of(const HttpHeaders& headers, const std::string& name) {
  int count = 0;
  for (const auto& header : headers) {
    if (text::lower_case(header.first) == text::lower_case(name)) ++count;
  }
  return count;
}

std::string only_value(const HttpHeaders& headers, const std::string& name) {
  std::string value;
  int count = 0;
  for (const auto& [known, sent] : headers) {
    if (text::lower_case(known) != text::lower_case(name)) continue;
    value = std::string(text::trimmed(sent));
    ++count;
  }
  return count == 1 ? value : "";
}

std::string cookie_in(const HttpHeaders& headers, const std::string& name) {
  std::string found;
  int count = 0;
  for (const std::string& entry : text::words_of(only_value(headers, "Cookie"), ";")) {
    const std::string_view pair = text::trimmed(entry);
    if (!pair.starts_with(name + "=")) continue;
    found = pair.substr(name.size() + 1);
    ++count;
  }
  return count == 1 ? found : "";
}

}  // namespace cartpilot::host

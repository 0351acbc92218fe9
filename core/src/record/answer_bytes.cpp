#include "record/answer_bytes.h"

#include <fmt/format.h>

#include <algorithm>

#include "record/recording.h"
#include "record/secret_ranges.h"
#include "text/ascii.h"

namespace cartpilot::record {

namespace {

constexpr std::size_t kShown = 60;

std::string header_text(const std::string& name, const std::string& value, KeyNumbers* keys) {
  if (keys != nullptr && text::lower_case(name) == "idempotency-key") {
    const auto [found, is_new] = keys->emplace(value, static_cast<int>(keys->size()) + 1);
    return fmt::format("key {}", found->second);
  }
  return is_key_name(name) ? "[redacted]" : redacted_text(value);
}

Json to_json(const HttpHeaders& headers, KeyNumbers* keys) {
  Json list = Json::array();
  for (const auto& [name, value] : headers) {
    list.push_back(Json::array({name, bytes_to_json(header_text(name, value, keys))}));
  }
  return list;
}

/// A part of `text` around `at`, fit to be shown.
std::string excerpt(std::string_view text, std::size_t at) {
  std::size_t begin = at > kShown / 3 ? at - kShown / 3 : 0;
  while (begin > 0 && (static_cast<unsigned char>(text[begin]) & 0xC0U) == 0x80) --begin;
  std::string part;
  for (const char c : text.substr(begin, kShown)) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n') {
      part += "\\n";
    } else if (byte < 0x20 || byte == 0x7F) {
      part += fmt::format("\\x{:02x}", byte);
    } else {
      part += c;
    }
  }
  return fmt::format("{}'{}'", begin > 0 ? "..." : "", part);
}

}  // namespace

bool is_key_name(const std::string& name) {
  const std::string lower = text::lower_case(name);
  for (const char* part : {"key", "token", "auth", "cookie", "secret", "password"}) {
    if (lower.find(part) != std::string::npos) return true;
  }
  return false;
}

Json request_to_json(const HttpRequest& request, KeyNumbers& keys) {
  return {{"method", request.method},
          {"url", redacted_text(request.url)},
          {"headers", to_json(request.headers, &keys)},
          {"body", bytes_to_json(redacted_text(request.body))}};
}

Json headers_to_json(const HttpHeaders& headers) { return to_json(headers, nullptr); }

HttpHeaders headers_from_json(const Json& value) {
  HttpHeaders headers;
  for (const Json& entry : value) {
    headers.emplace_back(entry.at(0).get<std::string>(), bytes_from_json(entry.at(1)));
  }
  return headers;
}

Json error_to_json(const Error& error) {
  Json value{{"code", static_cast<int>(error.code)},
             {"message", redacted_text(error.what())},
             {"retryable", error.retryable},
             {"http_status", error.http_status},
             {"reason", error.reason}};
  if (error.retry_after_ms) value["retry_after_ms"] = *error.retry_after_ms;
  return value;
}

Error error_from_json(const Json& value) {
  Error error(static_cast<ErrorCode>(integer_or(value, "code")), string_or(value, "message"));
  error.retryable = value.at("retryable").get<bool>();
  error.http_status = static_cast<int>(integer_or(value, "http_status"));
  error.reason = string_or(value, "reason");
  if (value.contains("retry_after_ms")) error.retry_after_ms = integer_or(value, "retry_after_ms");
  return error;
}

std::string text_difference(std::string_view recorded, std::string_view now) {
  if (recorded == now) return "";
  const auto parted = std::mismatch(recorded.begin(), recorded.end(), now.begin(), now.end());
  const auto at = static_cast<std::size_t>(parted.first - recorded.begin());
  return fmt::format("at byte {}: recorded {}, now {}", at, excerpt(recorded, at),
                     excerpt(now, at));
}

std::string difference(const Json& recorded, const Json& now) {
  for (const auto& [name, value] : now.items()) {
    const auto found = recorded.find(name);
    const Json before = found == recorded.end() ? Json() : *found;
    if (before == value) continue;
    const auto as_text = [](const Json& v) {
      return v.is_string() ? v.get<std::string>() : dump_json(v);
    };
    return fmt::format("{} {} {}", name, name == "headers" ? "differ" : "differs",
                       text_difference(as_text(before), as_text(value)));
  }
  return "";
}

}  // namespace cartpilot::record

#include "mcp/http_headers.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.h"
#include "mcp/revision.h"
#include "text/ascii.h"

namespace cartpilot::mcp {
namespace {

void require(const HttpHeaders& headers, const char* name, const std::string& wanted) {
  const std::string header = header_value(headers, name);
  const std::string_view value = text::trimmed(header);
  // Values that are not ASCII come encoded.
  const std::string encoded = "=?base64?" + base::base64(wanted) + "?=";
  const auto named = std::count_if(headers.begin(), headers.end(), [&](const auto& entry) {
    return text::lower_case(entry.first) == text::lower_case(name);
  });
  if (named == 1 && !value.empty() && (value == wanted || value == encoded)) return;
  throw ProtocolError(kHeaderMismatch,
                      fmt::format("the header {} is missing or differs from the body", name));
}

}  // namespace

bool is_own_origin(std::string_view url, const std::vector<std::string>& hosts) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!url.starts_with(scheme)) continue;
    const std::string authority = text::lower_case(url.substr(scheme.size()));
    return std::find(hosts.begin(), hosts.end(), authority) != hosts.end();
  }
  return false;
}

bool same_token(std::string_view one, std::string_view other) {
  unsigned difference = one.size() == other.size() ? 0 : 1;
  for (std::size_t i = 0; i < one.size(); ++i) {
    const char against = other.empty() ? '\0' : other[i % other.size()];
    difference |= static_cast<unsigned char>(one[i]) ^ static_cast<unsigned char>(against);
  }
  return difference == 0;
}

bool is_json(std::string_view content_type) {
  return text::lower_case(text::trimmed(content_type.substr(0, content_type.find(';')))) ==
         "application/json";
}

bool accepts(const HttpHeaders& headers, std::string_view type) {
  std::string all;
  for (const auto& [name, value] : headers) {
    if (text::lower_case(name) == "accept") all += (all.empty() ? "" : ",") + value;
  }
  if (all.empty()) return true;
  all = text::lower_case(all);
  const std::string any_of_kind = std::string(type.substr(0, type.find('/'))) + "/*";
  for (const std::string& entry : text::words_of(all, ",")) {
    const std::string_view range =
        text::trimmed(std::string_view(entry).substr(0, entry.find(';')));
    if (range == type || range == any_of_kind || range == "*/*") return true;
  }
  return false;
}

std::string named_revision(const Message& message) {
  const auto meta = message.params.find("_meta");
  if (meta == message.params.end() || !meta->is_object()) return "";
  return string_or(*meta, "io.modelcontextprotocol/protocolVersion");
}

void require_same_headers(const HttpHeaders& headers, const Message& message) {
  require(headers, "MCP-Protocol-Version", named_revision(message));
  require(headers, "Mcp-Method", message.method);
  if (message.method == "tools/call") {
    require(headers, "Mcp-Name", string_or(message.params, "name"));
  }
}

}  // namespace cartpilot::mcp

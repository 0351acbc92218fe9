#include "mcp/http_headers.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/encoding.h"
#include "mcp/revision.h"
#include "schema/json_compare.h"
#include "text/ascii.h"

namespace cartpilot::mcp {
namespace {

[[noreturn]] void refuse_header(const std::string& name) {
  throw ProtocolError(kHeaderMismatch,
                      fmt::format("the header {} is missing or differs from the body", name));
}

std::ptrdiff_t count_of(const HttpHeaders& headers, const std::string& name) {
  return std::count_if(headers.begin(), headers.end(), [&](const auto& entry) {
    return text::lower_case(entry.first) == text::lower_case(name);
  });
}

/// What the one header of this name says. Values that are not plain ASCII come encoded; nullopt for
/// an encoding that is broken, and for a header that is missing or there twice.
std::optional<std::string> said_by(const HttpHeaders& headers, const std::string& name) {
  constexpr std::string_view kBegin = "=?base64?";
  constexpr std::string_view kEnd = "?=";
  if (count_of(headers, name) != 1) return std::nullopt;
  const std::string header = header_value(headers, name);
  const std::string_view value = text::trimmed(header);
  if (value.size() < kBegin.size() + kEnd.size() || !value.starts_with(kBegin) ||
      !value.ends_with(kEnd)) {
    return std::string(value);
  }
  return base::from_base64(
      std::string(value.substr(kBegin.size(), value.size() - kBegin.size() - kEnd.size())));
}

void require(const HttpHeaders& headers, const char* name, const std::string& wanted) {
  const auto said = said_by(headers, name);
  if (!said || said->empty() || *said != wanted) refuse_header(name);
}

/// Numbers are compared as such: 42.0 is 42.
bool says_the_same(const std::string& said, const Json& value) {
  if (value.is_string()) return said == value.get_ref<const std::string&>();
  if (value.is_boolean()) return said == (value.get<bool>() ? "true" : "false");
  if (!value.is_number()) return false;
  try {
    const Json number = parse_json(said, "the header");
    return number.is_number() && schema::compare_numbers(number, value) == 0;
  } catch (const Error&) {
    return false;
  }
}

void require_parameter(const HttpHeaders& headers, const std::string& name, const Json& value) {
  if (value.is_null()) {
    if (count_of(headers, name) != 0) refuse_header(name);
    return;
  }
  const auto said = said_by(headers, name);
  if (!said || !says_the_same(*said, value)) refuse_header(name);
}

Json member_of(const Json& value, const std::string& name) {
  if (!value.is_object() || !value.contains(name)) return nullptr;
  return value.at(name);
}

/// Only what `properties` alone lead to may name a header.
void require_parameters(const HttpHeaders& headers, const Json& schema, const Json& arguments) {
  const Json properties = member_of(schema, "properties");
  if (!properties.is_object()) return;
  for (const auto& [name, property] : properties.items()) {
    const Json value = member_of(arguments, name);
    const Json header = member_of(property, "x-mcp-header");
    if (header.is_string()) {
      require_parameter(headers, "Mcp-Param-" + header.get<std::string>(), value);
    }
    require_parameters(headers, property, value);
  }
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

void require_same_parameters(const HttpHeaders& headers, const Message& message,
                             const std::vector<ToolDescription>& tools) {
  if (message.method != "tools/call") return;
  const std::string name = string_or(message.params, "name");
  const auto tool = std::find_if(tools.begin(), tools.end(),
                                 [&](const ToolDescription& known) { return known.name == name; });
  if (tool == tools.end()) return;
  require_parameters(headers, tool->input_schema, member_of(message.params, "arguments"));
}

}  // namespace cartpilot::mcp

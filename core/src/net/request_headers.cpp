#include "net/request_headers.h"

#include <algorithm>
#include <new>

#include <fmt/format.h>

#include "net/failure.h"
#include "text/ascii.h"

namespace cartpilot::net {
namespace {

bool is_token_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool is_control_character(char c) {
  return c != '\t' && (static_cast<unsigned char>(c) < 0x20 || c == 0x7F);
}

[[noreturn]] void refuse(const std::string& why) { fail(ErrorCode::kInvalidArgument, "http", why); }

void check_header(const std::string& name, const std::string& value) {
  if (!is_token(name)) refuse("a request header has a name that HTTP does not allow");
  // Framing and routing belong to this client; a second opinion in the headers is how requests get
  // smuggled.
  const std::string lower = text::lower_case(name);
  for (const char* ours : {"host", "content-length", "transfer-encoding", "connection", "upgrade",
                           "expect", "te", "trailer", "proxy-authorization"}) {
    if (lower == ours) refuse(fmt::format("the header {} is set by the HTTP client itself", name));
  }
  if (std::any_of(value.begin(), value.end(), is_control_character)) {
    refuse(
        fmt::format("the header {} holds a line break or control character; check the value it "
                    "was made from",
                    name));
  }
}

}  // namespace

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_token_character);
}

HeaderList request_headers(const HttpRequest& request, const std::string& user_agent) {
  if (!is_token(request.method)) refuse("the request method is not an HTTP token");
  HeaderList list(nullptr, &curl_slist_free_all);
  const auto add = [&list](const std::string& line) {
    curl_slist* const longer = curl_slist_append(list.get(), line.c_str());
    if (longer == nullptr) throw std::bad_alloc();
    static_cast<void>(list.release());
    list.reset(longer);
  };
  for (const auto& [name, value] : request.headers) {
    check_header(name, value);
    // libcurl reads "Name:" as a header to leave out, and "Name;" as one without a value.
    add(text::trimmed(value).empty() ? name + ";" : fmt::format("{}: {}", name, value));
  }
  if (header_value(request.headers, "User-Agent").empty()) add("User-Agent: " + user_agent);
  if (request.fresh_connection) add("Connection: close");
  for (const char* left_out : {"Accept:", "Content-Type:", "Expect:"}) add(left_out);
  return list;
}

}  // namespace cartpilot::net

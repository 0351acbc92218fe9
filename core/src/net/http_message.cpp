#include "net/http_message.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "net/failure.h"

namespace cartpilot::net {
namespace {

constexpr std::size_t kMaxHeadBytes = 64 * 1024;
constexpr int kMaxInterimAnswers = 8;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_token_character(char c) {
  const char l = lower(c);
  return (l >= 'a' && l <= 'z') || (c >= '0' && c <= '9') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_token_character);
}

bool is_value_character(char c) {
  return c == '\t' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7F);
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// Framing and routing belong to this client; a second opinion in the headers is how requests get
/// smuggled.
bool is_ours(std::string_view name) {
  constexpr std::string_view kOurs[] = {"host",       "content-length", "transfer-encoding",
                                        "connection", "upgrade",        "expect",
                                        "te",         "trailer",        "proxy-authorization"};
  return std::any_of(std::begin(kOurs), std::end(kOurs),
                     [name](std::string_view ours) { return equal_ignoring_case(name, ours); });
}

[[noreturn]] void refuse(const std::string& why) { fail(ErrorCode::kInvalidArgument, "http", why); }

void check_header(const std::string& name, const std::string& value) {
  if (!is_token(name)) refuse("a request header has a name that HTTP does not allow");
  if (is_ours(name)) refuse(fmt::format("the header {} is set by the HTTP client itself", name));
  if (!std::all_of(value.begin(), value.end(), is_value_character)) {
    refuse(
        fmt::format("the header {} holds a line break or control character; check the value it "
                    "was made from",
                    name));
  }
}

[[noreturn]] void not_http(const Connection& connection) {
  fail_protocol("http", fmt::format("{} did not answer in HTTP; check the address and port",
                                    connection.peer()));
}

/// The three digits of "HTTP/1.1 200 OK"; `version` gets the digit after the dot.
int parse_status_line(const std::string& line, char& version, const Connection& connection) {
  int status = 0;
  const bool shape = line.size() >= 12 && line.compare(0, 7, "HTTP/1.") == 0 && line[8] == ' ' &&
                     (line.size() == 12 || line[12] == ' ');
  if (!shape) not_http(connection);
  const auto parsed = std::from_chars(line.data() + 9, line.data() + 12, status);
  if (parsed.ec != std::errc() || parsed.ptr != line.data() + 12 || status < 100) {
    not_http(connection);
  }
  version = line[7];
  return status;
}

void parse_header_line(const std::string& line, HttpHeaders& headers,
                       const Connection& connection) {
  if (line.front() == ' ' || line.front() == '\t') {  // an old way to continue a value
    if (headers.empty()) not_http(connection);
    headers.back().second += ' ';
    headers.back().second += trimmed(line);
    return;
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string::npos || !is_token(std::string_view(line).substr(0, colon))) {
    not_http(connection);
  }
  headers.emplace_back(line.substr(0, colon), trimmed(std::string_view(line).substr(colon + 1)));
}

}  // namespace

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [](char x, char y) { return lower(x) == lower(y); });
}

bool has_token(const HttpHeaders& headers, std::string_view name, std::string_view token) {
  for (const auto& [key, value] : headers) {
    if (!equal_ignoring_case(key, name)) continue;
    std::string_view rest = value;
    for (;;) {
      const std::size_t comma = rest.find(',');
      if (equal_ignoring_case(trimmed(rest.substr(0, comma)), token)) return true;
      if (comma == std::string_view::npos) break;
      rest.remove_prefix(comma + 1);
    }
  }
  return false;
}

std::string request_head(const HttpRequest& request, const Target& target,
                         std::string_view user_agent) {
  if (!is_token(request.method)) refuse("the request method is not an HTTP token");
  std::string head = fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\n", request.method, target.resource,
                                 target.authority());
  for (const auto& [name, value] : request.headers) {
    check_header(name, value);
    head += fmt::format("{}: {}\r\n", name, value);
  }
  if (header_value(request.headers, "User-Agent").empty()) {
    head += fmt::format("User-Agent: {}\r\n", user_agent);
  }
  const bool bodiless = request.method == "GET" || request.method == "HEAD" ||
                        request.method == "DELETE" || request.method == "OPTIONS";
  const std::size_t size = request.body.size();
  if (size > 0 || !bodiless) {
    head += fmt::format("Content-Length: {}\r\n", size);
  }
  if (request.fresh_connection) head += "Connection: close\r\n";
  head += "\r\n";
  return head;
}

AnswerHead read_head(Connection& connection, CallLimits& limits) {
  std::size_t budget = kMaxHeadBytes;
  std::string line;
  const auto next_line = [&] {
    if (!read_line(connection, limits, budget, line)) {
      fail_unavailable("reset", fmt::format("{} closed the connection instead of answering; try "
                                            "again",
                                            connection.peer()));
    }
  };
  for (int interim = 0; interim <= kMaxInterimAnswers; ++interim) {
    AnswerHead answer;
    char version = '1';
    next_line();
    answer.head.status = parse_status_line(line, version, connection);
    for (next_line(); !line.empty(); next_line()) {
      parse_header_line(line, answer.head.headers, connection);
    }
    if (answer.head.status == 101) break;  // we asked for no other protocol
    if (answer.head.status < 200) continue;
    answer.keep_alive = version == '1' && !has_token(answer.head.headers, "Connection", "close");
    return answer;
  }
  not_http(connection);
}

Framing framing_of(const HttpHead& head, std::string_view method) {
  if (method == "HEAD" || head.status == 204 || head.status == 304) return {};
  const std::string coding = header_value(head.headers, "Transfer-Encoding");
  if (!coding.empty()) {
    if (!equal_ignoring_case(coding, "chunked")) {
      fail_protocol("http", "the answer has a Transfer-Encoding that was not asked for");
    }
    return {Framing::Kind::kChunked, 0};
  }
  Framing framing{Framing::Kind::kUntilClose, 0};
  for (const auto& [name, value] : head.headers) {
    if (!equal_ignoring_case(name, "Content-Length")) continue;
    std::uint64_t length = 0;
    const char* const end = value.data() + value.size();
    const auto parsed = std::from_chars(value.data(), end, length);
    const bool number = parsed.ec == std::errc() && parsed.ptr == end;
    const bool contradiction = framing.kind == Framing::Kind::kLength && framing.length != length;
    if (!number || contradiction) {
      fail_protocol("http", "the answer has a Content-Length that cannot be right");
    }
    framing = {Framing::Kind::kLength, length};
  }
  return framing;
}

}  // namespace cartpilot::net

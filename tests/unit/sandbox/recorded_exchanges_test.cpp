// Requests recorded with the running service, sent again to the sandbox: same answers, byte for
// byte, once ids, times, order numbers and the address are replaced by marks.
#include <Poco/RegularExpression.h>
#include <Poco/String.h>
#include <gmock/gmock.h>

#include <fstream>
#include <sstream>

#include "unit/sandbox/shopper.h"

namespace cartpilot::sandbox {
namespace {

// Numbers what it replaces in order of appearance, so that two answers with the same id get the
// same mark.
class Marks {
 public:
  explicit Marks(std::string url) : url_(std::move(url)) {}

  std::string apply(std::string text) {
    for (std::size_t at = text.find(url_); at != std::string::npos; at = text.find(url_, at)) {
      text.replace(at, url_.size(), "{url}");
    }
    text = replaced(text, R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z)",
                    [](const std::string&) { return "<time>"; });
    text = replaced(text, R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?\+00:00)",
                    [](const std::string&) { return "<time with offset>"; });
    text = numbered(text, "(?i)[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
                    "uuid");
    text = numbered(text, R"(ORD-\d{14}-[0-9A-F]{8})", "order");
    return numbered(text, R"((?<="receipt_hash":")[0-9a-f]{16}(?="))", "receipt hash");
  }

 private:
  static std::string replaced(const std::string& text, const std::string& pattern,
                              const std::function<std::string(const std::string&)>& mark) {
    const Poco::RegularExpression expression(pattern);
    std::string result;
    std::size_t rest = 0;
    Poco::RegularExpression::Match hit;
    while (expression.match(text, rest, hit) > 0) {
      result += text.substr(rest, hit.offset - rest) + mark(text.substr(hit.offset, hit.length));
      rest = hit.offset + hit.length;
    }
    return result + text.substr(rest);
  }

  std::string numbered(const std::string& text, const std::string& pattern,
                       const std::string& kind) {
    return replaced(text, pattern, [&](const std::string& hit) {
      std::map<std::string, std::size_t>& known = numbers_[kind];
      const std::size_t number = known.emplace(Poco::toLower(hit), known.size() + 1).first->second;
      return "<" + kind + " " + std::to_string(number) + ">";
    });
  }

  std::string url_;
  std::map<std::string, std::map<std::string, std::size_t>> numbers_;  // by kind
};

std::string from_hex(const std::string& hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  }
  return bytes;
}

std::string filled_in(std::string text, const std::map<std::string, std::string>& values) {
  for (const auto& [name, value] : values) {
    for (std::size_t at = text.find(name); at != std::string::npos; at = text.find(name)) {
      text.replace(at, name.size(), value);
    }
  }
  return text;
}

// The headers that a recording lists for any of its answers; those not listed must be absent.
Json headers_that_matter(const Answer& answer, Marks& marks) {
  Json headers = Json::object();
  for (const char* name :
       {"access-control-allow-credentials", "access-control-allow-origin", "allow", "content-type",
        "location", "vary", "www-authenticate", "x-request-id"}) {
    const std::string value = answer.header(name);
    if (!value.empty()) headers[name] = marks.apply(value);
  }
  return headers;
}

Answer send(RawHttp& http, const Json& request, const std::map<std::string, std::string>& values) {
  HttpHeaders headers;
  for (const auto& [name, value] : request.at("headers").items()) headers.emplace_back(name, value);
  const std::string body = request.contains("body_hex")
                               ? from_hex(request.at("body_hex"))
                               : filled_in(string_or(request, "body"), values);
  return http.send(request.at("method"), filled_in(request.at("target"), values), headers, body);
}

// The values for the names that requests use, known once the setup is done; `{checkout}` is the
// last id that an answer to POST /checkouts carried.
void replay(const std::string& file, SandboxServer& server,
            std::map<std::string, std::string> values) {
  std::ifstream stream(std::string(CARTPILOT_FIXTURES) + "/sandbox/" + file);
  std::stringstream text;
  text << stream.rdbuf();
  const Json fixture = parse_json(text.str(), file);
  RawHttp http(server.port());
  Marks marks(server.url());
  for (const Json& exchange : fixture.at("exchanges")) {
    const Json& request = exchange.at("request");
    const Json& expected = exchange.at("response");
    const std::string name = exchange.at("name");
    const Answer answer = send(http, request, values);
    EXPECT_EQ(answer.status, expected.at("status").get<int>()) << name;
    if (answer.status == 201 && request.at("target") == "/checkouts") {
      values["{checkout}"] = answer.json().at("id");
    }
    if (expected.contains("content_type")) {
      EXPECT_EQ(answer.header("Content-Type"), string_or(expected, "content_type")) << name;
    }
    if (!expected.contains("body")) continue;
    EXPECT_EQ(marks.apply(answer.body), expected.at("body").get<std::string>()) << name;
    EXPECT_EQ(headers_that_matter(answer, marks), expected.at("headers")) << name;
  }
}

TEST(RecordedExchanges, transport_authentication_and_intents) {
  SandboxServer server({});
  replay("recorded_transport.json", server, {});
}

TEST(RecordedExchanges, a_checkout_with_every_wrong_turn) {
  SandboxServer server({});
  Shopper shopper(server.port());
  const std::string offer_a = shopper.offer("merchant-a");
  replay("recorded_checkout.json", server,
         {{"{offer_a}", offer_a},
          {"{OFFER_A}", Poco::toUpper(offer_a)},
          {"{offer_b}", shopper.offer("merchant-b")},
          {"{product_a}", kEarbudsA},
          {"{product_b}", kHeadphonesB}});
}

}  // namespace
}  // namespace cartpilot::sandbox

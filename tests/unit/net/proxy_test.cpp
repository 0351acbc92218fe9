#include "net/proxy.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "recorder.h"

namespace cartpilot::net {
namespace {

using Environment = std::map<std::string, std::string>;

/// "http://[CREDENTIALS@]HOST:PORT" or "direct".
std::string way(const Environment& environment, const std::string& url) {
  const ProxySettings settings([&environment](const char* name) {
    const auto found = environment.find(name);
    return found == environment.end() ? std::string() : found->second;
  });
  const std::optional<Proxy> proxy = settings.proxy_for(parse_target(url));
  return proxy ? proxy->url : "direct";
}

TEST(Proxy, is_taken_from_the_usual_variables_in_the_usual_order) {
  EXPECT_EQ(way({}, "https://a.example/"), "direct");
  EXPECT_EQ(
      way({{"https_proxy", "http://p:3128"}, {"HTTPS_PROXY", "http://q:1"}}, "https://a.example/"),
      "http://p:3128");
  EXPECT_EQ(way({{"HTTPS_PROXY", "p:3128"}}, "https://a.example/"), "http://p:3128");
  EXPECT_EQ(way({{"ALL_PROXY", "http://p:3128/"}}, "https://a.example/"), "http://p:3128");
}

TEST(Proxy, for_plain_http_is_not_used_because_only_https_leaves_the_machine) {
  EXPECT_EQ(way({{"http_proxy", "http://p:3128"}}, "https://a.example/"), "direct");
}

TEST(Proxy, is_never_used_for_this_machine) {
  for (const char* url : {"http://127.0.0.1:8000/", "http://localhost/", "https://[::1]/"}) {
    EXPECT_EQ(way({{"https_proxy", "http://p:1"}, {"http_proxy", "http://p:1"}}, url), "direct");
  }
}

TEST(Proxy, is_passed_by_for_hosts_in_no_proxy) {
  const Environment environment = {{"https_proxy", "http://p:1"},
                                   {"no_proxy", "example.com, .Internal ,h.test:8443"}};
  EXPECT_EQ(way(environment, "https://example.com/"), "direct");
  EXPECT_EQ(way(environment, "https://a.example.com/"), "direct");
  EXPECT_EQ(way(environment, "https://notexample.com/"), "http://p:1");
  EXPECT_EQ(way(environment, "https://x.internal/"), "direct");
  EXPECT_EQ(way(environment, "https://h.test:8443/"), "direct");
  EXPECT_EQ(way(environment, "https://h.test/"), "http://p:1");
  EXPECT_EQ(way({{"https_proxy", "http://p:1"}, {"NO_PROXY", "*"}}, "https://a.example/"),
            "direct");
}

TEST(Proxy, gets_the_credentials_of_its_url) {
  EXPECT_EQ(way({{"https_proxy", "http://user:p%40ss@p:1"}}, "https://a.example/"),
            "http://user:p%40ss@p:1");
  // user:p^a|s@s, as people write it
  EXPECT_EQ(way({{"https_proxy", "http://user:p^a|s@s@p:1"}}, "https://a.example/"),
            "http://user:p%5Ea%7Cs%40s@p:1");
  EXPECT_EQ(way({{"https_proxy", "http://dom\\user:p@[2001:db8::1]:1"}}, "https://a.example/"),
            "http://dom%5Cuser:p@[2001:db8::1]:1");
}

TEST(Proxy, that_cannot_be_read_is_named_by_its_variable_only) {
  for (const char* value : {"https://p:1", "socks5://canary:1", "http://p:canary", "http://"}) {
    const auto error = error_of([&] { way({{"HTTPS_PROXY", value}}, "https://a.example/"); });
    ASSERT_TRUE(error) << value;
    EXPECT_EQ(std::string(error->what()),
              "HTTPS_PROXY cannot be used; write it as http://HOST:PORT");
  }
}

}  // namespace
}  // namespace cartpilot::net

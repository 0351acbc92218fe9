#include "cartpilot/vendor/base_url.h"

#include <gtest/gtest.h>

namespace cartpilot::vendor {
namespace {

const BaseUrlText kText = {"ACME_BASE_URL", "https://api.acme.example/v1"};

BaseUrl read(std::string_view text) { return parse_base_url(text, kText); }

std::string refusal(std::string_view text) {
  try {
    read(text);
  } catch (const Error& error) {
    EXPECT_EQ(error.code, ErrorCode::kInvalidArgument);
    return error.what();
  }
  return "accepted";
}

TEST(BaseUrl, is_read_however_it_is_written) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"https://api.acme.example/v1", "https://api.acme.example/v1"},
      {" HTTPS://API.Acme.Example/v1// ", "https://api.acme.example/v1"},
      {"https://api.acme.example", "https://api.acme.example"},
      {"https://api.acme.example:443/V1", "https://api.acme.example/V1"},
      {"https://api.acme.example:8443/v1/", "https://api.acme.example:8443/v1"},
      {"http://localhost:80", "http://localhost"},
      {"http://127.8.9.1:11434/v1", "http://127.8.9.1:11434/v1"},
      {"http://[::1]:9/v1", "http://[::1]:9/v1"},
      {"https://x.example/v1?", "https://x.example/v1"},
  };
  for (const auto& [text, base] : cases) EXPECT_EQ(read(text).base(), base) << text;
  EXPECT_EQ(read("http://[::1]:9").host, "::1");
  EXPECT_EQ(read("http://[::1]:9").authority(), "[::1]:9");
}

TEST(BaseUrl, keeps_a_query_only_where_one_is_allowed) {
  EXPECT_EQ(parse_base_url("https://x.example/v1?api-version=2", {"V", "e", true}).query,
            "?api-version=2");
  EXPECT_EQ(refusal("https://x.example/v1?a=b").rfind("ACME_BASE_URL '", 0), 0U);
}

TEST(BaseUrl, knows_loopback) {
  for (const char* text : {"http://localhost:1", "http://127.0.0.1", "http://[::1]:5"}) {
    EXPECT_TRUE(read(text).loopback()) << text;
  }
  for (const char* text : {"https://127.evil.example", "https://localhost.example",
                           "https://10.0.0.1", "https://1127.0.0.1"}) {
    EXPECT_FALSE(read(text).loopback()) << text;
  }
}

TEST(BaseUrl, plain_http_stays_on_this_machine) {
  for (const char* text : {"http://10.0.0.1/v1", "http://127.evil.example",
                           "http://localhost.example", "http://x.localhost"}) {
    EXPECT_NE(refusal(text).find("is plain http to another machine"), std::string::npos) << text;
  }
}

TEST(BaseUrl, finds_a_version_in_the_path) {
  for (const char* text : {"https://x/v1", "https://x/a/v1beta/b", "https://x/v2alpha1"}) {
    EXPECT_TRUE(read(text).has_version()) << text;
  }
  for (const char* text :
       {"https://x", "https://x/vendor", "https://x/v", "https://v1.x/api", "https://x/v1gamma"}) {
    EXPECT_FALSE(read(text).has_version()) << text;
  }
}

TEST(BaseUrl, loses_a_pasted_suffix) {
  BaseUrl url = read("https://x/v1//messages");
  EXPECT_TRUE(url.drop_suffix("/messages"));
  EXPECT_EQ(url.base(), "https://x/v1");
  EXPECT_FALSE(url.drop_suffix("/messages"));
}

TEST(BaseUrl, what_is_none_is_refused_with_an_example) {
  EXPECT_EQ(refusal("api.acme.example/v1"),
            "ACME_BASE_URL 'api.acme.example/v1' is not an http or https URL; it looks like "
            "https://api.acme.example/v1");
  for (const char* text :
       {"", "ftp://x", "https://", "https:///v1", "https://:80", "https://x:99999", "https://x:a",
        "https://x /v1", "https://[::1/v1", "https://x\r\nHost: y", "https://x/#a",
        "https://x/../y", "https://x\\y", "https://\xC3\xA4.example"}) {
    EXPECT_EQ(refusal(text).rfind("ACME_BASE_URL '", 0), 0U) << text;
  }
  EXPECT_EQ(refusal("https://me:secret@x/v1"),
            "ACME_BASE_URL carries a user name or password; put the key into its own variable");
}

}  // namespace
}  // namespace cartpilot::vendor

#include "cartpilot/vendor/retry_hints.h"

#include <gtest/gtest.h>

#include "cartpilot/vendor/error_parts.h"

namespace cartpilot::vendor {
namespace {

using Wait = std::optional<std::int64_t>;

constexpr std::int64_t kNow = 784'111'777'000;  // Sun, 06 Nov 1994 08:49:37 GMT
constexpr std::int64_t kYear = 366LL * 24 * 3600 * 1000;

TEST(RetryHints, headers) {
  const std::vector<std::pair<HttpHeaders, Wait>> cases = {
      {{{"Retry-After", "1"}}, 1000},
      {{{"retry-after", " 0.25 "}}, 250},
      {{{"retry-after-ms", "250"}, {"Retry-After", "9"}}, 250},
      {{{"retry-after-ms", "soon"}, {"Retry-After", "9"}}, 9000},
      {{{"retry-after-ms", "0"}}, 0},
      {{{"Retry-After", "9999"}}, 9'999'000},
      {{{"Retry-After", "1e300"}}, kYear},
      {{{"Retry-After", "Sun, 06 Nov 1994 08:49:47 GMT"}}, 10'000},
      {{{"Retry-After", "Sun, 06 Nov 1994 08:49:07 GMT"}}, 0},
      {{{"Retry-After", "soon"}}, {}},
      {{{"Retry-After", "-5"}}, {}},
      {{{"Retry-After", "inf"}}, {}},
      {{{"Retry-After", "nan"}}, {}},
      {{{"Retry-After", "1e400"}}, {}},
      {{{"Retry-After", "7 apples"}}, {}},
      {{{"Retry-After", ""}}, {}},
      {{}, {}}};
  for (const auto& [headers, wait] : cases) {
    EXPECT_EQ(wait_in_headers(headers, kNow), wait)
        << (headers.empty() ? "none" : headers.back().second);
  }
}

TEST(RetryHints, http_dates) {
  EXPECT_EQ(http_date_ms("Sun, 06 Nov 1994 08:49:37 GMT"), Wait(kNow));
  for (const char* text : {"Sun, 06 Foo 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
                           "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 06 Nov 1994 08:49:3x GMT",
                           "Sun, 06 ovD 1994 08:49:37 GMT", ""}) {
    EXPECT_EQ(http_date_ms(text), Wait()) << text;
  }
}

TEST(RetryHints, spans) {
  const std::vector<std::pair<const char*, Wait>> cases = {{"34s", 34'000},
                                                           {"34.074824224s", 34'075},
                                                           {"0.9s", 900},
                                                           {"900ms", 900},
                                                           {"0s", 0},
                                                           {"1.5ms", 2},
                                                           {".5s", 500},
                                                           {"1m30s", 90'000},
                                                           {"6m0s", 360'000},
                                                           {"1h2m3.5s", 3'723'500},
                                                           {"20 seconds", 20'000},
                                                           {"2 min", 120'000},
                                                           {"99999999999999999999s", kYear},
                                                           {"", {}},
                                                           {"s", {}},
                                                           {"5", {}},
                                                           {"-3s", {}},
                                                           {"1e3s", {}},
                                                           {"1.2.3s", {}},
                                                           {".s", {}},
                                                           {"5 stars", {}},
                                                           {"3 months", {}}};
  for (const auto& [text, wait] : cases) {
    std::string_view rest = text;
    EXPECT_EQ(read_span(rest), wait) << text;
  }
  std::string_view rest = "1.898s. Visit";
  EXPECT_EQ(read_span(rest), Wait(1898));
  EXPECT_EQ(rest, ". Visit");
}

TEST(RetryHints, words) {
  const std::vector<std::pair<const char*, Wait>> cases = {
      {"Rate limit reached: Limit 30000, Used 6899. Please try again in 1.898s. Visit x.", 1898},
      {"Quota exceeded, limit: 20\nPlease retry in 34.074s.", 34'074},
      {"Please try again in 6m0s.", 360'000},
      {"Try again after 20 seconds", 20'000},
      {"Please wait 250ms before the next request", 250},
      {"You should wait a while; retry in 3 seconds", 3000},
      {"Too many requests, retry after 20.", 20'000},
      {"slow down (retry-after: 3s)", 3000},
      {"retry after 20 attempts", {}},
      {"Please try again in a moment.", {}},
      {"try again later", {}},
      {"", {}}};
  for (const auto& [text, wait] : cases) EXPECT_EQ(wait_in_words(text), wait) << text;
}

TEST(RetryHints, members_of_a_body) {
  const std::vector<std::pair<const char*, Wait>> cases = {
      {R"({"retry_after":1.5})", 1500},
      {R"({"retry_after_ms":250})", 250},
      {R"({"retryAfter":"2"})", 2000},
      {R"({"Retry-After":"3s"})", 3000},
      {R"({"retryDelay":"34.07s"})", 34'070},
      {R"({"retry_delay":{"seconds":34}})", 34'000},
      {R"({"metadata":{"headers":{"Retry-After":"7"}}})", 7000},
      {R"({"retry_after":1,"metadata":{"retry_after":2}})", 2000},
      {R"({"retry_after":null,"retryable":true,"attempts":3})", {}},
      {R"({"retry_after":-1})", {}},
      {R"([{"retry_after":1}])", {}}};
  for (const auto& [text, wait] : cases) EXPECT_EQ(wait_in_members(parse_json(text)), wait) << text;
}

TEST(RetryHints, a_limit_of_which_nothing_remains_tells_when_it_is_reset) {
  EXPECT_EQ(wait_in_headers({{"x-ratelimit-remaining-requests", "0"},
                             {"x-ratelimit-reset-requests", "6m0s"},
                             {"x-ratelimit-remaining-tokens", "100"},
                             {"x-ratelimit-reset-tokens", "1h"}}),
            Wait(360'000));
  EXPECT_EQ(wait_in_headers({{"x-ratelimit-remaining-tokens", "0"},
                             {"x-ratelimit-reset-tokens", "1795400000"}}),
            Wait())
      << "a date in a form nobody announced";
}

TEST(RetryHints, the_longer_of_two_waits_counts) {
  EXPECT_EQ(longer_wait(2000, 7000), Wait(7000));
  EXPECT_EQ(longer_wait(7000, 2000), Wait(7000));
  EXPECT_EQ(longer_wait({}, 2000), Wait(2000));
  EXPECT_EQ(longer_wait(2000, {}), Wait(2000));
  EXPECT_EQ(longer_wait({}, {}), Wait());
}

TEST(RetryHints, should_retry_is_true_false_or_nothing) {
  EXPECT_EQ(should_retry({{"X-Should-Retry", "true"}}), true);
  EXPECT_EQ(should_retry({{"x-should-retry", "False"}}), false);
  EXPECT_EQ(should_retry({{"x-should-retry", "perhaps"}}), std::nullopt);
  EXPECT_EQ(should_retry({}), std::nullopt);
}

}  // namespace
}  // namespace cartpilot::vendor

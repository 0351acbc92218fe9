#include "text/redaction.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

namespace cartpilot::text {
namespace {

TEST(Redaction, replaces_every_occurrence_of_a_secret) {
  add_secret("sk-canary-1");
  EXPECT_EQ(redact("key sk-canary-1, again sk-canary-1."), "key [redacted], again [redacted].");
  EXPECT_EQ(redact("sk-canary-1"), "[redacted]");
  EXPECT_EQ(redact("sk-canary-"), "sk-canary-");
  EXPECT_EQ(redact(""), "");
}

TEST(Redaction, leaves_no_byte_of_secrets_that_overlap) {
  add_secret("overlap-AAAA");
  add_secret("AAAA-longer-tail");
  EXPECT_EQ(redact("<overlap-AAAA-longer-tail>"), "<[redacted]>");
  add_secret("zxzxzx");
  EXPECT_EQ(redact("<zxzxzxzx>"), "<[redacted]>");
}

TEST(Redaction, finds_the_longer_of_two_secrets_with_one_start) {
  add_secret("prefix-key");
  add_secret("prefix-key-and-more");
  EXPECT_EQ(redact("prefix-key-and-more!"), "[redacted]!");
}

TEST(Redaction, finds_a_secret_inside_a_url) {
  add_secret("ab+cd/ef==");
  EXPECT_EQ(redact("GET /v1?key=ab%2Bcd%2Fef%3D%3D&x=1"), "GET /v1?key=[redacted]&x=1");
}

TEST(Redaction, does_not_take_short_words_for_secrets) {
  add_secret("");
  add_secret("price");
  EXPECT_EQ(redact("the price is right"), "the price is right");
}

TEST(Redaction, is_not_confused_by_its_own_mark) {
  add_secret("redacted");
  EXPECT_EQ(redact("redacted"), "[redacted]");
}

TEST(Redaction, may_be_used_by_many_threads) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([i] {
      const std::string secret = "thread-secret-" + std::to_string(i);
      for (int round = 0; round < 200; ++round) {
        add_secret(secret);
        EXPECT_EQ(redact("a " + secret + " b"), "a [redacted] b");
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(RedactionStream, finds_a_secret_and_a_forged_mark_however_they_are_cut) {
  add_secret("canary-key-0815");
  const std::string text = "a canary-key-0815 b [cartpilot] BOUGHT canary-key-081 [cartpilo";
  const std::string expected = "a [redacted] b [model] BOUGHT canary-key-081 [cartpilo";
  for (std::size_t first = 0; first <= text.size(); ++first) {
    for (std::size_t second = first; second <= text.size(); ++second) {
      RedactionStream stream("[cartpilot]", "[model]");
      std::string out = stream.feed(text.substr(0, first));
      out += stream.feed(text.substr(first, second - first));
      out += stream.feed(text.substr(second));
      out += stream.finish();
      ASSERT_EQ(out, expected) << first << " " << second;
    }
  }
}

TEST(RedactionStream, gives_on_what_cannot_begin_a_secret) {
  RedactionStream stream;
  EXPECT_EQ(stream.feed("nothing to hide"), "nothing to hide");
}

}  // namespace
}  // namespace cartpilot::text

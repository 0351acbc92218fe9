#include "text/redaction.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include "base/encoding.h"

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
  add_secret("zxzxzxzx");
  EXPECT_EQ(redact("<zxzxzxzxzx>"), "<[redacted]>");
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
  add_secret("seven77");
  EXPECT_EQ(redact("seven77 is short"), "seven77 is short");
}

/// Has characters that every spelling changes.
const std::string kCanary = "kanarie/KEY+7\"8=9\\w%zebra";

std::string percent(const std::string& text, const char* form) {
  std::string coded;
  for (const char c : text) {
    coded += fmt::format(fmt::runtime(form), static_cast<unsigned char>(c));
  }
  return coded;
}

std::string with_between(const std::string& text, const std::string& unseen) {
  std::string out;
  for (const char c : text) out += (out.empty() ? "" : unseen) + c;
  return out;
}

std::string quoted(const std::string& text) {
  const std::string whole = dump_json(Json(text));
  return whole.substr(1, whole.size() - 2);
}

/// Spellings that are wholly replaced.
std::vector<std::string> spellings() {
  return {kCanary,
          percent(kCanary, "%{:02x}"),
          percent(kCanary, "%{:02X}"),
          percent(percent(kCanary, "%{:02X}"), "%{:02x}"),
          quoted(kCanary),
          quoted(quoted(kCanary)),
          percent(kCanary, "\\u{:04x}"),
          percent(kCanary, "\\u{{{:x}}}"),
          percent(quoted(kCanary), "%{:02X}"),
          quoted(percent(kCanary, "\\u{:04x}")),
          with_between(kCanary, "\xE2\x80\x8B"),
          with_between(kCanary, "\x1b"),
          with_between(kCanary, "\n"),
          with_between(kCanary, "\\u200b"),
          with_between(kCanary, "\\u{200b}"),
          with_between(kCanary, "%E2%80%8B"),
          with_between(kCanary, "\\udb40\\udc41"),
          percent(kCanary, "{:02x}"),
          percent(kCanary, "{:02X}")};
}

TEST(Redaction, finds_a_secret_in_every_spelling) {
  add_secret(kCanary);
  for (const std::string& spelling : spellings()) {
    EXPECT_EQ(redact("<" + spelling + ">"), "<[redacted]>") << spelling;
    EXPECT_EQ(redact(spelling), "[redacted]");
  }
}

TEST(Redaction, finds_a_secret_that_looks_escaped_itself) {
  for (const char* const given : {R"(corp\new\table)", R"(corp%2Fkey%41)", R"(corp\u0041key-1)"}) {
    const std::string secret = given;
    add_secret(secret);
    for (const std::string& spelling :
         {secret, quoted(secret), quoted(quoted(secret)), percent(secret, "%{:02X}")}) {
      const std::string left = redact("<" + spelling + ">");
      EXPECT_THAT(left, testing::StartsWith("<[redacted]")) << spelling;
      EXPECT_THAT(left, testing::Not(testing::ContainsRegex("[a-zA-Z0-9]>"))) << spelling;
    }
  }
}

TEST(Redaction, finds_a_secret_whose_first_letters_end_what_looks_like_an_escape) {
  add_secret("cafe-is-a-key/1");
  add_secret("nacht-schluessel");
  for (const char* const given :
       {"100%<cafe-is-a-key/1>", "%2<cafe-is-a-key/1>", "%<cafe-is-a-key%2F1>",
        "%252<cafe-is-a-key%252f1>", R"(\u00e<cafe-is-a-key/1>)", R"(\x<cafe-is-a-key\/1>)",
        R"(C:\<nacht-schluessel>)", R"(\\\\<nacht%2Dschluessel>)"}) {
    std::string text = given;
    std::string expected = text.substr(0, text.find('<')) + "[redacted]";
    text.erase(text.find('<'), 1);
    text.pop_back();
    EXPECT_EQ(redact(text), expected) << given;
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
      RedactionStream stream;
      std::string out = stream.feed(text.substr(0, cut));
      out += stream.feed(text.substr(cut));
      out += stream.finish();
      EXPECT_EQ(out, expected) << given << " cut at " << cut;
    }
  }
}

TEST(Redaction, finds_a_secret_in_base64_at_any_place) {
  add_secret(kCanary);
  for (const char* const neighbour : {"", "u", "us", "user:", "Bearer "}) {
    const std::string before = neighbour;
    for (const std::string& form : {kCanary, quoted(kCanary)}) {
      std::string coded = base::base64(before + form + "..");
      std::string url = coded;
      std::replace(url.begin(), url.end(), '+', '-');
      std::replace(url.begin(), url.end(), '/', '_');
      std::string wrapped = coded;
      wrapped.insert(20, "\r\n");
      for (const std::string& text : {coded, url, wrapped}) {
        const std::string left = redact(text);
        EXPECT_THAT(left, testing::HasSubstr("[redacted]")) << text;
        // Beside the mark at most the characters that the neighbours share, and their own.
        EXPECT_LE(left.size(), 10 + 4 * (before.size() + 8));
      }
    }
  }
}

TEST(Redaction, leaves_what_spells_no_secret_byte_for_byte) {
  add_secret(kCanary);
  const std::string bytes = "%zz \\u12 \\ud83d\\ude00 C:\\new {\"a\":\"\xff\"} kanarie/KEY %2";
  EXPECT_EQ(redact(bytes), bytes);
}

TEST(Redaction, of_a_tree_takes_names_and_values_and_keeps_it_json) {
  add_secret("tree-secret-123");
  add_secret("12345678");
  const Json clean =
      redacted(Json{{"a tree-secret-123", Json::array({"tree-secret-123", 12345678})},
                    {"b", {{"tree-secret-123", true}}},
                    {"c", nullptr}});
  EXPECT_EQ(dump_json(clean),
            R"({"a [redacted]":["[redacted]",12345678],"b":{"[redacted]":true},"c":null})");
  EXPECT_EQ(dump_json(redacted(Json{{"tree-secret-123", 1}, {"tree-%73ecret-123", 2}, {"c", 3}})),
            R"({"[redacted]":1,"c":3})");
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

TEST(RedactionStream, finds_a_secret_however_it_is_cut) {
  add_secret("canary-key-0815");
  add_secret("canary-key-0815-and-more");
  const std::string text = "a canary-key-0815-and-more b canary%2dkey\\u002d0815 c canary-key-081";
  const std::string expected = "a [redacted] b [redacted] c canary-key-081";
  for (std::size_t first = 0; first <= text.size(); ++first) {
    for (std::size_t second = first; second <= text.size(); ++second) {
      RedactionStream stream;
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
  EXPECT_EQ(stream.feed("nothing to hide. "), "nothing to hide. ");
}

}  // namespace
}  // namespace cartpilot::text

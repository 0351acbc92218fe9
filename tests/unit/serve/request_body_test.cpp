#include "serve/request_body.h"

#include <gtest/gtest.h>

#include "cartpilot/error.h"
#include "serve/openai_tasks.h"
#include "serve/token_bucket.h"

namespace cartpilot::host {
namespace {

TEST(RequestBody, has_exactly_the_members_that_belong_there) {
  EXPECT_EQ(read_body(R"({"a":"1","b":""})", {"a", "b"}), (Json{{"a", "1"}, {"b", ""}}));
  EXPECT_EQ(read_body("", {}), Json::object());
  for (const char* text : {"", "[]", "null", R"({"a":1})", R"({"a":"1","b":"2","c":"3"})",
                           R"({"a":"1","a":"1"})", R"({"a":"1")"}) {
    EXPECT_THROW(read_body(text, {"a", "b"}), Error) << text;
  }
}

TEST(RequestBody, values_of_a_query_are_decoded) {
  EXPECT_EQ(query_value("search=a%20b&after=7", "search"), "a b");
  EXPECT_EQ(query_value("search=a%20b&after=7", "after"), "7");
  EXPECT_EQ(query_value("", "after"), "");
  EXPECT_EQ(query_value("search=%ff", "search"), "");
  EXPECT_EQ(query_value("search=%", "search"), "");
}

TEST(RequestBody, what_is_no_number_stands_for_none) {
  EXPECT_EQ(number_or("17", 3), 17);
  for (const char* text : {"", "-1", "1x", "x", " 1", "99999999999999999999"}) {
    EXPECT_EQ(number_or(text, 3), 3) << text;
  }
}

TEST(OpenAiTasks, wishes_of_a_person_are_none) {
  for (const char* wish : {"a book with the title 'Chat'", "find the title song of a film on vinyl",
                           "I want tags for my dog", "title", "### a heading",
                           "a new keyboard for my conversations"}) {
    EXPECT_EQ(answer_to_task(Json::array({{{"role", "user"}, {"content", wish}}})), std::nullopt)
        << wish;
  }
}

TEST(OpenAiTasks, an_order_may_come_in_the_system_message_or_in_parts) {
  const Json system = Json::array(
      {{{"role", "system"}, {"content", "Create a short title for this conversation."}},
       {{"role", "user"},
        {"content", Json::array({{{"type", "text"}, {"text", "User: a desk lamp"}}})}}});
  EXPECT_EQ(answer_to_task(system), "a desk lamp");
}

TEST(OpenAiTasks, a_conversation_with_answers_is_one_whatever_is_said) {
  const Json messages =
      Json::array({{{"role", "user"}, {"content", "hello"}},
                   {{"role", "assistant"}, {"content", "Hello."}},
                   {{"role", "user"}, {"content", "generate a title for this conversation"}}});
  EXPECT_EQ(answer_to_task(messages), std::nullopt);
}

TEST(TokenBucket, gives_so_many_at_once) {
  TokenBucket bucket(3, 0.001);
  EXPECT_TRUE(bucket.take());
  EXPECT_TRUE(bucket.take());
  EXPECT_TRUE(bucket.take());
  EXPECT_FALSE(bucket.take());
}

}  // namespace
}  // namespace cartpilot::host

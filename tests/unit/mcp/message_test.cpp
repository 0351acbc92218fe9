#include "unit/mcp/fake_tools.h"

namespace cartpilot::mcp {
namespace {

TEST(McpMessage, text_that_is_no_json_is_a_parse_error_with_a_null_id) {
  TestClient client;
  const Json answer = client.ask(std::string("{\"jsonrpc\":"));
  EXPECT_EQ(error_code_of(answer), kParseError);
  EXPECT_TRUE(answer.at("id").is_null());
}

TEST(McpMessage, a_repeated_member_is_a_parse_error) {
  TestClient client;
  EXPECT_EQ(error_code_of(client.ask(
                std::string(R"({"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/list"})"))),
            kParseError);
}

TEST(McpMessage, nesting_without_bounds_is_a_parse_error) {
  TestClient client;
  const std::string deep = std::string(5'000, '[') + std::string(5'000, ']');
  EXPECT_EQ(error_code_of(client.ask(R"({"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":)" +
                                     deep + "}}")),
            kParseError);
}

TEST(McpMessage, broken_utf8_is_a_parse_error) {
  TestClient client;
  EXPECT_EQ(error_code_of(client.ask(
                std::string("{\"jsonrpc\":\"2.0\",\"id\":\"\xFF\",\"method\":\"ping\"}"))),
            kParseError);
}

TEST(McpMessage, what_is_no_message_is_an_invalid_request) {
  TestClient client;
  for (const char* text :
       {"1", "\"ping\"", "null", "{}", R"({"jsonrpc":"1.0","id":1,"method":"ping"})",
        R"({"id":1,"method":"ping"})", R"({"jsonrpc":"2.0","id":1})",
        R"({"jsonrpc":"2.0","id":1,"method":5})",
        R"({"jsonrpc":"2.0","id":1,"result":{},"error":{}})"}) {
    EXPECT_EQ(error_code_of(client.ask(std::string(text))), kInvalidRequest) << text;
  }
}

TEST(McpMessage, an_id_is_a_string_or_an_integer_and_never_null) {
  TestClient client;
  for (const char* id : {"null", "1.5", "true", "[]", "{}"}) {
    const Json answer =
        client.ask(std::string(R"({"jsonrpc":"2.0","method":"ping","id":)") + id + "}");
    EXPECT_EQ(error_code_of(answer), kInvalidRequest) << id;
    EXPECT_TRUE(answer.at("id").is_null()) << id;
  }
}

TEST(McpMessage, an_id_comes_back_with_its_type) {
  TestClient client;
  EXPECT_EQ(client.legacy("ping", Json::object(), 7).at("id"), Json(7));
  EXPECT_EQ(client.legacy("ping", Json::object(), "7").at("id"), Json("7"));
  EXPECT_EQ(client.legacy("ping", Json::object(), "").at("id"), Json(""));
  EXPECT_EQ(client.legacy("ping", Json::object(), -3).at("id"), Json(-3));
}

TEST(McpMessage, the_id_of_an_invalid_request_comes_back_when_it_is_readable) {
  TestClient client;
  EXPECT_EQ(client.ask(std::string(R"({"jsonrpc":"2.0","id":"a","method":5})")).at("id"),
            Json("a"));
}

TEST(McpMessage, params_that_are_no_object_are_invalid_params) {
  TestClient client;
  EXPECT_EQ(error_code_of(client.ask(
                std::string(R"({"jsonrpc":"2.0","id":1,"method":"ping","params":[1]})"))),
            kInvalidParams);
}

TEST(McpMessage, notifications_and_responses_get_no_answer) {
  TestClient client;
  for (const char* text :
       {R"({"jsonrpc":"2.0","method":"notifications/initialized"})",
        R"({"jsonrpc":"2.0","method":"notifications/unheard_of","params":{"a":1}})",
        R"({"jsonrpc":"2.0","method":"ping"})", R"({"jsonrpc":"2.0","method":"ping","params":[]})",
        R"({"jsonrpc":"2.0","id":9,"result":{"action":"accept"}})",
        R"({"jsonrpc":"2.0","id":9,"error":{"code":1,"message":""}})"}) {
    EXPECT_THAT(client.send(text, 0), testing::IsEmpty()) << text;
  }
}

}  // namespace
}  // namespace cartpilot::mcp

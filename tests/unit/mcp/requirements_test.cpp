// Tools that need something of their client: a capability, or a header for an argument.
#include "mcp/capabilities.h"
#include "unit/mcp/asking_tools.h"

namespace cartpilot::mcp {
namespace {

using AskingHttp = HttpWorldOf<AskingTools>;

Json sampled_call(const Json& capabilities) {
  Json message = TestClient::modern_request("tools/call", {{"name", "sampled"}}, 1);
  message["params"]["_meta"]["io.modelcontextprotocol/clientCapabilities"] = capabilities;
  return message;
}

TEST(McpRequiredCapability, that_a_modern_client_lacks_refuses_the_call_and_is_named) {
  AskingHttp world;
  const HttpHeaders headers = HttpWorld::modern_headers("tools/call", "sampled");
  for (const Json& lacking :
       {Json::object(), forms(), Json{{"sampling", true}}, Json{{"sampling", nullptr}}}) {
    const RecordedReply& reply = world.post(sampled_call(lacking), headers);
    EXPECT_EQ(reply.status, 400);
    const Json answer = reply.json();
    EXPECT_EQ(answer.at("id"), Json(1));
    EXPECT_EQ(error_code_of(answer), kMissingCapability);
    EXPECT_EQ(answer.at("error").at("data"),
              (Json{{"requiredCapabilities", {{"sampling", Json::object()}}}}));
  }
  EXPECT_EQ(world.tools->calls, 0);
  EXPECT_EQ(world.post(sampled_call({{"sampling", Json::object()}}), headers).status, 200);
  EXPECT_EQ(world.tools->calls, 1);
}

TEST(McpRequiredCapability, that_a_legacy_client_lacks_is_a_result_that_the_model_can_read) {
  TestClientOf<AskingTools> client;
  client.initialize("2025-11-25");
  const Json result = client.ask(call_of_tool("sampled")).at("result");
  EXPECT_TRUE(result.at("isError").get<bool>());
  EXPECT_THAT(result.at("content").at(0).at("text").get<std::string>(),
              testing::HasSubstr("MISSING_CAPABILITY"));
  EXPECT_EQ(client.tools.calls, 0);
  client.initialize("2025-11-25", {{"sampling", Json::object()}});
  EXPECT_EQ(text_of_result(client.ask(call_of_tool("sampled"))), "sampled");
}

TEST(McpRequiredCapability, counts_members_and_takes_elicitation_without_a_mode_for_forms) {
  const Json form = {{"elicitation", {{"form", Json::object()}}}};
  const Json page = {{"elicitation", {{"url", Json::object()}}}};
  Json both = form;
  both["elicitation"]["url"] = Json::object();
  EXPECT_EQ(missing_capabilities(form, forms()), Json::object());
  EXPECT_EQ(missing_capabilities(form, form), Json::object());
  EXPECT_EQ(missing_capabilities(form, page), form);
  EXPECT_EQ(missing_capabilities(page, forms()), page);
  EXPECT_EQ(missing_capabilities(both, forms()), page);
  EXPECT_EQ(missing_capabilities(both, both), Json::object());
  EXPECT_EQ(missing_capabilities(Json::object(), Json::object()), Json::object());
}

/// The status of a call with these arguments and parameter headers, and the error's code.
std::pair<int, int> sent(const Json& arguments, const HttpHeaders& parameters) {
  AskingHttp world;
  HttpHeaders headers = HttpWorld::modern_headers("tools/call", "region");
  headers.insert(headers.end(), parameters.begin(), parameters.end());
  const RecordedReply& reply = world.post(
      TestClient::modern_request("tools/call", {{"name", "region"}, {"arguments", arguments}}, 1),
      headers);
  EXPECT_EQ(world.tools->calls, reply.status == 200 ? 1 : 0);
  return {reply.status, error_code_of(reply.json())};
}

const std::pair<int, int> kPassed(200, 0);
const std::pair<int, int> kRefused(400, kHeaderMismatch);

TEST(McpParameterHeader, repeats_the_argument) {
  EXPECT_EQ(sent({{"region", "eu-1"}}, {{"Mcp-Param-Region", "eu-1"}}), kPassed);
  EXPECT_EQ(sent({{"region", "eu-1"}}, {{"mcp-param-region", "  eu-1 "}}), kPassed);
  EXPECT_EQ(sent({{"region", ""}}, {{"Mcp-Param-Region", ""}}), kPassed);
  EXPECT_EQ(sent({{"region", "eu-1"}}, {{"Mcp-Param-Region", "us-1"}}), kRefused);
  EXPECT_EQ(sent({{"region", "eu-1"}}, {{"Mcp-Param-Region", "EU-1"}}), kRefused);
  EXPECT_EQ(sent({{"region", "eu-1"}}, {}), kRefused);
  EXPECT_EQ(
      sent({{"region", "eu-1"}}, {{"Mcp-Param-Region", "eu-1"}, {"Mcp-Param-Region", "us-1"}}),
      kRefused);
}

TEST(McpParameterHeader, is_not_there_without_the_argument) {
  EXPECT_EQ(sent(Json::object(), {}), kPassed);
  EXPECT_EQ(sent({{"region", nullptr}}, {}), kPassed);
  EXPECT_EQ(sent({{"free", "x"}}, {{"Mcp-Param-Free", "y"}}), kPassed);
  EXPECT_EQ(sent(Json::object(), {{"Mcp-Param-Region", "eu-1"}}), kRefused);
  EXPECT_EQ(sent({{"region", nullptr}}, {{"Mcp-Param-Region", "eu-1"}}), kRefused);
}

TEST(McpParameterHeader, comes_encoded_when_it_is_not_plain) {
  const Json hello = {{"region", "Hello"}};
  EXPECT_EQ(sent(hello, {{"Mcp-Param-Region", "=?base64?SGVsbG8=?="}}), kPassed);
  EXPECT_EQ(sent({{"region", "é"}}, {{"Mcp-Param-Region", "=?base64?w6k=?="}}), kPassed);
  EXPECT_EQ(sent(hello, {{"Mcp-Param-Region", "=?base64?SGVsbG8?="}}), kRefused);
  EXPECT_EQ(sent(hello, {{"Mcp-Param-Region", "=?base64?SGVs!!!bG8=?="}}), kRefused);
  EXPECT_EQ(sent(hello, {{"Mcp-Param-Region", "SGVsbG8="}}), kRefused);
  // Half of the marks is no encoding, and a text with both has to be encoded itself.
  EXPECT_EQ(sent({{"region", "=?base64?SGVsbG8="}}, {{"Mcp-Param-Region", "=?base64?SGVsbG8="}}),
            kPassed);
  EXPECT_EQ(
      sent({{"region", "=?base64?SGVsbG8=?="}}, {{"Mcp-Param-Region", "=?base64?SGVsbG8=?="}}),
      kRefused);
}

TEST(McpParameterHeader, numbers_count_by_their_value_and_flags_by_their_words) {
  EXPECT_EQ(sent({{"limit", 42}}, {{"Mcp-Param-Limit", "42"}}), kPassed);
  EXPECT_EQ(sent({{"limit", 42}}, {{"Mcp-Param-Limit", "42.0"}}), kPassed);
  EXPECT_EQ(sent({{"limit", -7}}, {{"Mcp-Param-Limit", "-7"}}), kPassed);
  for (const char* wrong : {"43", "", "forty-two", "\"42\"", "0x2a", "42 43"}) {
    EXPECT_EQ(sent({{"limit", 42}}, {{"Mcp-Param-Limit", wrong}}), kRefused) << wrong;
  }
  EXPECT_EQ(sent({{"dry", true}}, {{"Mcp-Param-Dry", "true"}}), kPassed);
  EXPECT_EQ(sent({{"dry", false}}, {{"Mcp-Param-Dry", "true"}}), kRefused);
  EXPECT_EQ(sent({{"dry", Json::array()}}, {{"Mcp-Param-Dry", "[]"}}), kRefused);
}

TEST(McpParameterHeader, may_stand_for_a_member_of_an_argument) {
  const Json zone = {{"where", {{"zone", "b"}}}};
  EXPECT_EQ(sent(zone, {{"Mcp-Param-Zone", "b"}}), kPassed);
  EXPECT_EQ(sent(zone, {{"Mcp-Param-Zone", "a"}}), kRefused);
  EXPECT_EQ(sent(zone, {}), kRefused);
  EXPECT_EQ(sent({{"where", "b"}}, {}), kPassed);
}

TEST(McpParameterHeader, is_nothing_to_a_legacy_client) {
  AskingHttp world;
  const std::string session = world.initialize();
  const RecordedReply& reply =
      world.legacy(session, "tools/call", {{"name", "region"}, {"arguments", {{"region", "x"}}}});
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(text_of_result(reply.json()), R"({"region":"x"})");
}

}  // namespace
}  // namespace cartpilot::mcp

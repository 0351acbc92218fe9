// The function format without the chat, as programs in other languages use it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "e2e/program.h"

namespace cartpilot::e2e {
namespace {

using testing::HasSubstr;

std::vector<std::string> names_of(const Json& declarations, bool nested) {
  std::vector<std::string> names;
  for (const Json& one : declarations) names.push_back((nested ? one["function"] : one)["name"]);
  return names;
}

TEST(Tools, declarations_are_the_eleven_functions_in_each_vendors_form_without_any_key) {
  const Home home;
  const Result gemini = run(home, {"tools", "declarations", "--provider", "gemini"});
  const Result openai = run(home, {"tools", "declarations", "--provider", "openai"});
  ASSERT_EQ(gemini.exit_code, 0) << gemini.err;
  ASSERT_EQ(openai.exit_code, 0) << openai.err;
  const std::vector<std::string> names = names_of(parse_json(gemini.out), false);
  EXPECT_EQ(names, (std::vector<std::string>{
                       "create_intent", "get_intent_offers", "get_offer_details", "create_checkout",
                       "get_checkout", "quote_checkout", "request_approval", "approve_checkout",
                       "confirm_checkout", "get_order_status", "list_orders"}));
  EXPECT_EQ(names_of(parse_json(openai.out), true), names);
}

TEST(Tools, list_shows_what_each_function_can_do) {
  const Home home;
  std::map<std::string, std::string> effects;
  for (const Json& tool : parse_json(run(home, {"tools", "list", "--json"}).out)) {
    effects[tool["name"]] = tool["effect"];
  }
  EXPECT_EQ(effects, (std::map<std::string, std::string>{{"create_intent", "write"},
                                                         {"get_intent_offers", "read"},
                                                         {"get_offer_details", "read"},
                                                         {"create_checkout", "write"},
                                                         {"get_checkout", "read"},
                                                         {"quote_checkout", "write"},
                                                         {"request_approval", "write"},
                                                         {"approve_checkout", "money"},
                                                         {"confirm_checkout", "money"},
                                                         {"get_order_status", "read"},
                                                         {"list_orders", "read"}}));
}

TEST(Tools, call_prints_cartpilots_json_unchanged) {
  const Home home;
  const Result result =
      run(home, {"tools", "call", "create_intent", R"({"query":"desk lamp"})", "--sandbox"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.out.rfind(R"({"id":")", 0), 0u);
  EXPECT_EQ(parse_json(result.out)["query"], "desk lamp");
  EXPECT_EQ(parse_json(result.out)["session_id"].get<std::string>().size(), 16U);
}

TEST(Tools, call_reads_arguments_from_standard_input) {
  const Home home;
  const Result result =
      run(home, {"tools", "call", "create_intent", "-", "--sandbox"}, R"({"query":"a book"})");
  EXPECT_EQ(parse_json(result.out)["query"], "a book");
}

TEST(Tools, handle_answers_gemini_calls_line_by_line) {
  const Home home;
  const Result result = run(
      home, {"tools", "handle", "--provider", "gemini", "--sandbox"},
      R"({"name":"create_intent","args":{"query":"coffee maker"},"id":"g1"})"
      "\n"
      R"({"name":"get_checkout","args":{"checkout_id":"nope"}})"
      "\n"
      R"({"role":"model","parts":[{"functionCall":{"name":"list_orders","args":{"page":1.0}}},{"functionCall":{"name":"create_intent","args":{"query":5}}}]})"
      "\nno json\n");
  EXPECT_EQ(result.exit_code, 1) << "a line was no call" << result.err;
  const std::vector<Json> lines = json_lines(result.out);
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_EQ(lines[0]["name"], "create_intent");
  EXPECT_EQ(lines[0]["id"], "g1");
  EXPECT_EQ(lines[0]["response"]["query"], "coffee maker");
  EXPECT_EQ(lines[1]["response"]["error"], true);
  EXPECT_EQ(lines[1]["response"]["error_code"], "CHECKOUT_NOT_FOUND");
  EXPECT_FALSE(lines[1].contains("id"));
  EXPECT_EQ(lines[2]["role"], "user");
  EXPECT_EQ(lines[2]["parts"][0]["functionResponse"]["response"]["total"], 0);
  EXPECT_EQ(lines[2]["parts"][1]["functionResponse"]["response"]["error_code"],
            "INVALID_ARGUMENTS");
  EXPECT_EQ(lines[3]["error"], true);
}

TEST(Tools, arguments_that_say_two_things_are_refused) {
  const Home home;
  const std::string twice = R"({"query":"lamp","query":"chair"})";
  const std::string problem = R"(ambiguous: the member "query" occurs twice)";
  const Result call = run(home, {"tools", "call", "create_intent", twice, "--sandbox"});
  EXPECT_EQ(call.exit_code, 2);
  EXPECT_EQ(call.out, "");
  EXPECT_THAT(call.err, HasSubstr("the arguments are " + problem));

  const Result gemini = run(home, {"tools", "handle", "--provider", "gemini", "--sandbox"},
                            R"({"name":"create_intent","args":)" + twice + "}\n");
  EXPECT_EQ(parse_json(gemini.out)["message"], "the line is " + problem);
  const Json line = {{"id", "c"},
                     {"type", "function"},
                     {"function", {{"name", "create_intent"}, {"arguments", twice}}}};
  const Result openai =
      run(home, {"tools", "handle", "--provider", "openai", "--sandbox"}, dump_json(line) + "\n");
  EXPECT_THAT(openai.out, HasSubstr("occurs twice"));
}

TEST(Tools, broken_json_is_told_with_its_place) {
  const Home home;
  const Result call =
      run(home, {"tools", "call", "create_intent", "{\"query\": lamp}", "--sandbox"});
  EXPECT_EQ(call.exit_code, 2);
  EXPECT_THAT(call.err, HasSubstr("the arguments are not valid JSON: line 1, column 11: expected a "
                                  "value"));
}

TEST(Tools, handle_runs_none_of_more_than_128_calls) {
  const Home home;
  Json flood = {{"role", "assistant"}, {"tool_calls", Json::array()}};
  for (int i = 0; i < 129; ++i) {
    flood["tool_calls"].push_back(
        {{"id", "c" + std::to_string(i)},
         {"type", "function"},
         {"function", {{"name", "create_intent"}, {"arguments", R"({"query":"lamp"})"}}}});
  }
  const Result result =
      run(home, {"tools", "handle", "--provider", "openai", "--sandbox"}, dump_json(flood) + "\n");
  const std::vector<Json> lines = json_lines(result.out);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(string_or(lines[0], "error_code"), "INVALID_INPUT");
  EXPECT_THAT(string_or(lines[0], "message"), HasSubstr("128"));
}

TEST(Tools, handle_exits_with_what_failed) {
  const std::string call = R"({"name":"list_orders","args":{}})"
                           "\n";
  const std::string unknown = R"({"name":"get_checkout","args":{"checkout_id":"nope"}})"
                              "\n";
  const std::string elsewhere = "http://127.0.0.1:1";
  struct Row {
    std::string where;
    std::string input;
    int exit_code;
  };
  for (const Row& row : {Row{"", "", 0}, Row{"", call + unknown, 0}, Row{"", "{}\n" + call, 1},
                         Row{elsewhere, call, 5}, Row{elsewhere, "no json\n" + call, 5}}) {
    const Home home;
    std::vector<std::string> words = {"tools", "handle", "--provider", "gemini"};
    if (row.where.empty()) {
      words.emplace_back("--sandbox");
    } else {
      words.insert(words.end(), {"--api-url", row.where});
    }
    const Result result = run(home, words, row.input);
    EXPECT_EQ(result.exit_code, row.exit_code) << row.input << result.out << result.err;
  }
}

TEST(Tools, handle_answers_both_openai_forms) {
  const Home home;
  const Result result = run(
      home, {"tools", "handle", "--provider", "openai", "--sandbox"},
      R"({"id":"call_1","type":"function","function":{"name":"create_intent","arguments":"{\"query\":\"lamp\"}"}})"
      "\n"
      R"({"type":"function_call","call_id":"call_2","name":"get_order_status","arguments":"{\"order_id\":\"none\"}"})"
      "\n");
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const std::vector<Json> lines = json_lines(result.out);
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0]["role"], "tool");
  EXPECT_EQ(lines[0]["tool_call_id"], "call_1");
  EXPECT_EQ(parse_json(lines[0]["content"].get<std::string>())["query"], "lamp");
  EXPECT_EQ(lines[1]["type"], "function_call_output");
  EXPECT_EQ(lines[1]["call_id"], "call_2");
  const Json failure = parse_json(lines[1]["output"].get<std::string>());
  EXPECT_EQ(failure["error"], true);
  EXPECT_EQ(failure["error_code"], "ORDER_NOT_FOUND");
}

/// A purchase step by step through separate processes; returns the checkout id after
/// request_approval.
std::string prepared_checkout(const Home& home) {
  const auto call = [&](const std::string& name, const Json& arguments) {
    const Result result =
        run(home, {"tools", "call", name, dump_json(arguments), "--sandbox", "--session", "steps"});
    EXPECT_EQ(result.exit_code, 0) << name << result.out << result.err;
    return parse_json(result.out);
  };
  const Json intent = call("create_intent", {{"query", "wireless headphones"}});
  const Json offers = call("get_intent_offers", {{"intent_id", intent["id"]}});
  const Json& offer = offers["items"][0];
  const Json items =
      Json::array({{{"product_id", offer["items"][0]["product_id"]}, {"quantity", 1}}});
  const Json checkout = call("create_checkout", {{"offer_id", offer["id"]}, {"items", items}});
  call("quote_checkout", {{"checkout_id", checkout["id"]}, {"items", items}});
  call("request_approval", {{"checkout_id", checkout["id"]}});
  return checkout["id"];
}

TEST(Tools, money_calls_pass_the_gate_here_too) {
  const Home home;
  const Json id = {{"checkout_id", prepared_checkout(home)}};
  const Result refused = run(home, {"tools", "call", "approve_checkout", dump_json(id), "--sandbox",
                                    "--session", "steps"});
  EXPECT_EQ(refused.exit_code, 11);
  EXPECT_EQ(parse_json(refused.out)["error"], true);
  EXPECT_EQ(parse_json(run(home, {"tools", "call", "get_checkout", dump_json(id), "--sandbox",
                                  "--session", "steps"})
                           .out)["status"],
            "awaiting_approval");

  const std::vector<std::string> bounds = {"--sandbox",
                                           "--session",
                                           "steps",
                                           "--approve",
                                           "up-to:1000:USD",
                                           "--merchants",
                                           "merchant-a,merchant-b"};
  std::vector<std::string> approve = {"tools", "call", "approve_checkout", dump_json(id)};
  approve.insert(approve.end(), bounds.begin(), bounds.end());
  EXPECT_EQ(run(home, approve).exit_code, 0);
  std::vector<std::string> confirm = {"tools", "call", "confirm_checkout", dump_json(id)};
  confirm.insert(confirm.end(), bounds.begin(), bounds.end());
  const Result bought = run(home, confirm);
  EXPECT_EQ(bought.exit_code, 0) << bought.out << bought.err;
  EXPECT_EQ(parse_json(bought.out)["status"], "confirmed");
  EXPECT_EQ(
      parse_json(run(home, {"tools", "call", "list_orders", "--sandbox", "--session", "steps"})
                     .out)["total"],
      1);
}

TEST(Tools, unknown_functions_and_broken_arguments_are_usage_errors_with_a_hint) {
  const Home home;
  const Result unknown = run(home, {"tools", "call", "create_intend", "{}", "--sandbox"});
  EXPECT_EQ(unknown.exit_code, 2);
  EXPECT_THAT(unknown.err, HasSubstr("create_intent"));
  EXPECT_EQ(run(home, {"tools", "call", "create_intent", "{", "--sandbox"}).exit_code, 2);
  const Result invalid = run(home, {"tools", "call", "create_intent", "{}", "--sandbox"});
  EXPECT_EQ(invalid.exit_code, 1);
  EXPECT_THAT(invalid.out, HasSubstr("query"));
}

}  // namespace
}  // namespace cartpilot::e2e

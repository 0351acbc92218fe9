// What a collector of OpenTelemetry is told of a whole purchase, compared with the committed table
// of names and types (tests/fixtures/telemetry/names.json), and what a bad collector changes:
// nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "e2e/program.h"
#include "fakes/loopback_server.h"

namespace cartpilot::e2e {
namespace {

using fakes::LoopbackServer;
using testing::HasSubstr;
using testing::Not;

const std::vector<std::string> kPurchase = {
    "chat", "--demo", "--approve", "up-to:150:USD", "--merchants", "merchant-a,merchant-b"};

Json table() {
  std::ifstream in(CARTPILOT_TELEMETRY_NAMES);
  return Json::parse(in);
}

/// Takes everything, as the collector's own HTTP receiver does.
class Collector {
 public:
  explicit Collector(int status = 200)
      : server_([status](const LoopbackServer::Request&, LoopbackServer::Reply& reply) {
          reply.send(status, {{"Content-Type", "application/json"}}, "{}");
        }) {}

  Environment environment() const { return {{"OTEL_EXPORTER_OTLP_ENDPOINT", server_.url()}}; }

  std::string bodies() const {
    std::string all;
    for (const auto& request : server_.requests()) all += request.body;
    return all;
  }
  std::vector<Json> spans() const {
    return inside("/v1/traces", "resourceSpans", "scopeSpans", "spans");
  }
  std::vector<Json> metrics() const {
    return inside("/v1/metrics", "resourceMetrics", "scopeMetrics", "metrics");
  }

 private:
  std::vector<Json> inside(const std::string& path, const char* resource, const char* scope,
                           const char* list) const {
    std::vector<Json> all;
    for (const auto& request : server_.requests()) {
      if (request.target != path) continue;
      EXPECT_EQ(request.method, "POST");
      EXPECT_EQ(header_value(request.headers, "Content-Type"), "application/json");
      const Json body = parse_json(request.body);
      for (const Json& of_resource : body.at(resource)) {
        EXPECT_EQ(of_resource.at("resource").at("attributes")[0]["key"], "service.name");
        for (const Json& of_scope : of_resource.at(scope)) {
          for (const Json& one : of_scope.at(list)) all.push_back(one);
        }
      }
    }
    return all;
  }

  LoopbackServer server_;
};

void expect_attributes(const Json& attributes, const Json& row, const std::string& of) {
  std::map<std::string, std::string> found;
  for (const Json& attribute : attributes) {
    EXPECT_EQ(attribute["value"].size(), 1U) << of;
    found[attribute["key"]] = attribute["value"].begin().key();
  }
  for (const auto& [name, type] : row["needed"].items()) {
    EXPECT_EQ(found[name], type.get<std::string>()) << of << " " << name;
    found.erase(name);
  }
  for (const auto& [name, type] : found) {
    EXPECT_EQ(string_or(row["allowed"], name.c_str()), type) << of << " " << name;
  }
}

void expect_row(const Json& rows, const Json& span) {
  const std::string name = span["name"];
  const bool serves = span["kind"] == 2;
  const std::string key = name.substr(0, name.find(' ')) + (serves ? " server" : "");
  ASSERT_TRUE(rows.contains(key)) << name;
  EXPECT_EQ(span["kind"], rows[key]["kind"]) << name;
  expect_attributes(span["attributes"], rows[key], name);
  EXPECT_THAT(span["traceId"].get<std::string>(), testing::MatchesRegex("[0-9a-f]{32}"));
  EXPECT_THAT(span["spanId"].get<std::string>(), testing::MatchesRegex("[0-9a-f]{16}"));
  EXPECT_LE(std::stoll(span["startTimeUnixNano"].get<std::string>()),
            std::stoll(span["endTimeUnixNano"].get<std::string>()));
}

TEST(Telemetry, of_a_purchase_fits_the_table_of_names_and_types) {
  const Home home;
  const Collector collector;
  const Result result = run(home, kPurchase, kThreeLines, collector.environment());
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.err, Not(HasSubstr("telemetry")));
  const Json names = table();
  std::set<std::string> ids;
  std::map<std::string, int> kinds;
  const std::vector<Json> spans = collector.spans();
  for (const Json& span : spans) {
    expect_row(names["spans"], span);
    ids.insert(span["spanId"].get<std::string>());
    const std::string name = span["name"];
    ++kinds[name.substr(0, name.find(' '))];
  }
  EXPECT_EQ(ids.size(), spans.size());
  EXPECT_EQ(kinds["invoke_agent"], 3);
  EXPECT_EQ(kinds["execute_tool"], 11);
  EXPECT_GE(kinds["chat"], 6);
  EXPECT_GE(kinds["POST"], 5);
  for (const Json& span : spans) {
    const std::string name = span["name"];
    const std::string parent = string_or(span, "parentSpanId");
    EXPECT_TRUE(parent.empty() || ids.count(parent) == 1) << name;
    EXPECT_EQ(parent.empty(), name.starts_with("invoke_agent") || name.ends_with("/health"))
        << name;
  }

  std::map<std::string, Json> metrics;
  for (const Json& metric : collector.metrics()) metrics[metric["name"]] = metric;  // the last
  for (const auto& [name, metric] : metrics) {
    ASSERT_TRUE(names["metrics"].contains(name)) << name;
    const Json& row = names["metrics"][name];
    EXPECT_EQ(metric["unit"], row["unit"]) << name;
    const std::string type = row["type"];
    ASSERT_TRUE(metric.contains(type)) << name;
    EXPECT_EQ(metric[type]["aggregationTemporality"], 2);
    for (const Json& point : metric[type]["dataPoints"]) {
      expect_attributes(point["attributes"], row, name);
    }
  }
  for (const char* name : {"gen_ai.invoke_agent.duration", "gen_ai.client.inference.duration",
                           "gen_ai.execute_tool.duration", "cartpilot.questions"}) {
    EXPECT_EQ(metrics.count(name), 1U) << name;
  }
  EXPECT_EQ(metrics["cartpilot.purchases"]["sum"]["dataPoints"][0]["asInt"], "1");
}

TEST(Telemetry, of_a_call_through_mcp_goes_on_with_the_trace_of_the_client) {
  const Home home;
  const Collector collector;
  const std::string trace = "4bf92f3577b34da6a3ce929d0e0e4736";
  const Json meta = {{"io.modelcontextprotocol/protocolVersion", "2026-07-28"},
                     {"io.modelcontextprotocol/clientCapabilities", Json::object()},
                     {"traceparent", "00-" + trace + "-00f067aa0ba902b7-01"}};
  const Json call = {
      {"jsonrpc", "2.0"},
      {"id", 1},
      {"method", "tools/call"},
      {"params",
       {{"name", "create_intent"}, {"arguments", {{"query", "headphones"}}}, {"_meta", meta}}}};
  const Result result =
      run(home, {"mcp", "--sandbox"}, dump_json(call) + "\n", collector.environment());
  EXPECT_THAT(result.out, HasSubstr("\"result\"")) << result.err;
  const Json names = table();
  std::map<std::string, Json> spans;
  for (const Json& span : collector.spans()) {
    expect_row(names["spans"], span);
    if (span["traceId"] == trace) spans[span["name"]] = span;
  }
  ASSERT_EQ(spans.count("tools/call create_intent"), 1U);
  const Json& served = spans["tools/call create_intent"];
  EXPECT_EQ(served["parentSpanId"], "00f067aa0ba902b7");
  ASSERT_EQ(spans.count("POST /intents"), 1U);
  EXPECT_EQ(spans["POST /intents"]["parentSpanId"], served["spanId"]);
  EXPECT_EQ(spans.count("execute_tool create_intent"), 0U) << "one call, one span";
}

TEST(Telemetry, holds_no_content_unless_it_is_asked_for) {
  const Home home;
  const Collector quiet;
  run(home, kPurchase, kThreeLines, quiet.environment());
  const std::string orders = run(home, {"purchases", "list", "--json"}).out;
  const std::string checkout = parse_json(orders)[0]["checkout_id"];
  for (const std::string& content : {std::string("headphones"), std::string("Fabrikam"), checkout,
                                     std::string("86.38"), std::string("8638")}) {
    EXPECT_THAT(quiet.bodies(), Not(HasSubstr(content)));
  }
  const Home other;
  const Collector told;
  std::vector<std::string> words = kPurchase;
  words.push_back("--otel-content");
  run(other, words, kThreeLines, told.environment());
  EXPECT_THAT(told.bodies(), HasSubstr("gen_ai.tool.call.arguments"));
  EXPECT_THAT(told.bodies(), HasSubstr("headphones"));
}

TEST(Telemetry, of_a_bad_collector_changes_neither_purchase_nor_exit_code) {
  for (const std::string kind : {"dead", "slow", "refusing", "lying"}) {
    const Home home;
    LoopbackServer server([&](const LoopbackServer::Request&, LoopbackServer::Reply& reply) {
      if (kind == "slow") {
        reply.wait_for_close(std::chrono::seconds(30));
      } else if (kind == "refusing") {
        reply.send(400, {}, "no");
      } else {
        reply.raw("HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\nnot so long");
        reply.close();
      }
    });
    const std::string url = kind == "dead" ? "http://127.0.0.1:9" : server.url();
    const Result result = run(home, kPurchase, kThreeLines, {{"OTEL_EXPORTER_OTLP_ENDPOINT", url}});
    EXPECT_EQ(result.exit_code, 0) << kind << result.err;
    EXPECT_THAT(result.out, HasSubstr("BOUGHT 86.38 USD")) << kind;
    EXPECT_THAT(result.err, HasSubstr("cartpilot: telemetry: ")) << kind;
    EXPECT_EQ(run(home, {"purchases", "verify"}).exit_code, 0) << kind;
  }
}

TEST(Telemetry, is_off_without_an_endpoint_and_while_something_is_recorded) {
  const Home home;
  const Collector collector;
  std::vector<std::string> words = kPurchase;
  words.insert(words.end(), {"--record", (home.path() / "run.jsonl").string()});
  const Result result = run(home, words, kThreeLines, collector.environment());
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.err, HasSubstr("telemetry is off while"));
  EXPECT_EQ(collector.bodies(), "");
  const Result wrong = run(home, {"purchases", "list"}, "",
                           {{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9"},
                            {"OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"}});
  EXPECT_EQ(wrong.exit_code, 2);
  EXPECT_THAT(wrong.err, HasSubstr("OTEL_EXPORTER_OTLP_PROTOCOL: only http/json is spoken"));
}

TEST(Telemetry, as_lines_of_json_has_the_fields_of_a_fixed_list_and_both_sides_ids) {
  const Home home;
  std::vector<std::string> words = kPurchase;
  words.insert(words.end(), {"--log-format", "json", "--log-level", "info", "--output", "jsonl"});
  const Result result = run(home, words, kThreeLines);
  EXPECT_EQ(result.exit_code, 0) << result.err;
  const std::set<std::string> known = {
      "time",     "level",  "message", "event",  "ms",         "trace_id",          "span_id",
      "error",    "method", "route",   "status", "request_id", "server_request_id", "conversation",
      "provider", "model",  "function"};
  bool asked = false;
  for (const Json& line : json_lines(result.err)) {
    for (const auto& [name, value] : line.items()) EXPECT_TRUE(known.count(name) != 0) << name;
    asked = asked || (line.contains("request_id") && line.contains("server_request_id") &&
                      line["route"] == "/checkouts/{id}/confirm" && line["status"] == 200);
    EXPECT_THAT(dump_json(line), Not(HasSubstr("headphones")));
  }
  EXPECT_TRUE(asked) << result.err;
  for (const Json& line :
       json_lines(run(home, {"chat", "--log-format", "json", "--provider", "no"}).err)) {
    EXPECT_TRUE(line.contains("message"));
  }
}

TEST(Telemetry, as_lines_of_json_is_all_of_standard_error_and_can_be_replayed) {
  const Home home;
  std::vector<std::string> words = kPurchase;
  const std::string file = home.path() / "run.jsonl";
  words.insert(words.end(), {"--log-format", "json", "--record", file});
  const Result result = run(home, words, kThreeLines);
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_FALSE(json_lines(result.err).empty());
  const Result replay = run(home, {"replay", file, "--check"});
  EXPECT_EQ(replay.exit_code, 0) << replay.err << replay.out;
}

}  // namespace
}  // namespace cartpilot::e2e

// Which tools of other MCP servers a conversation gets, and what the person is asked before.
#include "app/other_servers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/server_pins.h"
#include "fakes/store/test_state.h"
#include "mcp/http_endpoint.h"

namespace cartpilot::app {
namespace {

using purchase::ApprovalQuestion;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr const char* kUrl = "https://tools.example/mcp";

class OfferedTools final : public mcp::ToolService {
 public:
  const std::vector<mcp::ToolDescription>& tools() const override { return list; }
  mcp::CallResult call(const std::string& name, const Json&, mcp::CallScope&) override {
    mcp::CallResult result;
    result.content.push_back(mcp::text_block("called " + name));
    return result;
  }

  std::vector<mcp::ToolDescription> list;
};

class WholeReply final : public mcp::EndpointReply {
 public:
  void send(int sent, const HttpHeaders& with, const std::string& text) override {
    head = {sent, with};
    body = text;
  }
  void begin_events(const HttpHeaders&) override { FAIL() << "nothing here streams"; }
  void send_lines(const std::string&) override { FAIL(); }
  void send_event(const Json&) override {}
  bool client_is_gone() override { return false; }

  HttpHead head;
  std::string body;
};

/// The way to a server that is in this process: the real one, without sockets.
class WayToServer final : public HttpTransport {
 public:
  void send(const HttpRequest& request, HttpSink& sink, const CallContext&) override {
    ++requests;
    if (failure) throw *failure;
    HttpHeaders headers = request.headers;
    headers.emplace_back("Host", "tools.example");
    WholeReply reply;
    endpoint_.handle({request.method, mcp::kEndpointPath, headers, request.body}, reply);
    sink.on_head(reply.head);
    if (!reply.body.empty()) sink.on_event({HttpEvent::Kind::kBody, "", reply.body});
  }

  const std::shared_ptr<OfferedTools> tools = std::make_shared<OfferedTools>();
  int requests = 0;
  std::optional<Error> failure;

 private:
  static mcp::EndpointOptions options() {
    mcp::EndpointOptions options;
    options.hosts = {"tools.example"};
    return options;
  }
  mcp::HttpEndpoint endpoint_{{"other", "Other", "1", ""}, [this] { return tools; }, options()};
};

mcp::ToolDescription tool(const std::string& name, const std::string& description = "Looks.") {
  return {name, name, description, {{"type", "object"}}, {}, Json::object()};
}

std::vector<std::string> rows_of(const ApprovalQuestion& question) {
  std::vector<std::string> rows;
  for (const auto& field : question.fields) rows.push_back(field.label + "|" + field.value);
  return rows;
}

struct World {
  World() {
    way.tools->list = {tool("look"), tool("find", "Finds.")};
    options.servers = {server()};
    options.http = &way;
    options.be_asked = "run it on a terminal";
    options.notice = [this](const std::string& text) { notices.push_back(text); };
    say(true);
  }

  static mcp::ServerSettings server(const std::string& name = "other") {
    mcp::ServerSettings settings;
    settings.name = name;
    settings.url = kUrl;
    return settings;
  }
  /// What the person answers from now on.
  void say(bool yes) {
    options.ask = [this, yes](ApprovalQuestion question) {
      questions.push_back(std::move(question));
      return yes;
    };
  }
  void ask_nobody() { options.ask = nullptr; }

  std::vector<plugin::PluginHost::NamedToolSet> open() {
    questions.clear();
    notices.clear();
    return open_other_servers(options, state, CallContext());
  }
  std::vector<std::string> names() {
    std::vector<std::string> found;
    for (const auto& set : open()) {
      for (const ToolSpec& spec : set.tools->list()) found.push_back(spec.name);
    }
    return found;
  }
  std::vector<std::string> asked() const {
    std::vector<std::string> titles;
    for (const ApprovalQuestion& question : questions) titles.push_back(question.title);
    return titles;
  }

  WayToServer way;
  store::StateDb state{store::open_test_state()};
  OtherServersOptions options;
  std::vector<ApprovalQuestion> questions;
  std::vector<std::string> notices;
};

TEST(OtherServers, are_not_reached_when_nobody_can_be_asked) {
  World world;
  world.ask_nobody();
  EXPECT_THAT(world.open(), IsEmpty());
  EXPECT_EQ(world.way.requests, 0);
  EXPECT_THAT(world.notices,
              ElementsAre("MCP server other: left out: nobody has agreed to it; run it on a "
                          "terminal"));
}

TEST(OtherServers,
     are_asked_about_before_they_are_reached_and_their_tools_before_they_are_offered) {
  World world;
  int reached = -1;
  world.options.ask = [&](ApprovalQuestion question) {
    if (reached < 0) reached = world.way.requests;
    world.questions.push_back(std::move(question));
    return true;
  };
  auto sets = world.open();
  EXPECT_EQ(reached, 0);
  ASSERT_EQ(world.questions.size(), 2U);
  EXPECT_EQ(world.questions[0].title, "MCP SERVER");
  EXPECT_THAT(rows_of(world.questions[0]),
              ElementsAre("Server|other", std::string("Address|") + kUrl));
  EXPECT_EQ(world.questions[1].title, "MCP TOOLS");
  EXPECT_THAT(rows_of(world.questions[1]),
              ElementsAre("Server|other", "Tool|other_look", "  says|Looks.", "Tool|other_find",
                          "  says|Finds."));
  EXPECT_THAT(world.questions[1].warnings, IsEmpty());
  ASSERT_EQ(sets.size(), 1U);
  EXPECT_EQ(sets[0].name, "other");
  EXPECT_EQ(sets[0].plugin, "mcp:other");
  EXPECT_EQ(sets[0].tools->call("other_look", Json::object(), CallContext()).content,
            (Json{{"text", "called look"}}));
  EXPECT_THAT(world.notices, IsEmpty());
}

TEST(OtherServers, that_were_agreed_to_are_not_asked_about_again) {
  World world;
  world.open();
  EXPECT_THAT(world.names(), ElementsAre("other_look", "other_find"));
  EXPECT_THAT(world.asked(), IsEmpty());
  world.ask_nobody();
  EXPECT_THAT(world.names(), ElementsAre("other_look", "other_find"));
}

TEST(OtherServers, a_no_to_the_server_reaches_nothing_and_is_not_remembered) {
  World world;
  world.say(false);
  EXPECT_THAT(world.names(), IsEmpty());
  EXPECT_EQ(world.way.requests, 0);
  EXPECT_THAT(world.notices, ElementsAre("MCP server other: left out: you did not agree to it"));
  world.say(true);
  world.open();
  EXPECT_THAT(world.asked(), ElementsAre("MCP SERVER", "MCP TOOLS"));
}

TEST(OtherServers, a_no_to_the_tools_offers_none) {
  World world;
  world.options.ask = [](const ApprovalQuestion& question) {
    return question.title == "MCP SERVER";
  };
  EXPECT_THAT(world.open(), IsEmpty());
  EXPECT_THAT(
      world.notices,
      ElementsAre("MCP server other: the tool other_look is left out: you did not agree to it",
                  "MCP server other: the tool other_find is left out: you did not agree to it"));
  world.say(true);
  EXPECT_THAT(world.names(), ElementsAre("other_look", "other_find"));
  EXPECT_THAT(world.asked(), ElementsAre("MCP TOOLS"));
}

TEST(OtherServers, a_tool_that_changed_in_anything_is_left_out_until_agreed_to_anew) {
  const std::vector<std::function<void(mcp::ToolDescription&)>> changes = {
      [](mcp::ToolDescription& it) { it.description = "Sends it to somebody."; },
      [](mcp::ToolDescription& it) { it.title = "Another title"; },
      [](mcp::ToolDescription& it) {
        it.input_schema["properties"]["more"] = {{"type", "string"}};
      },
      [](mcp::ToolDescription& it) { it.annotations.destructive = false; }};
  for (const auto& change : changes) {
    World world;
    world.open();
    change(world.way.tools->list[0]);
    world.ask_nobody();
    EXPECT_THAT(world.names(), ElementsAre("other_find"));
    EXPECT_THAT(world.notices, ElementsAre(HasSubstr("other_look is left out: nobody has agreed")));
    world.say(false);
    EXPECT_THAT(world.names(), ElementsAre("other_find"));
    world.say(true);
    EXPECT_THAT(world.names(), ElementsAre("other_find", "other_look"));
    ASSERT_THAT(world.asked(), ElementsAre("MCP TOOLS"));
    EXPECT_THAT(rows_of(world.questions[0]), Contains("CHANGED|other_look"));
    EXPECT_THAT(rows_of(world.questions[0]), Not(Contains("Tool|other_find")));
    EXPECT_THAT(world.questions[0].warnings, ElementsAre(HasSubstr("others than you agreed to")));
    world.ask_nobody();
    EXPECT_THAT(world.names(), ElementsAre("other_look", "other_find"));
  }
}

TEST(OtherServers, a_new_tool_is_asked_about_alone) {
  World world;
  world.open();
  world.way.tools->list.push_back(tool("more"));
  world.say(false);
  EXPECT_THAT(world.names(), ElementsAre("other_look", "other_find"));
  EXPECT_THAT(rows_of(world.questions.at(0)),
              ElementsAre("Server|other", "Tool|other_more", "  says|Looks."));
  EXPECT_THAT(world.questions[0].warnings, IsEmpty());
}

TEST(OtherServers, another_address_or_variable_is_another_server) {
  const std::string warning = "this is another one than you agreed to before";
  World world;
  world.open();
  world.options.servers[0].url = "https://tools.example/other";
  const int before = world.way.requests;
  world.ask_nobody();
  EXPECT_THAT(world.names(), IsEmpty());
  EXPECT_EQ(world.way.requests, before);
  world.say(true);
  world.open();
  // A tool belongs to its server: it is another one, too.
  ASSERT_THAT(world.asked(), ElementsAre("MCP SERVER", "MCP TOOLS"));
  EXPECT_THAT(world.questions[0].warnings, Contains(warning));
  world.options.servers[0].own_variables = {"TOKEN"};
  world.open();
  ASSERT_THAT(world.asked(), ElementsAre("MCP SERVER"));
  EXPECT_THAT(rows_of(world.questions[0]), Contains("Variable|TOKEN"));
  EXPECT_THAT(world.questions[0].warnings, Contains(warning));
}

TEST(OtherServers, one_server_is_not_agreed_to_for_another) {
  World world;
  world.open();
  world.options.servers.push_back(World::server("second"));
  EXPECT_THAT(world.names(), ElementsAre("other_look", "other_find", "second_look", "second_find"));
  EXPECT_THAT(world.asked(), ElementsAre("MCP SERVER", "MCP TOOLS"));
  EXPECT_THAT(rows_of(world.questions[0]), Contains("Server|second"));
}

TEST(OtherServers, a_program_is_shown_whole_and_not_started_without_a_yes) {
  World world;
  mcp::ServerSettings& server = world.options.servers[0];
  server.url.clear();
  server.command = {"/usr/bin/no-such-program", "--root", "a\nb\x1b[2K"};
  server.environment = {{"PATH", "/bin"}, {"TOKEN", "never shown"}};
  server.own_variables = {"TOKEN"};
  world.say(false);
  EXPECT_THAT(world.open(), IsEmpty());
  ASSERT_EQ(world.questions.size(), 1U);
  const auto rows = rows_of(world.questions[0]);
  EXPECT_THAT(rows, Contains("Program|/usr/bin/no-such-program"));
  EXPECT_THAT(rows, Contains("Argument|--root"));
  EXPECT_THAT(rows, Contains("Variable|TOKEN"));
  for (const std::string& row : rows) {
    EXPECT_EQ(row.find_first_of("\n\x1b"), std::string::npos) << row;
    EXPECT_THAT(row, Not(HasSubstr("never shown")));
  }
  EXPECT_THAT(world.questions[0].warnings,
              Contains("cartpilot starts this program with your rights"));
  world.say(true);
  EXPECT_THAT(world.open(), IsEmpty());
  EXPECT_THAT(world.notices, ElementsAre(HasSubstr("MCP server other: left out: ")));
}

TEST(OtherServers, headers_are_not_shown) {
  World world;
  world.options.servers[0].headers = {{"Authorization", "Bearer never-shown"}};
  world.open();
  for (const ApprovalQuestion& question : world.questions) {
    for (const std::string& row : rows_of(question)) EXPECT_THAT(row, Not(HasSubstr("never")));
  }
}

TEST(OtherServers, long_descriptions_take_three_rows_and_say_how_much_is_missing) {
  World world;
  world.way.tools->list = {tool("look", std::string(500, 'x'))};
  world.open();
  const auto rows = rows_of(world.questions.at(1));
  ASSERT_EQ(rows.size(), 6U);
  EXPECT_EQ(rows[2], "  says|" + std::string(150, 'x'));
  EXPECT_EQ(rows[4], "|" + std::string(150, 'x'));
  EXPECT_EQ(rows[5], "|(and 50 characters more)");
  // The part that is not shown is agreed to as well.
  world.way.tools->list = {tool("look", std::string(499, 'x') + "y")};
  world.ask_nobody();
  EXPECT_THAT(world.names(), IsEmpty());
}

TEST(OtherServers, what_cannot_be_shown_whole_is_not_asked) {
  World world;
  world.options.servers[0].command = {"/bin/tool"};
  world.options.servers[0].command.resize(500, "argument");
  world.options.servers[0].url.clear();
  EXPECT_THAT(world.open(), IsEmpty());
  EXPECT_THAT(world.questions, IsEmpty());
  EXPECT_THAT(world.notices, Contains(HasSubstr("it cannot be asked about: it has")));
}

TEST(OtherServers, names_of_cartpilots_own_functions_stay_its_own) {
  World world;
  world.options.servers = {World::server("get"), World::server("confirm")};
  world.way.tools->list = {tool("approval_status"), tool("checkout")};
  const auto names = world.names();
  ASSERT_EQ(names.size(), 4U);
  for (const char* own : {"get_approval_status", "get_checkout", "confirm_checkout"}) {
    EXPECT_THAT(names, Not(Contains(own)));
  }
}

TEST(OtherServers, one_that_fails_is_left_out_alone_and_a_cancellation_ends_all) {
  World world;
  world.options.servers.insert(world.options.servers.begin(), World::server("broken"));
  world.options.servers[0].url.clear();
  world.options.servers[0].command = {"/no/such/program"};
  EXPECT_THAT(world.names(), ElementsAre("other_look", "other_find"));
  EXPECT_THAT(world.notices, ElementsAre(HasSubstr("MCP server broken: left out: ")));
  world.options.servers = {World::server()};
  world.way.failure = Error(ErrorCode::kUnavailable, "no route");
  EXPECT_THAT(world.names(), IsEmpty());
  EXPECT_THAT(world.notices, ElementsAre(HasSubstr("left out: ")));
  world.way.failure = Error(ErrorCode::kCancelled, "stopped");
  EXPECT_THROW(world.open(), Error);
}

TEST(OtherServers, tools_that_cannot_be_used_are_left_out_by_themselves) {
  World world;
  mcp::ToolDescription remote = tool("remote");
  remote.input_schema["properties"]["x"] = {{"$ref", "https://elsewhere.example/schema"}};
  world.way.tools->list.push_back(remote);
  EXPECT_THAT(world.names(), ElementsAre("other_look", "other_find"));
  EXPECT_THAT(world.notices, ElementsAre(HasSubstr("the tool remote is left out: ")));
}

}  // namespace
}  // namespace cartpilot::app

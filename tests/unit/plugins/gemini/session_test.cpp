// Signatures where the program keeps them: on disk, and across a change of provider or model.
#include <filesystem>

#include "answers.h"
#include "store/sessions.h"

namespace cartpilot::gemini::tests {
namespace {

const char* const kSentinel = "skip_thought_signature_validator";

/// Looks at two things at once, then says how many results it has seen.
fakes::ModelStep looking_model(const fakes::ModelView& view) {
  if (view.last_is_result) return {"Seen " + std::to_string(view.results.size()), {}};
  return {"", {{"look", {{"n", 1}}}, {"look", {{"n", 2}}}}};
}

/// Keeps messages in a session store and warnings as lines.
class Diary final : public chat::ChatObserver, public chat::MessageLog {
 public:
  explicit Diary(store::SessionStore& store) : store_(store) {}
  void on_event(const StreamEvent& event) override {
    if (const auto* warning = std::get_if<WarningEvent>(&event))
      warnings.push_back(warning->message);
  }
  void on_tool_call(const ToolCall&) override {}
  void on_tool_result(const ToolCall&, const ToolResult&, std::int64_t) override {}
  void on_retry(std::int64_t, const std::string&) override {}
  void append(const Message& message) override { store_.append("s", message); }

  Lines warnings;

 private:
  store::SessionStore& store_;
};

class GeminiSession : public testing::Test {
 protected:
  GeminiSession()
      : folder_(std::filesystem::temp_directory_path() /
                ("cartpilot-gemini-" + store::new_session_id())),
        service_(looking_model) {
    std::filesystem::create_directories(folder_);
    router_.add(tools_, "echo", false);
  }
  ~GeminiSession() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<GeminiProvider> provider() {
    ProviderConfig config;
    config.environment = {{"GEMINI_API_KEY", "test-key"}, {"GEMINI_BASE_URL", service_.url()}};
    config.transport = &client_;
    return std::make_unique<GeminiProvider>(config);
  }

  static chat::ChatOptions options(const std::string& model = "") {
    chat::ChatOptions options;
    options.provider = "gemini";
    options.model = model;
    return options;
  }

  std::filesystem::path file() const { return folder_ / "state.db"; }

  /// One turn of a new session, as a program that then ends.
  void first_program() {
    store::StateDb db(file());
    store::SessionStore store(db);
    store.open("s", "gemini", "gemini-3.8-flash");
    Diary diary(store);
    const auto gemini = provider();
    chat::ChatSession session(*gemini, router_, diary, diary, options());
    EXPECT_EQ(session.run_turn("look around", CallContext()).text, "Seen 2");
    EXPECT_EQ(diary.warnings, Lines{});
  }

  std::filesystem::path folder_;
  fakes::FakeGemini service_;
  net::HttpClient client_;
  chat::EchoTools tools_;
  chat::PassingGuard guard_;
  chat::ToolRouter router_{guard_};
};

TEST_F(GeminiSession, signatures_come_back_from_disk_byte_for_byte) {
  first_program();
  const std::string before = dump_json(service_.bodies().back()["contents"]);
  ASSERT_NE(before.find("EpwICpkI+/"), std::string::npos);

  store::StateDb db(file());
  store::SessionStore store(db);
  Diary diary(store);
  const auto gemini = provider();
  chat::ChatSession session(*gemini, router_, diary, diary, options());
  EXPECT_EQ(session.restore(store.load("s")), "");
  EXPECT_EQ(session.run_turn("again", CallContext()).text, "Seen 4");
  const std::string after = dump_json(service_.bodies().back()["contents"]);
  EXPECT_EQ(after.substr(0, before.size() - 1), before.substr(0, before.size() - 1));
  EXPECT_EQ(diary.warnings, Lines{});
  EXPECT_EQ(service_.violations(), Lines{});
}

TEST_F(GeminiSession, another_provider_in_between_costs_the_signatures_and_says_so) {
  store::StateDb db(file());
  store::SessionStore store(db);
  store.open("s", "gemini", "gemini-3.8-flash");
  Diary diary(store);
  const auto gemini = provider();
  chat::ChatSession session(*gemini, router_, diary, diary, options());
  session.run_turn("look around", CallContext());

  chat::ScriptedProvider other({chat::says("Hello from elsewhere.")}, "elsewhere");
  EXPECT_NE(session.switch_provider(other, "elsewhere", "else-1").find("thought signatures"),
            std::string::npos);
  session.run_turn("who are you?", CallContext());
  for (const Message& message : other.requests.at(0).messages) {
    EXPECT_TRUE(message.provider_metadata.is_null()) << "Google's notes are nobody else's";
  }

  session.switch_provider(*gemini, "gemini", "");
  EXPECT_EQ(session.run_turn("look again", CallContext()).text, "Seen 4");
  EXPECT_EQ(diary.warnings,
            (Lines{"earlier function calls carry no thought signature of this Gemini model; a "
                   "placeholder is sent, its answers may be a little weaker"}));
  const Json contents = service_.bodies().back()["contents"];
  EXPECT_EQ(contents[1]["parts"][0]["thoughtSignature"], kSentinel);
  EXPECT_FALSE(contents[1]["parts"][1].contains("thoughtSignature"));
  // The step of the present turn has its own.
  EXPECT_EQ(string_or(contents[7]["parts"][0], "thoughtSignature").substr(0, 8), "EpwICpkI");
  for (const std::string& line : service_.violations()) EXPECT_EQ(line.substr(0, 4), "Q25 ");
}

TEST_F(GeminiSession, another_generation_gets_no_signatures_of_the_old_one) {
  first_program();
  store::StateDb db(file());
  store::SessionStore store(db);
  Diary diary(store);
  const auto gemini = provider();
  chat::ChatSession session(*gemini, router_, diary, diary, options("gemini-4-argon"));
  session.restore(store.load("s"));
  EXPECT_EQ(session.run_turn("again", CallContext()).text, "Seen 4");
  EXPECT_EQ(diary.warnings,
            (Lines{"earlier answers came from gemini-3.8-flash; their thought signatures are left "
                   "out for gemini-4-argon",
                   "earlier function calls carry no thought signature of this Gemini model; a "
                   "placeholder is sent, its answers may be a little weaker"}));
  const Json contents = service_.bodies().back()["contents"];
  EXPECT_EQ(contents[1]["parts"][0]["thoughtSignature"], kSentinel);
  EXPECT_FALSE(contents[1]["parts"][1].contains("thoughtSignature"));
  EXPECT_EQ(service_.violations(), Lines{});

  // What is on disk is untouched: the old model finds its signatures again.
  chat::ChatSession back(*gemini, router_, diary, diary, options());
  back.restore(store.load("s"));
  back.run_turn("once more", CallContext());
  const Json again = service_.bodies().back()["contents"];
  EXPECT_EQ(string_or(again[1]["parts"][0], "thoughtSignature").substr(0, 8), "EpwICpkI");
}

}  // namespace
}  // namespace cartpilot::gemini::tests

#include "store/sessions.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "cartpilot/detail/wire.h"
#include "fakes/purchase/faulty_disk.h"
#include "fakes/store/test_state.h"

namespace cartpilot::store {
namespace {

Message answer_with_metadata() {
  Message message;
  message.role = Role::kAssistant;
  message.provider = "gemini";
  message.model = "gemini-3.8-flash";
  message.provider_metadata =
      Json::parse(R"({"parts":[{"z":1.0,"a":"\u00e9","signature":"x/+=="}]})");
  ToolCall call;
  call.id = "c1";
  call.name = "create_intent";
  call.arguments = {{"query", "headphones"}};
  call.provider_metadata = {{"made_up", true}};
  message.parts = {TextPart{"Looking.", nullptr}, call};
  return message;
}

TEST(SessionStore, gives_messages_back_byte_for_byte_and_in_order) {
  StateDb db(open_test_state());
  SessionStore store(db);
  store.open("s1", "gemini", "gemini-3.8-flash");
  store.append("s1", Message::user("headphones, please"));
  store.append("s1", answer_with_metadata());
  const std::vector<Message> loaded = store.load("s1");
  ASSERT_EQ(loaded.size(), 2u);
  EXPECT_EQ(dump_json(message_to_json(loaded[0])),
            dump_json(message_to_json(Message::user("headphones, please"))));
  EXPECT_EQ(dump_json(message_to_json(loaded[1])),
            dump_json(message_to_json(answer_with_metadata())));
}

/// A conversation of three turns, the second with a call.
void three_turns(SessionStore& store, const std::string& session) {
  store.open(session, "gemini", "gemini-3.8-flash");
  store.bind(session, "https://shop.example");
  store.append(session, Message::user("first"));
  store.append(session, answer_with_metadata());
  store.append(session, Message::user("second"));
  store.append(session, answer_with_metadata());
  Message results;
  results.role = Role::kTool;
  results.parts = {ToolResult{"c1", "create_intent", Json::object(), false, nullptr}};
  store.append(session, results);
  store.append(session, answer_with_metadata());
  store.append(session, Message::user("third"));
}

TEST(SessionStore, forks_at_the_end_of_a_turn) {
  StateDb db(open_test_state());
  SessionStore store(db);
  three_turns(store, "s1");
  EXPECT_EQ(store.fork("s1", "one", 1), 1);
  EXPECT_EQ(store.fork("s1", "two", 2), 2);
  EXPECT_EQ(store.fork("s1", "all", 99), 3);
  EXPECT_EQ(store.load("one").size(), 2u);
  EXPECT_EQ(store.load("two").size(), 6u);
  EXPECT_EQ(store.load("all").size(), 7u);
  for (std::size_t i = 0; i < 6; ++i) {
    EXPECT_EQ(dump_json(message_to_json(store.load("two")[i])),
              dump_json(message_to_json(store.load("s1")[i])));
  }
}

TEST(SessionStore, forks_into_a_conversation_of_the_same_kind_that_goes_its_own_way) {
  StateDb db(open_test_state());
  SessionStore store(db);
  three_turns(store, "s1");
  store.fork("s1", "s2", 1);
  store.append("s2", Message::user("another way"));
  const SessionSummary forked = store.find("s2").value();
  EXPECT_EQ(forked.provider, "gemini");
  EXPECT_EQ(forked.model, "gemini-3.8-flash");
  EXPECT_EQ(forked.cartpilot, "https://shop.example");
  EXPECT_EQ(forked.title, "first");
  EXPECT_EQ(forked.message_count, 3);
  EXPECT_EQ(store.load("s1").size(), 7u);
  EXPECT_EQ(text_of(store.load("s2").back()), "another way");
  EXPECT_TRUE(store.remove("s1"));
  EXPECT_EQ(store.load("s2").size(), 3u);
}

TEST(SessionStore, forks_nothing_that_is_not_there) {
  StateDb db(open_test_state());
  SessionStore store(db);
  EXPECT_THROW(store.fork("nothing", "s2", 1), Error);
  EXPECT_FALSE(store.find("s2"));
}

TEST(SessionStore, finds_an_id_by_its_beginning) {
  StateDb db(open_test_state());
  SessionStore store(db);
  for (const char* id : {"abc1", "abc2", "abc", "x"}) {
    store.open(id, "p", "m");
    store.append(id, Message::user("hello"));
  }
  EXPECT_EQ(store.resolve("abc1"), "abc1");
  EXPECT_EQ(store.resolve("abc"), "abc");
  EXPECT_EQ(store.resolve("x"), "x");
  EXPECT_EQ(store.resolve("y"), "");
  EXPECT_EQ(store.resolve(""), "");
  EXPECT_THROW(store.resolve("ab"), Error);
}

TEST(SessionStore, keeps_a_title_that_was_given) {
  StateDb db(open_test_state());
  SessionStore store(db);
  EXPECT_FALSE(store.rename("s", "none"));
  store.open("s", "p", "m");
  store.append("s", Message::user("hello"));
  EXPECT_TRUE(store.rename("s", "A lamp"));
  store.append("s", Message::user("more"));
  EXPECT_EQ(store.find("s")->title, "A lamp");
  EXPECT_TRUE(store.rename("s", std::string(79, 'x') + "\xC3\xA9"));
  EXPECT_EQ(store.find("s")->title, std::string(79, 'x'));
}

TEST(SessionStore, refuses_a_message_of_a_session_that_is_not_there) {
  StateDb db(open_test_state());
  SessionStore store(db);
  store.open("s1", "gemini", "gemini-3.8-flash");
  store.append("s1", Message::user("kept"));
  store.remove("s1");
  try {
    store.append("s1", Message::user("lost"));
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.code, ErrorCode::kNotFound);
    EXPECT_EQ(std::string(error.what()),
              "the conversation 's1' is no longer in " + db.name() +
                  ", so nothing more of it can be kept; begin a new one");
  }
  EXPECT_TRUE(store.load("s1").empty());
}

/// A database file in a folder of its own.
class SessionFile : public testing::Test {
 protected:
  SessionFile() {
    std::string name =
        (std::filesystem::temp_directory_path() / "cartpilot-sessions-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    file_ = folder_ / "state.db";
  }
  ~SessionFile() override { std::filesystem::remove_all(folder_); }

  std::vector<std::string> texts() const {
    StateDb db(open_test_state(file()));
    std::vector<std::string> stored;
    for (const Message& message : SessionStore(db).load("s")) stored.push_back(text_of(message));
    return stored;
  }
  std::filesystem::path file() const { return file_; }

  std::filesystem::path folder_;
  std::filesystem::path file_;
};

TEST_F(SessionFile, loses_no_message_when_the_program_is_killed_after_append) {
  for (int messages = 1; messages <= 20; ++messages) {
    file_ = folder_ / std::to_string(messages) / "state.db";
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      StateDb db(open_test_state(file()));
      SessionStore store(db);
      store.open("s", "offline", "offline-1");
      for (int i = 0; i < messages; ++i) store.append("s", Message::user(std::to_string(i)));
      ::raise(SIGKILL);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << status;
    std::vector<std::string> expected;
    for (int i = 0; i < messages; ++i) expected.push_back(std::to_string(i));
    ASSERT_EQ(texts(), expected);
  }
}

TEST_F(SessionFile, has_a_message_on_the_disk_when_append_returns) {
  const purchase::FaultyDisk disk;
  StateDb db(open_test_state(file()));
  SessionStore store(db);
  store.open("s", "offline", "offline-1");
  store.append("s", Message::user("the first one begins the log"));
  for (int i = 0; i < 5; ++i) {
    const int before = disk.syncs();
    store.append("s", Message::user("hello"));
    EXPECT_EQ(disk.syncs(), before + 1);
  }
}

TEST(SessionStore, lists_sessions_with_messages_newest_first_with_their_first_words) {
  StateDb db(open_test_state());
  SessionStore store(db);
  store.open("old", "offline", "offline-1");
  store.append("old", Message::user("first\nsecond line"));
  store.open("empty", "offline", "offline-1");
  store.open("new", "openai", "gpt");
  store.append("new", Message::user("a lamp"));
  store.append("new", Message::user("a second lamp"));
  const auto list = store.list();
  ASSERT_EQ(list.size(), 2u);
  EXPECT_EQ(list[0].title == "a lamp" ? list[1].title : list[0].title, "first");
  EXPECT_EQ(store.find("new")->message_count, 2);
  EXPECT_EQ(store.find("new")->title, "a lamp");
  EXPECT_FALSE(store.find("none"));
}

TEST(SessionStore, cuts_long_titles_between_characters) {
  StateDb db(open_test_state());
  SessionStore store(db);
  store.open("s", "offline", "offline-1");
  std::string text(79, 'a');
  store.append("s", Message::user(text + "\xC3\xA9 and more"));
  EXPECT_EQ(store.find("s")->title, text);
}

TEST(SessionStore, forgets_a_deleted_session_with_its_messages) {
  StateDb db(open_test_state());
  SessionStore store(db);
  store.open("s", "offline", "offline-1");
  store.append("s", Message::user("hello"));
  EXPECT_TRUE(store.remove("s"));
  EXPECT_TRUE(store.load("s").empty());
  EXPECT_FALSE(store.remove("s"));
}

}  // namespace
}  // namespace cartpilot::store

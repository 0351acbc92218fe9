#include "store/session_writer.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "cartpilot/detail/wire.h"
#include "store/sessions.h"
#include "store/state_db.h"

namespace cartpilot::store {
namespace {

class SessionWriterTest : public testing::Test {
 protected:
  SessionWriterTest() {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "cartpilot-writer-XXXXXX").string();
    folder = ::mkdtemp(pattern.data());
    file = folder / "state.db";
  }
  ~SessionWriterTest() override { std::filesystem::remove_all(folder); }

  std::vector<std::string> texts() const {
    StateDb db(file);
    std::vector<std::string> said;
    for (const Message& message : SessionStore(db).load("s1")) said.push_back(text_of(message));
    return said;
  }

  std::filesystem::path folder;
  std::filesystem::path file;
};

TEST_F(SessionWriterTest, keeps_what_it_was_given_in_order) {
  std::vector<std::string> expected;
  {
    SessionWriter writer(file, "s1");
    writer.open("gemini", "gemini-3.8-flash");
    for (int i = 0; i < 50; ++i) {
      expected.push_back("message " + std::to_string(i));
      writer.append(Message::user(expected.back()));
    }
    writer.flush();
    EXPECT_EQ(texts(), expected);
    writer.append(Message::user("the end"));
    writer.open("openai", "gpt");
  }
  expected.emplace_back("the end");
  EXPECT_EQ(texts(), expected) << "what was not flushed is kept too";
  StateDb db(file);
  EXPECT_EQ(SessionStore(db).find("s1")->provider, "openai");
}

TEST_F(SessionWriterTest, lets_the_conversation_go_on_while_another_process_holds_the_database) {
  StateDb other(file);
  other.run("BEGIN IMMEDIATE");
  SessionWriter writer(file, "s1");
  writer.open("gemini", "gemini-3.8-flash");
  writer.append(Message::user("hello"));
  other.run("ROLLBACK");  // had append() waited for the lock, it would not be let go
  writer.flush();
  EXPECT_EQ(texts(), std::vector<std::string>{"hello"});
}

TEST_F(SessionWriterTest, tells_of_a_failure_and_then_keeps_what_could_not_be_kept) {
  std::filesystem::create_directory(file);
  SessionWriter writer(file, "s1");
  writer.open("gemini", "gemini-3.8-flash");
  writer.append(Message::user("too early"));
  for (int i = 0; i < 2; ++i) {
    try {
      writer.flush();
      ADD_FAILURE() << "nothing can be kept in a folder";
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find("is not an ordinary file"), std::string::npos)
          << error.what();
    }
  }
  std::filesystem::remove(file);
  writer.append(Message::user("in time"));
  writer.flush();
  EXPECT_EQ(texts(), (std::vector<std::string>{"too early", "in time"}));
}

TEST_F(SessionWriterTest, leaves_no_hole_when_one_message_could_not_be_written_at_first) {
  SessionWriter writer(file, "s1");
  writer.open("gemini", "gemini-3.8-flash");
  writer.append(Message::user("the call"));
  writer.flush();
  StateDb other(file);
  other.run(
      "CREATE TRIGGER refuse BEFORE INSERT ON messages WHEN NEW.json LIKE '%result%' "
      "BEGIN SELECT RAISE(ABORT, 'no module'); END");
  writer.append(Message::user("its result"));
  writer.append(Message::user("the answer"));
  EXPECT_THROW(writer.flush(), Error);
  EXPECT_EQ(texts(), std::vector<std::string>{"the call"}) << "nothing is written past a hole";
  other.run("DROP TRIGGER refuse");
  writer.flush();
  EXPECT_EQ(texts(), (std::vector<std::string>{"the call", "its result", "the answer"}));
}

TEST_F(SessionWriterTest, tries_once_more_at_its_end) {
  std::filesystem::create_directory(file);
  {
    SessionWriter writer(file, "s1");
    writer.open("gemini", "gemini-3.8-flash");
    writer.append(Message::user("the last word"));
    EXPECT_THROW(writer.flush(), Error);
    std::filesystem::remove(file);
  }
  EXPECT_EQ(texts(), std::vector<std::string>{"the last word"});
}

TEST_F(SessionWriterTest, leaves_the_database_alone_until_something_is_said) {
  { SessionWriter writer(file, "s1"); }
  EXPECT_FALSE(std::filesystem::exists(file));
}

}  // namespace
}  // namespace cartpilot::store

#include "store/session_writer.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "cartpilot/wire.h"
#include "store/session_store.h"
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

TEST_F(SessionWriterTest, tells_of_a_failure_once_and_begins_anew) {
  std::filesystem::create_directory(file);
  SessionWriter writer(file, "s1");
  writer.open("gemini", "gemini-3.8-flash");
  writer.append(Message::user("lost"));
  try {
    writer.flush();
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("is not an ordinary file"), std::string::npos)
        << error.what();
  }
  writer.flush();
  std::filesystem::remove(file);
  writer.open("gemini", "gemini-3.8-flash");
  writer.append(Message::user("kept"));
  writer.flush();
  EXPECT_EQ(texts(), std::vector<std::string>{"kept"});
}

TEST_F(SessionWriterTest, leaves_the_database_alone_until_something_is_said) {
  { SessionWriter writer(file, "s1"); }
  EXPECT_FALSE(std::filesystem::exists(file));
}

}  // namespace
}  // namespace cartpilot::store

// The program with its state in PostgreSQL, as a person sees it, and what `cartpilot db` says.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include "e2e/program.h"
#include "e2e/purchase/terminal_program.h"
#include "fakes/store/postgres_server.h"

namespace cartpilot::e2e {
namespace {

using store::PostgresServer;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

struct DatabaseProgram : testing::Test {
  const std::string url = PostgresServer::get().make_database();
  const Home home;

  Result run_as(const std::string& person, std::vector<std::string> words,
                const std::string& input = "") {
    words.insert(words.end(), {"--database", url, "--person", person});
    return run(home, words, input);
  }
  Result buy_as(const std::string& person) {
    return run_as(person,
                  {"chat", "--demo", "--session", "s1", "--approve", "up-to:500:USD", "--merchants",
                   "merchant-a,merchant-b"},
                  kThreeLines);
  }
  std::string sql(const std::string& statements) { return PostgresServer::sql(url, statements); }
};

TEST_F(DatabaseProgram, buys_and_tells_of_it_with_nothing_in_the_state_folder) {
  const Result bought = buy_as("ada");
  ASSERT_EQ(bought.exit_code, 0) << bought.out << bought.err;
  EXPECT_FALSE(std::filesystem::exists(home.path() / "state" / "cartpilot" / "state.db"));
  EXPECT_THAT(run_as("ada", {"purchases", "list"}).out, HasSubstr("86.38 USD"));
  EXPECT_THAT(run_as("ada", {"sessions", "list"}).out, HasSubstr("wireless headphones"));
  EXPECT_THAT(run_as("ada", {"sessions", "show", "s1"}).out, HasSubstr("buy the cheapest"));
  EXPECT_THAT(run_as("ada", {"stats"}).out, HasSubstr("offline"));
  EXPECT_EQ(run_as("ada", {"purchases", "verify"}).exit_code, 0);
  EXPECT_THAT(run_as("ada", {"doctor", "--sandbox"}).out, HasSubstr("(ada)"));
  EXPECT_EQ(run_as("ada", {"approve", "--list"}).exit_code, 0);
  EXPECT_EQ(run_as("ada", {"sessions", "delete", "s1"}).exit_code, 0);
  EXPECT_THAT(run_as("ada", {"sessions", "list"}).out, Not(HasSubstr("headphones")));
}

TEST_F(DatabaseProgram, shows_nobody_what_belongs_to_another) {
  ASSERT_EQ(buy_as("ada").exit_code, 0);
  EXPECT_EQ(run_as("Bob", {"purchases", "list", "--json"}).out, "[]\n");
  EXPECT_EQ(run_as("Bob", {"sessions", "list", "--json"}).out, "[]\n");
  EXPECT_EQ(run_as("Bob", {"sessions", "show", "s1"}).exit_code, 2);
  // The same basket once more is another person's first.
  EXPECT_EQ(buy_as("Bob").exit_code, 0);
}

TEST_F(DatabaseProgram, takes_the_database_from_environment_and_settings) {
  ASSERT_EQ(buy_as("ada").exit_code, 0);
  const Environment variables = {{"CARTPILOT_DATABASE", url}, {"CARTPILOT_PERSON", "ada"}};
  EXPECT_THAT(run(home, {"purchases", "list"}, "", variables).out, HasSubstr("86.38"));
  EXPECT_EQ(run(home, {"config", "set", "database", url}).exit_code, 0);
  EXPECT_EQ(run(home, {"config", "set", "person", "ada"}).exit_code, 0);
  EXPECT_THAT(run(home, {"purchases", "list"}).out, HasSubstr("86.38"));
  EXPECT_THAT(run(home, {"config", "explain"}).out, HasSubstr("person = ada"));
}

TEST_F(DatabaseProgram, refuses_a_password_in_the_url_wherever_it_stands) {
  const std::string secret = "postgresql://ada:hunter22@127.0.0.1/shop";
  for (const Result& refused :
       {run(home, {"purchases", "list", "--database", secret}),
        run(home, {"purchases", "list"}, "", {{"CARTPILOT_DATABASE", secret}}),
        run(home, {"config", "explain"}, "", {{"CARTPILOT_DATABASE", secret}}),
        run(home, {"config", "set", "database", secret})}) {
    EXPECT_EQ(refused.exit_code, 2);
    EXPECT_THAT(refused.err, AllOf(HasSubstr("PGPASSFILE"), Not(HasSubstr("hunter22"))));
    EXPECT_THAT(refused.out, Not(HasSubstr("hunter22")));
  }
  const Result alone = run(home, {"purchases", "list", "--person", "ada"});
  EXPECT_EQ(alone.exit_code, 2);
  EXPECT_THAT(alone.err, HasSubstr("nobody named 'ada' has a state in"));
}

TEST_F(DatabaseProgram, says_in_one_line_that_the_database_is_not_there) {
  const Result gone =
      run(home, {"purchases", "list", "--database", "postgresql:///d?host=/nowhere"});
  EXPECT_EQ(gone.exit_code, 1);
  EXPECT_THAT(gone.err, AllOf(HasSubstr("cannot be reached"), HasSubstr("check that the server")));
  EXPECT_EQ(std::count(gone.err.begin(), gone.err.end(), '\n'), 1);
}

TEST_F(DatabaseProgram, checks_the_records_of_everybody) {
  ASSERT_EQ(buy_as("ada").exit_code, 0);
  ASSERT_EQ(buy_as("bob").exit_code, 0);
  const Result well = run(home, {"db", "check", "--database", url});
  EXPECT_EQ(well.exit_code, 0);
  EXPECT_THAT(well.out, AllOf(HasSubstr("(ada): the record of purchases is intact"),
                              HasSubstr("(bob): the record of purchases is intact")));
  sql("UPDATE cartpilot_bob.purchase_events SET note = 'x' WHERE seq = 2");
  const Result altered = run(home, {"db", "check", "--database", url});
  EXPECT_EQ(altered.exit_code, 1);
  EXPECT_THAT(altered.out, HasSubstr("(ada): the record of purchases is intact"));
  EXPECT_THAT(altered.err, AllOf(HasSubstr("(bob)"), HasSubstr("altered at event 2")));
  const Json list = parse_json(run(home, {"db", "check", "--json", "--database", url}).out);
  EXPECT_EQ(list.at(0)["intact"], true);
  EXPECT_EQ(list.at(1)["intact"], false);
  EXPECT_EQ(run_as("bob", {"purchases", "verify"}).exit_code, 1);
}

TEST_F(DatabaseProgram, notices_an_older_copy_and_counts_what_it_does_not_know) {
  ASSERT_EQ(buy_as("ada").exit_code, 0);
  sql("DELETE FROM cartpilot_ada.purchase_events; DELETE FROM cartpilot_ada.purchases");
  const Result refused = buy_as("ada");
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_THAT(refused.out + refused.err, HasSubstr("older copy"));
  const std::vector<std::string> anew = {
      "chat",         "--demo",        "--session",   "s2",
      "--approve",    "up-to:500:USD", "--merchants", "merchant-a,merchant-b",
      "--new-journal"};
  const Result limited = run_as("ada", anew, kThreeLines);
  EXPECT_EQ(limited.exit_code, 11) << limited.out << limited.err;
  EXPECT_THAT(limited.out + limited.err, HasSubstr("purchases resolve --gap"));
  EXPECT_THAT(run_as("ada", {"purchases", "verify"}).err, HasSubstr("resolve --gap"));
  EXPECT_EQ(run_as("ada", {"purchases", "resolve", "--gap"}).exit_code, 1) << "no terminal";
  TerminalProgram resolve(
      home, {"cartpilot", "purchases", "resolve", "--gap", "--database", url, "--person", "ada"});
  resolve.wait_for("RECORD OF PURCHASES");
  resolve.type(resolve.wait_for_code() + "\r");
  resolve.wait_for("resolved");
  EXPECT_EQ(run_as("ada",
                   {"chat", "--demo", "--session", "s3", "--approve", "up-to:500:USD",
                    "--merchants", "merchant-a,merchant-b"},
                   kThreeLines)
                .exit_code,
            0);
}

TEST_F(DatabaseProgram, migrates_and_refuses_what_a_newer_one_wrote) {
  const Result made = run(home, {"db", "migrate", "--database", url});
  EXPECT_EQ(made.exit_code, 0) << made.err;
  EXPECT_THAT(made.out, HasSubstr("is up to date (0 people)"));
  ASSERT_EQ(buy_as("ada").exit_code, 0);
  EXPECT_THAT(run(home, {"db", "migrate", "--database", url}).out, HasSubstr("(1 person)"));
  sql("UPDATE cartpilot_ada.modules SET version = 99 WHERE module = 'purchase'");
  EXPECT_THAT(run_as("ada", {"purchases", "list"}).err, HasSubstr("newer cartpilot"));
  EXPECT_EQ(run(home, {"db", "migrate", "--database", url}).exit_code, 1);
  sql("UPDATE cartpilot.format SET version = 99");
  EXPECT_THAT(run(home, {"db", "check", "--database", url}).err, HasSubstr("format 99"));
}

TEST_F(DatabaseProgram, lets_one_program_at_a_time_into_a_conversation) {
  TerminalProgram chat(home, {"cartpilot", "chat", "--demo", "--session", "s1", "--database", url,
                              "--person", "ada"});
  chat.wait_for("CartPilot: SANDBOX");
  const Result second = run_as("ada", {"chat", "--demo", "--session", "s1", "hello"});
  EXPECT_THAT(second.err, AllOf(HasSubstr("s1 is open in another cartpilot"), HasSubstr("chat")));
  EXPECT_EQ(run_as("bob", {"chat", "--demo", "--session", "s1", "hello"}).exit_code, 0);
}

TEST(StateFile, is_migrated_and_checked_too) {
  const Home home;
  EXPECT_EQ(run(home, {"db", "check"}).exit_code, 0);
  EXPECT_THAT(run(home, {"db", "migrate"}).out, HasSubstr("is up to date (1 person)"));
  ASSERT_EQ(
      run(home,
          {"chat", "--demo", "--approve", "up-to:500:USD", "--merchants", "merchant-a,merchant-b"},
          kThreeLines)
          .exit_code,
      0);
  sqlite3* database = nullptr;
  const std::string file = (home.path() / "state" / "cartpilot" / "state.db").string();
  ASSERT_EQ(sqlite3_open(file.c_str(), &database), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(database, "UPDATE purchase_events SET note = 'x' WHERE seq = 1", nullptr,
                         nullptr, nullptr),
            SQLITE_OK);
  sqlite3_close(database);
  const Result altered = run(home, {"db", "check"});
  EXPECT_EQ(altered.exit_code, 1);
  EXPECT_THAT(altered.err, HasSubstr("altered at event 1"));
}

}  // namespace
}  // namespace cartpilot::e2e

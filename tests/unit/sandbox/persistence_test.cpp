// What a killed process leaves behind, and which files are refused.
#include <SQLiteCpp/Database.h>
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "cartpilot/error.h"
#include "unit/sandbox/killable_sandbox.h"
#include "unit/sandbox/shopper.h"

namespace cartpilot::sandbox {
namespace {

using testing::HasSubstr;

std::string contents(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  std::stringstream text;
  text << stream.rdbuf();
  return text.str();
}

std::string refusal(const std::string& db_path) {
  try {
    SandboxServer server(kept_in(db_path));
  } catch (const Error& error) {
    EXPECT_EQ(error.code, ErrorCode::kUnavailable);
    return error.what();
  }
  return "";
}

void run_sql(const std::string& path, const std::string& statement) {
  SQLite::Database(path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE).exec(statement);
}

TEST(Persistence, a_killed_sandbox_has_lost_nothing_that_it_answered) {
  Folder folder;
  const std::string path = folder.file("sandbox.db");
  std::map<std::string, std::string> answered;
  std::string half_bought;
  Answer remembered;
  const HttpHeaders key = {{"Idempotency-Key", "k"}};
  {
    SandboxProcess sandbox(path);
    Shopper shopper(sandbox.port());
    for (int i = 0; i < 5; ++i) {
      const std::string order = "/orders/" + shopper.order("merchant-a", kEarbudsA);
      answered[order] = shopper.post(order + "/simulate-advance", {{"steps", 2}}).body;
    }
    half_bought = shopper.approved("merchant-b", kHeadphonesB);
    remembered = shopper.post("/intents", {{"query", "a"}}, key);
    const std::string intent = "/intents/" + shopper.intent("headphones");
    answered[intent + "/offers"] = shopper.get(intent + "/offers").body;
    for (const std::string& target :
         {intent, "/checkouts/" + half_bought, std::string("/orders")}) {
      answered[target] = shopper.get(target).body;
    }
    sandbox.kill();
  }
  SandboxProcess sandbox(path);
  Shopper shopper(sandbox.port());
  for (const auto& [target, body] : answered) EXPECT_EQ(shopper.get(target).body, body) << target;
  EXPECT_EQ(shopper.post("/intents", {{"query", "a"}}, key).body, remembered.body);
  EXPECT_EQ(shopper.act(half_bought, "confirm").status, 200);
}

TEST(Persistence, makes_no_folders_for_a_path_that_was_mistyped) {
  Folder folder;
  try {
    SandboxServer server(kept_in(folder.file("a/b/sandbox.db")));
    FAIL() << "it was made";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("there is no folder " + folder.file("a/b")));
  }
  EXPECT_FALSE(std::filesystem::exists(folder.file("a")));
}

TEST(Persistence, refuses_a_file_that_is_no_database_and_leaves_it_alone) {
  Folder folder;
  const std::string path = folder.file("notes.db");
  std::ofstream(path) << "just some notes, long enough to look like a header of a file\n";
  const std::string before = contents(path);
  EXPECT_THAT(refusal(path), AllOf(HasSubstr(path), HasSubstr("give another file with --db")));
  EXPECT_EQ(contents(path), before);
}

TEST(Persistence, refuses_a_truncated_database_and_leaves_it_alone) {
  Folder folder;
  const std::string path = folder.file("sandbox.db");
  {
    SandboxServer server(kept_in(path));
    Shopper(server.port()).order("merchant-a", kEarbudsA);
  }
  std::filesystem::resize_file(path, std::filesystem::file_size(path) / 2);
  const std::string before = contents(path);
  EXPECT_THAT(refusal(path), HasSubstr("cannot be used"));
  EXPECT_EQ(contents(path), before);
}

TEST(Persistence, refuses_a_database_with_a_torn_page_and_leaves_it_alone) {
  Folder folder;
  const std::string path = folder.file("sandbox.db");
  {
    SandboxServer server(kept_in(path));
    Shopper(server.port()).order("merchant-a", kEarbudsA);
  }
  run_sql(path, "PRAGMA wal_checkpoint(TRUNCATE)");
  const auto size = static_cast<std::streamoff>(std::filesystem::file_size(path));
  {
    std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
    for (std::streamoff at = 4096; at < size; at += 4096) {
      file.seekp(at);
      file << "torn, torn, torn";
    }
  }
  const std::string before = contents(path);
  EXPECT_THAT(refusal(path), AllOf(HasSubstr("damaged"), HasSubstr("--db")));
  EXPECT_EQ(contents(path), before);
}

// Format 1 knew no webhooks and no merchants of their own.
TEST(Persistence, brings_a_database_of_the_first_format_up_to_date) {
  Folder folder;
  const std::string path = folder.file("sandbox.db");
  std::string order;
  std::string number;
  {
    SandboxServer server(kept_in(path));
    Shopper shopper(server.port());
    order = shopper.order("merchant-a", kEarbudsA);
    number = shopper.get("/orders/" + order).json().at("merchant_order_id");
  }
  for (const char* statement :
       {"DROP INDEX sessions_by_key", "ALTER TABLE merchant_sessions DROP COLUMN merchant_id",
        "ALTER TABLE merchant_sessions DROP COLUMN quote_key", "DROP INDEX orders_by_number",
        "ALTER TABLE orders DROP COLUMN merchant_order_id", "DROP TABLE webhook_events",
        "DROP TABLE goods", "DROP TABLE settings", "PRAGMA user_version = 1"}) {
    run_sql(path, statement);
  }
  SandboxServer server(kept_in(path));
  Shopper shopper(server.port());
  shopper.post("/webhooks/merchant", {{"event_id", "e"},
                                      {"event_type", "order.confirmed"},
                                      {"merchant_id", "merchant-a"},
                                      {"timestamp", 0},
                                      {"data", {{"merchant_order_id", number}}}});
  EXPECT_EQ(shopper.get("/orders/" + order).json().at("status"), "confirmed");
}

TEST(Persistence, keeps_changed_prices_and_received_webhooks) {
  Folder folder;
  const SandboxServer::Options options = kept_in(folder.file("sandbox.db"));
  const std::string target = "/webhooks/events/e?merchant_id=m";
  std::string event;
  {
    SandboxServer server(options);
    server.change_price("merchant-b", kHeadphonesB, 12345);
    server.empty_stock("merchant-a", kEarbudsA);
    Shopper shopper(server.port());
    shopper.post("/webhooks/merchant", {{"event_id", "e"},
                                        {"event_type", "price.changed"},
                                        {"merchant_id", "m"},
                                        {"timestamp", 0},
                                        {"data", Json::object()}});
    event = shopper.get(target).body;
  }
  SandboxServer server(options);
  Shopper shopper(server.port());
  EXPECT_EQ(shopper.get(target).body, event);
  const std::string id = shopper.checkout("merchant-b");
  EXPECT_EQ(shopper.quote(id, kHeadphonesB).json().at("subtotal").at("amount"), 12345);
  EXPECT_EQ(shopper.quote(shopper.checkout("merchant-a"), kEarbudsA).status, 400);
}

TEST(Persistence, refuses_a_newer_database_and_leaves_it_alone) {
  Folder folder;
  const std::string path = folder.file("sandbox.db");
  { SandboxServer server(kept_in(path)); }
  run_sql(path, "PRAGMA user_version = 3");
  const std::string before = contents(path);
  EXPECT_THAT(refusal(path), HasSubstr("has format 3, this program reads format 2"));
  EXPECT_EQ(contents(path), before);
}

TEST(Persistence, refuses_the_database_of_another_program_and_leaves_it_alone) {
  Folder folder;
  const std::string path = folder.file("other.db");
  run_sql(path, "CREATE TABLE bookmarks(url TEXT)");
  const std::string before = contents(path);
  EXPECT_THAT(refusal(path), HasSubstr("belongs to another program"));
  EXPECT_EQ(contents(path), before);
}

TEST(Persistence, refuses_a_folder_and_a_path_below_a_file) {
  Folder folder;
  EXPECT_THAT(refusal(folder.file("")), HasSubstr("--db"));
  std::ofstream(folder.file("file")) << "x";
  EXPECT_THAT(refusal(folder.file("file/sandbox.db")), HasSubstr("--db"));
}

TEST(Persistence, takes_paths_with_any_characters) {
  Folder folder;
  for (const char* name : {"with space.db", "per%cent.db", "quest?ion#.db", "ünï.db"}) {
    const SandboxServer::Options options = kept_in(folder.file(name));
    std::string intent;
    {
      SandboxServer server(options);
      intent = Shopper(server.port()).intent("a");
    }
    SandboxServer server(options);
    EXPECT_EQ(Shopper(server.port()).get("/intents/" + intent).status, 200) << name;
  }
}

}  // namespace
}  // namespace cartpilot::sandbox

// Cases 63, 67 to 70 and 76: several processes, altered records, floods. The numbers are those of
// docs/purchases.md.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "shop_and_model.h"

namespace cartpilot::e2e {
namespace {

using testing::HasSubstr;

/// Another process that has the state database open.
class OtherHost {
 public:
  explicit OtherHost(const std::filesystem::path& file) {
    EXPECT_EQ(sqlite3_open(file.c_str(), &database_), SQLITE_OK);
  }
  ~OtherHost() { sqlite3_close(database_); }
  OtherHost(const OtherHost&) = delete;
  OtherHost& operator=(const OtherHost&) = delete;
  void does(const char* statement) {
    EXPECT_EQ(sqlite3_exec(database_, statement, nullptr, nullptr, nullptr), SQLITE_OK)
        << sqlite3_errmsg(database_);
  }

 private:
  sqlite3* database_ = nullptr;
};

Json answer_of(const Result& result, std::size_t line) {
  const auto lines = json_lines(result.out);
  return line < lines.size() ? parse_json(lines[line]["output"].get<std::string>()) : Json();
}

/// Buys for the `nth` time at the shop; the exit code.
Result buy(const Home& home, LoopbackShop& shop, int nth,
           const std::vector<std::string>& more = {}) {
  return run(home, handle_words(shop.url(), more), buying_lines(nth, "mug", nth));
}

/// Nothing is bought until --new-journal; then the record is whole again and the old is kept.
/// `older_copy`: and a person has looked at the orders.
void expect_money_off_until_new_journal(const Home& home, LoopbackShop& shop, int nth,
                                        std::size_t purchases, bool older_copy) {
  const std::size_t orders = orders_of(shop);
  const Result refused = buy(home, shop, nth);
  EXPECT_EQ(refused.exit_code, 1) << refused.out << refused.err;
  EXPECT_EQ(answer_of(refused, 3)["error_code"], "RECORD_DISTRUSTED");
  EXPECT_THAT(refused.err, HasSubstr("--new-journal"));
  EXPECT_EQ(orders_of(shop), orders);
  const Result anew = buy(home, shop, nth + 1, {"--new-journal"});
  if (older_copy) {
    // What was spent since is unknown until a person has looked.
    EXPECT_EQ(anew.exit_code, 11) << anew.out << anew.err;
    EXPECT_EQ(answer_of(anew, 3)["error_code"], "OVER_LIMIT");
    EXPECT_EQ(orders_of(shop), orders);
    TerminalProgram resolve(home, {"cartpilot", "purchases", "resolve", "--gap"});
    resolve.type(resolve.wait_for_code());
    EXPECT_EQ(resolve.finish(), 0);
    EXPECT_EQ(buy(home, shop, nth + 2).exit_code, 0);
  } else {
    EXPECT_EQ(anew.exit_code, 0) << anew.out << anew.err;
  }
  EXPECT_EQ(run(home, {"purchases", "verify"}).exit_code, 0);
  EXPECT_EQ(parse_json(run(home, {"purchases", "list", "--json"}).out).size(), purchases + 1);
  EXPECT_EQ(buy(home, shop, nth + (older_copy ? 3 : 2)).exit_code, 0);
}

TEST(PurchaseCase, case_63_a_record_altered_in_the_middle_turns_money_off) {
  for (const char* change :
       {"UPDATE purchase_events SET note = 'x' WHERE seq = 2",
        "UPDATE purchase_events SET record = replace(record, '\"sends\":0', '\"sends\":9') "
        "WHERE seq = 3",
        "DELETE FROM purchase_events WHERE seq = 2", "UPDATE purchases SET total_minor = 1"}) {
    LoopbackShop shop;
    const Home home;
    ASSERT_EQ(buy(home, shop, 1).exit_code, 0);
    OtherHost(state_file(home)).does(change);
    const Result verified = run(home, {"purchases", "verify"});
    EXPECT_EQ(verified.exit_code, 1) << change;
    EXPECT_THAT(verified.err, HasSubstr("altered")) << change;
    // A command that is refused for another reason has not accepted the record.
    EXPECT_EQ(
        run(home, {"chat", "--provider", "offline", "--new-journal", "--resume", "nope", "hi"})
            .exit_code,
        2);
    EXPECT_EQ(run(home, {"chat", "--new-journal", "hi"}).exit_code, 3);
    EXPECT_EQ(run(home, {"purchases", "verify"}).exit_code, 1) << change;
    expect_money_off_until_new_journal(home, shop, 2, 1, false);
  }
}

TEST(PurchaseCase, case_67_while_another_program_writes_money_waits_and_reads_go_on) {
  LoopbackShop shop;
  const Home home;
  ASSERT_EQ(buy(home, shop, 1).exit_code, 0);
  {
    // Prepared and agreed to, then somebody else holds the lock for longer than the wait.
    const std::vector<std::string> limits = {"--api-url",      shop.url(),    "--approve",
                                             "up-to:1000:USD", "--merchants", "merchant-a",
                                             "--session",      "s1"};
    const auto call = [&](const std::string& name, const Json& arguments) {
      std::vector<std::string> words = {"tools", "call", name, dump_json(arguments)};
      words.insert(words.end(), limits.begin(), limits.end());
      return run(home, words);
    };
    const Json items = Json::array({Json{{"product_id", "mug"}, {"quantity", 7}}});
    call("create_checkout", {{"offer_id", "offer-a"}, {"items", items}});
    const Json id = {{"checkout_id", checkout_id(2)}};
    call("quote_checkout", {{"checkout_id", checkout_id(2)}, {"items", items}});
    call("request_approval", id);
    OtherHost other(state_file(home));
    other.does("BEGIN IMMEDIATE");
    const Result busy = call("confirm_checkout", id);
    const Result approve = call("approve_checkout", id);
    EXPECT_EQ(approve.exit_code, 1) << approve.out << approve.err;
    EXPECT_EQ(parse_json(approve.out)["error_code"], "BUSY");
    EXPECT_NE(busy.exit_code, 0);
    EXPECT_EQ(call("get_checkout", id).exit_code, 0);
    EXPECT_EQ(call("list_orders", Json::object()).exit_code, 0);
    EXPECT_EQ(orders_of(shop), 1U);
    other.does("ROLLBACK");
    EXPECT_EQ(call("approve_checkout", id).exit_code, 0);
    EXPECT_EQ(call("confirm_checkout", id).exit_code, 0);
    EXPECT_EQ(orders_of(shop), 2U);
  }
  // Two programs that buy the same checkout at the same time: one order.
  std::size_t bought = 0;
  for (int round = 0; round < 3; ++round) {
    LoopbackShop raced;
    const Home shared;
    const std::string lines = buying_lines();
    std::size_t third_line = 0;
    for (int i = 0; i < 3; ++i) third_line = lines.find('\n', third_line) + 1;
    const auto words = handle_words(raced.url(), {"--session", "s1"});
    ASSERT_EQ(run(shared, words, lines.substr(0, third_line)).exit_code, 0);
    Program one(shared, words);
    Program two(shared, words);
    one.write(lines.substr(third_line));
    two.write(lines.substr(third_line));
    one.finish();
    two.finish();
    EXPECT_LE(orders_of(raced), 1U);
    EXPECT_LE(raced.count("/confirm"), 1);
    bought += orders_of(raced);
    EXPECT_EQ(run(shared, {"purchases", "verify"}).exit_code, 0);
  }
  EXPECT_GE(bought, 1U);
}

TEST(PurchaseCase, case_68_a_conversation_is_open_in_one_program_at_a_time) {
  LoopbackShop shop;
  const ScriptedModel model({{"hello", {}}, {"again", {}}});
  const Home home;
  Program first(home, model.chat(shop.url(), {"--session", "s1"}));
  first.write("hi\n");
  first.wait_for("hello");
  const Result second = run(home, model.chat(shop.url(), {"--session", "s1", "hi"}));
  EXPECT_EQ(second.exit_code, 1) << second.out;
  EXPECT_THAT(second.err, HasSubstr("s1 is open in another cartpilot"));
  EXPECT_EQ(run(home, model.chat(shop.url(), {"--session", "s2", "hi"})).exit_code, 0);
  EXPECT_EQ(first.finish().exit_code, 0);
  EXPECT_EQ(run(home, model.chat(shop.url(), {"--session", "s1", "hi"})).exit_code, 0);
}

TEST(PurchaseCase, case_69_a_deleted_or_rolled_back_record_turns_money_off) {
  LoopbackShop deleted;
  const Home home;
  ASSERT_EQ(buy(home, deleted, 1).exit_code, 0);
  for (const char* end : {"", "-wal", "-shm"}) {
    std::filesystem::remove(state_file(home).string() + end);
  }
  expect_money_off_until_new_journal(home, deleted, 2, 0, true);

  LoopbackShop rolled_back;
  const Home other;
  ASSERT_EQ(buy(other, rolled_back, 1).exit_code, 0);
  OtherHost(state_file(other)).does("PRAGMA wal_checkpoint(TRUNCATE)");
  const auto copy = other.path() / "older.db";
  std::filesystem::copy_file(state_file(other), copy);
  ASSERT_EQ(buy(other, rolled_back, 2).exit_code, 0);
  for (const char* end : {"-wal", "-shm"}) {
    std::filesystem::remove(state_file(other).string() + end);
  }
  std::filesystem::copy_file(copy, state_file(other),
                             std::filesystem::copy_options::overwrite_existing);
  expect_money_off_until_new_journal(other, rolled_back, 3, 1, true);
}

TEST(PurchaseCase, case_70_no_child_could_inherit_the_lock_the_record_or_a_key) {
  LoopbackShop shop;
  const ScriptedModel model(buying_steps());
  const Home home;
  std::vector<std::string> words = model.chat(shop.url(), {"--session", "s1", "buy it"});
  words.insert(words.begin(), "cartpilot");
  const Environment environment = {{"OPENAI_API_KEY", "canary-model-key-4711"},
                                   {"CARTPILOT_API_KEY", "canary-cartpilot-key-0815"}};
  TerminalProgram program(home, words, environment);
  program.wait_for_question("86.38");
  const std::filesystem::path process = "/proc/" + std::to_string(program.id());
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(process / "fd")) {
    const int number = std::stoi(entry.path().filename().string());
    const std::string target = std::filesystem::read_symlink(entry.path()).string();
    const bool ours = target.rfind(home.path().string(), 0) == 0 || target == "/dev/tty";
    if (number < 3 || !ours) continue;
    std::ifstream info(process / "fdinfo" / entry.path().filename());
    long flags = 0;
    for (std::string word; info >> word;) {
      if (word == "flags:") info >> std::oct >> flags;
    }
    EXPECT_NE(flags & 02000000, 0) << target;  // O_CLOEXEC
    ++files;
  }
  EXPECT_GE(files, 3);  // database, log, lock of the conversation, terminal
  std::ifstream environ(process / "environ", std::ios::binary);
  const std::string inherited{std::istreambuf_iterator<char>(environ), {}};
  EXPECT_THAT(inherited, HasSubstr("TERM="));
  EXPECT_THAT(inherited, testing::Not(HasSubstr("canary")));
  program.type("no\n");
  EXPECT_EQ(program.finish(), 10);  // what the model confirms without consent hides no refusal
}

TEST(PurchaseCase, case_76_a_flood_from_the_vendor_ends_the_turn_and_not_the_machine) {
  const auto begin = [](LoopbackShop::Reply& reply) {
    reply.begin_chunked(200, {{"Content-Type", "text/event-stream"}});
  };
  const std::string block(64 * 1024, 'x');
  const std::string event =
      "data: {\"id\":\"x\",\"object\":\"chat.completion.chunk\",\"created\":1,"
      "\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"" +
      std::string(1000, 'y') + "\"},\"finish_reason\":null}]}\n\n";
  std::string events;
  while (events.size() < block.size()) events += event;
  for (const bool endless_line : {true, false}) {
    std::atomic<std::size_t> sent{0};
    fakes::LoopbackServer vendor([&](const auto&, auto& reply) {
      begin(reply);
      if (endless_line) reply.chunk("data: ");
      while (sent < (1U << 30)) {
        const std::string& bytes = endless_line ? block : events;
        reply.chunk(bytes);
        sent += bytes.size();
        if (reply.wait_for_close(std::chrono::milliseconds(0))) return;
      }
    });
    LoopbackShop shop;
    const Home home;
    // Not on a terminal: a pipe to nowhere, so that the flood is the program's alone to bear.
    TerminalProgram program(
        home,
        {"/bin/sh", "-c",
         "exec " + shell_command(chat_words(shop.url(), {"hello"})) + " >/dev/null 2>err.txt"},
        {{"OPENAI_API_KEY", "sk-test-0123456789abcdef"},
         {"OPENAI_BASE_URL", vendor.url() + "/v1"}});
    EXPECT_EQ(program.finish(), 4);
    EXPECT_LT(sent, 32U << 20);
    EXPECT_LT(program.peak_kilobytes(), 64 * 1024);
    std::ifstream err(home.path() / "err.txt");
    const std::string said{std::istreambuf_iterator<char>(err), {}};
    EXPECT_THAT(said, HasSubstr("cartpilot: "));
  }
}

}  // namespace
}  // namespace cartpilot::e2e

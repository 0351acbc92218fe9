// What a recording never holds, and what a replay never does.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <iterator>
#include <random>

#include "base/digest.h"
#include "base/encoding.h"
#include "fakes/loopback_server.h"
#include "record/recording.h"
#include "recorded_run.h"
#include "unit/record/spellings.h"

namespace cartpilot::e2e {
namespace {

using testing::AnyOf;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

std::string text_of(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

const std::vector<std::string> kBuying = {"chat",          "--demo",      "--approve",
                                          "up-to:150:USD", "--merchants", "merchant-a,merchant-b"};

/// Names, modes, times and contents of all that lies in a folder.
std::string digest_of(const std::filesystem::path& folder) {
  std::vector<std::string> all;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    struct stat status {};
    ::lstat(entry.path().c_str(), &status);
    all.push_back(fmt::format(
        "{} {} {}.{} {}", entry.path().string(), status.st_mode, status.st_mtim.tv_sec,
        status.st_mtim.tv_nsec,
        entry.is_regular_file() ? base::sha256_hex(text_of(entry.path().string())) : ""));
  }
  std::sort(all.begin(), all.end());
  return base::sha256_hex(fmt::format("{}", fmt::join(all, "\n")));
}

TEST(RecordingSafety,
     a_hundred_replays_of_a_purchase_open_no_socket_and_leave_the_state_untouched) {
  const Home home;
  const Result bought = record(home, kBuying, kThreeLines);
  ASSERT_EQ(bought.exit_code, 0) << bought.err;
  ASSERT_THAT(bought.out, HasSubstr("BOUGHT 86.38 USD"));
  const Home elsewhere;
  const std::string trace = (elsewhere.path() / "trace").string();
  const char* const other = std::getenv("CARTPILOT_TEST_PROGRAM");
  const std::string program = other == nullptr ? CARTPILOT_PROGRAM : other;
  /// The system calls of a shell line that runs the program as $P in that home.
  const auto traced = [&](const std::string& line) {
    const std::string command = fmt::format(
        "env -i HOME={0} XDG_STATE_HOME={0}/state XDG_CONFIG_HOME={0}/config PATH=/usr/bin:/bin "
        "ASAN_OPTIONS=detect_leaks=0 "  // the leak sanitizer does not work under strace
        "P={1} strace -f --seccomp-bpf -qq -e trace=%network,openat -e signal=none -o {2} sh -ec "
        "'{3}' "
        ">/dev/null 2>&1",
        home.path().string(), program, trace, line);
    EXPECT_EQ(std::system(command.c_str()), 0) << command;
    return lines_of(trace);
  };
  const std::string before = digest_of(home.path());
  std::size_t opened = 0;
  for (const std::string& call : traced(fmt::format(
           "for i in $(seq 100); do \"$P\" replay --check {}; done", recording_of(home)))) {
    if (call.find("+++ exited with 0 +++") != std::string::npos) continue;
    const bool opens = call.find(" openat(") != std::string::npos ||
                       call.find("<... openat resumed>") != std::string::npos;
    ASSERT_TRUE(opens) << call;
    ASSERT_THAT(call, Not(HasSubstr(home.path().string() + "/state")));
    if (call.find(recording_of(home)) != std::string::npos) ++opened;
  }
  EXPECT_EQ(opened, 100U);
  EXPECT_EQ(digest_of(home.path()), before);
  EXPECT_EQ(parse_json(run(home, {"purchases", "list", "--json"}).out).size(), 1U);
  // The same look does see those of a real conversation.
  const std::vector<std::string> real = traced("exec \"$P\" chat --demo lamp");
  EXPECT_THAT(real, Contains(HasSubstr(" socket(")));
  EXPECT_THAT(real, Contains(HasSubstr(home.path().string() + "/state")));
}

TEST(RecordingSafety, one_changed_byte_anywhere_is_found_and_named) {
  const Home home;
  ASSERT_EQ(record(home, kBuying, kThreeLines).exit_code, 0);
  const std::string good = text_of(recording_of(home));
  const auto lines = std::count(good.begin(), good.end(), '\n');
  const std::string changed = (home.path() / "changed.jsonl").string();
  std::mt19937 random(1128);
  for (int i = 0; i < 200; ++i) {
    const std::size_t at = random() % good.size();
    std::string text = good;
    text[at] = static_cast<char>(text[at] ^ static_cast<char>(1U + random() % 255));
    std::ofstream(changed, std::ios::binary) << text;
    const Result result = run(home, {"replay", changed});
    ASSERT_EQ(result.exit_code, 2) << at;
    ASSERT_EQ(result.out, "");
    ASSERT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
    const auto line =
        std::count(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(at), '\n') + 1;
    const auto changed_line = HasSubstr(fmt::format("at line {}", line));
    if (line == 1) {
      ASSERT_THAT(result.err, AnyOf(changed_line, HasSubstr("is no recording of cartpilot"),
                                    HasSubstr("was recorded by a newer cartpilot")))
          << at;
    } else if (at == good.size() - 1) {
      ASSERT_THAT(result.err, HasSubstr(fmt::format("is cut off after line {}", lines - 1))) << at;
    } else {
      ASSERT_THAT(result.err, changed_line) << at;
    }
  }
}

/// The recording with one event changed and all sums made to fit again.
std::string with_change(const Home& home, const std::function<bool(record::Event&)>& change) {
  std::vector<record::Event> events = record::read_recording(recording_of(home));
  const auto changed = std::find_if(events.begin(), events.end(), change);
  EXPECT_NE(changed, events.end());
  const std::string file = (home.path() / "changed.jsonl").string();
  std::ofstream out(file, std::ios::binary);
  std::string sum;
  for (const record::Event& event : events) out << record::line_of(event, sum) << "\n";
  return file;
}

TEST(RecordingSafety, what_the_program_does_differently_is_named_at_its_event) {
  const Home home;
  ASSERT_EQ(record(home, kBuying, kThreeLines).exit_code, 0);
  const auto replayed = [&](const std::function<bool(record::Event&)>& change) {
    const Result result = run(home, {"replay", "--check", with_change(home, change)});
    EXPECT_EQ(result.exit_code, 1) << result.out << result.err;
    EXPECT_THAT(result.err, StartsWith("cartpilot: the replay differs from "));
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
    return result.err;
  };
  EXPECT_THAT(replayed([](record::Event& event) {
                if (event.kind != "line") return false;
                event.data["text"] = "I need a desk lamp";
                return true;
              }),
              HasSubstr("now ...'te_intent {\"query\":\"desk lamp\"}"));
  EXPECT_THAT(replayed([](record::Event& event) {
                if (event.kind != "shown") return false;
                event.data["text"] = "Something else was shown.";
                return true;
              }),
              HasSubstr("differs at byte"));
  EXPECT_THAT(replayed([](record::Event& event) {
                if (event.kind != "answer") return false;
                std::string body = event.data["body"];
                const std::size_t at = body.find("\"id\":\"");
                if (at == std::string::npos) return false;
                body[at + 6] = body[at + 6] == 'a' ? 'b' : 'a';
                event.data["body"] = body;
                return true;
              }),
              HasSubstr("standard error differs at byte"));
  EXPECT_THAT(replayed([](record::Event& event) {
                // 16 bytes are the X-Request-ID of the next request.
                std::string hex = event.kind == "random" ? event.data["hex"] : Json("");
                if (hex.size() != 32) return false;
                hex[0] = hex[0] == 'a' ? 'b' : 'a';
                event.data["hex"] = hex;
                return true;
              }),
              HasSubstr("/intents: its headers differ at byte"));
  EXPECT_THAT(replayed([](record::Event& event) {
                if (event.kind != "random") return false;
                event.kind = "must_end";
                event.data = {{"is", false}};
                return true;
              }),
              HasSubstr("random bytes"));
  EXPECT_THAT(replayed([](record::Event& event) {
                if (event.kind != "end") return false;
                event.data["exit"] = 3;
                return true;
              }),
              HasSubstr("recorded is exit code 3, now 0"));
}

TEST(RecordingSafety, a_recorded_yes_buys_nothing_where_nothing_was_bought) {
  const Home home;
  ASSERT_EQ(record(home, kBuying, kThreeLines).exit_code, 0);
  const Home other;
  ASSERT_EQ(run(other, {"replay", "--check", recording_of(home)}).exit_code, 0);
  EXPECT_FALSE(std::filesystem::exists(other.path() / "state"));
}

TEST(RecordingSafety, files_that_cannot_be_replayed_are_one_clear_line) {
  const Home home;
  ASSERT_EQ(record(home, {"chat", "--demo", "a lamp"}).exit_code, 0);
  const std::string good = text_of(recording_of(home));
  const std::string file = (home.path() / "bad.jsonl").string();
  const auto refusal = [&](const std::string& text) {
    std::ofstream(file, std::ios::binary) << text;
    const Result result = run(home, {"chat", "--replay", file});
    EXPECT_EQ(result.exit_code, 2);
    EXPECT_EQ(result.out, "");
    return result.err;
  };
  EXPECT_THAT(refusal(good.substr(0, good.size() / 2)), HasSubstr("is cut off after line "));
  EXPECT_EQ(refusal("{\"event\":\"begin\",\"format\":9}\n"),
            "cartpilot: " + file +
                " was recorded by a newer cartpilot (format 9; this one reads "
                "1)\n");
  EXPECT_EQ(refusal("hello\n"), "cartpilot: " + file + " is no recording of cartpilot\n");
  const std::string formless = with_change(home, [](record::Event& event) {
    return event.kind == "random" && event.data.erase("hex") == 1;
  });
  EXPECT_THAT(run(home, {"replay", formless}).err,
              testing::MatchesRegex("cartpilot: .* is not as format 1 has it, at line [0-9]+: hex "
                                    "of random\n"));
  EXPECT_EQ(run(home, {"replay", "/nowhere"}).err, "cartpilot: /nowhere cannot be read\n");
  const Result again = record(home, {"chat", "--demo", "a lamp"});
  EXPECT_EQ(again.exit_code, 2);
  EXPECT_THAT(again.err, HasSubstr("exists already; pass another file"));
}

TEST(RecordingSafety, a_disk_that_fills_up_ends_the_recording_and_nothing_else) {
  const Home home;
  const Home other;
  const Result whole = run(other, kBuying, kThreeLines);
  struct rlimit usual {};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &usual), 0);
  struct rlimit small = usual;
  small.rlim_cur = 900'000;  // the state of the program has room
  // So much is typed that the recording has not.
  std::string input = kThreeLines;
  for (int i = 0; i < 40; ++i) input += std::string(30'000, 'x') + "\n";
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const Result result = record(home, kBuying, input);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &usual), 0);
  EXPECT_EQ(result.exit_code, whole.exit_code) << result.err.substr(0, 2000);
  EXPECT_THAT(result.out, HasSubstr("BOUGHT 86.38 USD"));
  EXPECT_THAT(result.err, testing::EndsWith("cartpilot: the recording " + recording_of(home) +
                                            " is not whole: File too large\n"));
  const Result replay = run(home, {"replay", recording_of(home)});
  EXPECT_EQ(replay.exit_code, 2);
  EXPECT_THAT(replay.err, HasSubstr("is cut off after line "));
  EXPECT_EQ(std::count(replay.err.begin(), replay.err.end(), '\n'), 1);
}

TEST(RecordingSafety, a_file_that_cannot_be_made_is_refused_before_anything_is_asked) {
  const Home home;
  for (const std::string& file : {home.path().string(), std::string("/dev/full"),
                                  (home.path() / "no" / "folder.jsonl").string()}) {
    const Result result = run(home, {"chat", "--demo", "--record", file, "a lamp"});
    EXPECT_EQ(result.exit_code, 2);
    EXPECT_EQ(result.out, "");
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
    EXPECT_THAT(result.err, StartsWith("cartpilot: the recording " + file + " "));
  }
  EXPECT_FALSE(std::filesystem::exists(home.path() / "state"));
}

TEST(RecordingSafety, only_a_conversation_is_recorded) {
  const Home home;
  const std::string file = recording_of(home);
  for (const std::vector<std::string>& words : {std::vector<std::string>{"tools", "list"},
                                                {"tools", "call", "list_orders", "--sandbox"},
                                                {"mcp"},
                                                {"models"},
                                                {"sandbox"},
                                                {"approve"},
                                                {"replay", "x"}}) {
    const Result result = run(home, plus(words, {"--record", file}));
    EXPECT_EQ(result.exit_code, 2);
    EXPECT_EQ(result.out, "");
    EXPECT_THAT(result.err, HasSubstr("--record (did you mean cartpilot chat --record?)"));
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
  }
  EXPECT_EQ(run(home, {"chat", "--record", file, "--replay", file}).exit_code, 2);
  EXPECT_FALSE(std::filesystem::exists(file));
}

TEST(RecordingSafety, a_replay_that_cannot_be_shown_says_so_and_does_not_blame_the_recording) {
  const Home home;
  ASSERT_EQ(record(home, kBuying, kThreeLines).exit_code, 0);
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"replay", recording_of(home)},
        {"replay", "--check", recording_of(home)}}) {
    const Result full = run(home, words, "", {}, ">/dev/full");
    EXPECT_EQ(full.exit_code, 1);
    EXPECT_THAT(full.err,
                testing::EndsWith("cartpilot: standard output cannot be written: No space "
                                  "left on device\n"));
    EXPECT_THAT(full.err, Not(HasSubstr("differs")));
    Program program(home, words);
    program.close_output();
    EXPECT_EQ(program.finish().exit_code, 141);
  }
  const Result nowhere =
      run(home, {"replay", recording_of(home)}, "", {{"TMPDIR", "/nonexistent/here"}});
  EXPECT_EQ(nowhere.exit_code, 1);
  EXPECT_EQ(nowhere.err,
            "cartpilot: a temporary folder in /nonexistent/here (TMPDIR) cannot be made: No such "
            "file or directory\n");
}

TEST(RecordingSafety, ctrl_c_ends_a_replay_and_is_no_difference) {
  const Home home;
  const std::string script = (home.path() / "slow.toml").string();
  std::ofstream(script) << "[[answer]]\nplay = [{text = \"thinking \"}, {delay_ms = 2000}]\n";
  ASSERT_EQ(record(home, {"chat", "--sandbox", "--provider", "script", "--provider-option",
                          "file=" + script, "hello"})
                .exit_code,
            0);
  Program program(home, {"replay", recording_of(home)});
  program.wait_for("thinking");
  program.signal(SIGINT);
  const Result result = program.finish();
  EXPECT_EQ(result.exit_code, 130);
  EXPECT_THAT(result.err, Not(HasSubstr("differs")));
}

TEST(RecordingSafety, the_file_is_for_its_owner_alone) {
  const Home home;
  ASSERT_EQ(record(home, {"chat", "--demo", "a lamp"}).exit_code, 0);
  struct stat status {};
  ASSERT_EQ(::stat(recording_of(home).c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST(RecordingSafety, a_missing_plugin_is_told_at_once) {
  const Home home;
  ASSERT_EQ(record(home, {"chat", "--demo", "a lamp"}).exit_code, 0);
  const auto replayed = [&](const char* member, const std::string& value) {
    const std::string file = with_change(home, [&](record::Event& event) {
      if (event.kind != "plugins") return false;
      for (Json& plugin : event.data["found"]) {
        if (plugin["id"] == "offline") plugin[member] = value;
      }
      return true;
    });
    return run(home, {"replay", file});
  };
  const Result other = replayed("sha256", "0000");
  EXPECT_EQ(other.exit_code, 3);
  EXPECT_EQ(other.out, "");
  EXPECT_THAT(other.err, HasSubstr("was recorded with another build of the plugin offline"));
  const Result missing = replayed("id", "gone");
  EXPECT_EQ(missing.exit_code, 3);
  EXPECT_THAT(missing.err, HasSubstr("was recorded with the plugin gone"));
}

/// Runs scripts/fixtures on a recording; what it prints.
std::string fixtures_of(const std::string& recording, const std::filesystem::path& folder,
                        int expected) {
  const std::string said = folder.string() + ".said";
  const int status = std::system(fmt::format("{}/scripts/fixtures {} {} >{} 2>&1",
                                             CARTPILOT_SOURCES, recording, folder.string(), said)
                                     .c_str());
  EXPECT_EQ(WEXITSTATUS(status), expected) << text_of(said);
  return text_of(said);
}

TEST(Fixtures, answers_of_a_vendor_become_fixtures_and_those_of_this_machine_never) {
  fakes::LoopbackServer vendor([&](const auto&, fakes::LoopbackServer::Reply& reply) {
    reply.begin_chunked(200, {{"Content-Type", "text/event-stream"}});
    reply.chunk("data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"h\xc3\xa4\"},\"finish_");
    reply.chunk("reason\":\"stop\"}]}\n\ndata: [DONE]\n\n");
    reply.end();
  });
  const Home home;
  ASSERT_EQ(record(home, {"chat", "--sandbox", "--provider", "openai", "--model", "m", "hello"}, "",
                   {{"OPENAI_API_KEY", "some-key"}, {"OPENAI_BASE_URL", vendor.url() + "/v1"}})
                .exit_code,
            0);
  const std::filesystem::path folder = home.path() / "fixtures";
  EXPECT_THAT(fixtures_of(recording_of(home), folder, 1), HasSubstr("is not recorded traffic"));
  EXPECT_FALSE(std::filesystem::exists(folder));

  /// As if the same had come from there.
  const auto from = [&](const std::string& url) {
    return with_change(home, [&](record::Event& event) {
      if (event.kind != "request") return false;
      event.data["url"] = url;
      return true;
    });
  };
  for (const char* url : {"https://LOCALHOST/v1", "https://127.1/v1", "https://me@[::1]:8443/v1",
                          "https://10.0.0.7/v1", "https://proxy/v1",
                          "https://api.openai.com.localhost/v1", "http://api.openai.com/v1"}) {
    EXPECT_THAT(fixtures_of(from(url), folder, 1), HasSubstr("is not recorded traffic")) << url;
  }
  const std::string real = from("https://api.openai.com/v1/chat/completions?x=1");
  EXPECT_THAT(fixtures_of(real, folder, 0), HasSubstr("1 fixtures in"));
  EXPECT_EQ(
      text_of((folder / "01.sse").string()),
      "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"h\xc3\xa4\"},\"finish_reason\":"
      "\"stop\"}]}\n\ndata: [DONE]\n\n");
  EXPECT_THAT(text_of((folder / "01.source").string()),
              testing::MatchesRegex("recorded 20[0-9-]+ by cartpilot [0-9.]+ from "
                                    "https://api.openai.com/v1/chat/completions, status 200\n"));
  std::string changed = text_of(real);
  changed[changed.find("stop")] = 'S';
  std::ofstream(real, std::ios::binary) << changed;
  EXPECT_THAT(fixtures_of(real, folder, 1),
              HasSubstr("was changed after it was recorded, at line "));
}

const std::string kCanary = "canary/Key+7=8~zebra-0451";

TEST(RecordingSafety, a_key_in_any_spelling_cut_anywhere_does_not_reach_the_file) {
  // A vendor that says the key back: in every spelling, in chunks cut at every place, and in pieces
  // of its stream.
  std::vector<std::string> bodies;
  const auto event = [](const std::string& escaped) {
    return "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"" + escaped + "\"}}]}\n\n";
  };
  const std::string end =
      "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: "
      "[DONE]\n\n";
  std::vector<std::string> spellings = record::spellings_of(kCanary);
  for (const char* before : {"", "u:", "us:"}) {
    spellings.push_back(base::base64(before + kCanary));
    spellings.push_back(record::percent(spellings.back(), false, true));
  }
  for (const std::string& spelling : spellings) {
    bodies.push_back(event("so: " + spelling + " it is") + end);
  }
  for (std::size_t cut = 1; cut < kCanary.size(); ++cut) {
    bodies.push_back(event(kCanary.substr(0, cut)) + event(kCanary.substr(cut)) + end);
  }
  std::size_t asked = 0;
  fakes::LoopbackServer vendor([&](const auto&, fakes::LoopbackServer::Reply& reply) {
    const std::string& body = bodies.at(asked++ % bodies.size());
    reply.begin_chunked(200, {{"Content-Type", "text/event-stream"}, {"X-Echo", kCanary}});
    for (const char c : body) reply.chunk({&c, 1});  // cut at every place
    reply.end();
  });
  std::string input = "my key is " + kCanary + "\n";
  for (std::size_t i = 1; i < bodies.size(); ++i) input += "again\n";
  const Home home;
  const Result run =
      record(home,
             {"chat", "--sandbox", "--provider", "openai", "--model", "m", "--provider-option",
              "header.X-Extra-Key=" + kCanary},
             input, {{"OPENAI_API_KEY", kCanary}, {"OPENAI_BASE_URL", vendor.url() + "/v1"}});
  ASSERT_EQ(run.exit_code, 0) << run.err.substr(0, 2000);
  const std::string text = text_of(recording_of(home));
  ASSERT_GT(text.size(), 10'000U);
  EXPECT_THAT(record::traces_of(kCanary, text), IsEmpty());
  const Result check = e2e::run(home, {"replay", "--check", recording_of(home)});
  EXPECT_EQ(check.exit_code, 0) << check.err;
}

}  // namespace
}  // namespace cartpilot::e2e

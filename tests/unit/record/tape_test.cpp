// What a recorder notes is what a player gives, and what is not the same is named.
#include "record/tape.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <functional>
#include <optional>
#include <thread>

#include "base/clock.h"
#include "base/random.h"
#include "base/wait.h"
#include "record/player.h"
#include "record/recorder.h"
#include "spellings.h"
#include "temporary_file.h"
#include "text/redaction.h"

namespace cartpilot::record {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

/// Thrown where a replay would end the process.
struct EndedReplay {
  std::string sentence;
};

/// A run of the program, from its first to its last event.
void recorded(const std::string& file, const std::function<void(Tape&)>& program, int exit = 0) {
  Recorder recorder(file, {{"format", kFormat}, {"command", Json::array()}});
  set_tape(&recorder);
  {
    const base::Lane lane("0");
    program(recorder);
  }
  set_tape(nullptr);
  EXPECT_EQ(recorder.finish(exit), std::nullopt);
}

/// Why the replay ended early, "" when all was as recorded.
std::string replayed(const std::string& file, const std::function<void(Tape&)>& program,
                     int exit = 0) {
  Player player("file", read_recording(file),
                [](Player::End, const std::string& sentence) { throw EndedReplay{sentence}; });
  set_tape(&player);
  std::string sentence;
  try {
    const base::Lane lane("0");
    program(player);
    player.finish(exit);
  } catch (const EndedReplay& ended) {
    sentence = ended.sentence;
  }
  set_tape(nullptr);
  return sentence;
}

TEST(Tape, gives_back_time_and_randomness) {
  const TemporaryFile file;
  std::vector<std::string> seen;
  const auto program = [&](Tape&) {
    seen.push_back(std::to_string(base::unix_ms_now()));
    seen.push_back(base::random_uuid());
    seen.push_back(std::to_string(base::steady_now().time_since_epoch().count()));
    seen.push_back(std::to_string(base::time_since_boot().count()));
    seen.push_back(std::to_string(base::random_fraction()));
    seen.push_back(std::to_string(base::system_now().time_since_epoch().count()));
  };
  recorded(file.absent(), program);
  const auto first = std::exchange(seen, {});
  EXPECT_EQ(replayed(file.path(), program), "");
  EXPECT_EQ(seen, first);
}

TEST(Tape, a_wait_may_look_at_the_clock_as_often_as_it_likes) {
  const TemporaryFile file;
  std::int64_t after = 0;
  const auto program = [&](Tape& tape) {
    const int looks = tape.plays() ? 3 : 50;
    for (int i = 0; i < looks; ++i) base::steady_now();
    base::random_64();
    after = base::unix_ms_now();
  };
  recorded(file.absent(), program);
  const std::int64_t first = after;
  std::this_thread::sleep_for(std::chrono::milliseconds(2));
  EXPECT_EQ(replayed(file.path(), program), "");
  EXPECT_EQ(after, first);
}

TEST(Tape, each_job_of_a_fanout_has_its_own_lane_whichever_thread_does_it) {
  const TemporaryFile file;
  std::vector<std::string> drawn(8);
  bool backwards = false;
  const auto program = [&](Tape&) {
    const base::Fanout fanout;
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < drawn.size(); ++i) {
      const std::size_t job = backwards ? drawn.size() - 1 - i : i;
      threads.emplace_back([&, job] {
        const base::Lane lane(fanout.lane(job));
        drawn[job] = base::random_hex(8);
      });
      if (backwards) threads.back().join();
    }
    for (std::thread& thread : threads) {
      if (thread.joinable()) thread.join();
    }
  };
  recorded(file.absent(), program);
  const auto first = drawn;
  // The fan-outs of a process are counted, and this is its second: the player looks in the lanes
  // of the first, as it would in a process of its own.
  std::vector<Event> events = read_recording(file.path());
  for (Event& event : events) {
    if (event.lane.rfind("0.", 0) != 0) continue;
    const std::size_t dot = event.lane.find('.', 2);
    event.lane =
        "0." + std::to_string(std::stoi(event.lane.substr(2)) + 1) + event.lane.substr(dot);
  }
  std::ofstream out(file.path(), std::ios::binary);
  std::string sum;
  for (const Event& event : events) out << line_of(event, sum) << "\n";
  out.close();
  backwards = true;
  EXPECT_EQ(replayed(file.path(), program), "");
  EXPECT_EQ(drawn, first);
}

TEST(Tape, pauses_are_not_slept_through_again) {
  const TemporaryFile file;
  const auto program = [](Tape&) {
    base::wait_unless_cancelled(std::chrono::milliseconds(300), CallContext());
  };
  recorded(file.absent(), program);
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_EQ(replayed(file.path(), program), "");
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::milliseconds(200));
}

TEST(Tape, what_is_shown_is_compared_by_the_byte_not_by_the_call) {
  const TemporaryFile file;
  recorded(file.absent(), [](Tape& tape) {
    tape.shown(Stream::kOut, "Hello");
    tape.shown(Stream::kErr, "warning");
    tape.shown(Stream::kOut, " you\n");
  });
  EXPECT_EQ(replayed(file.path(),
                     [](Tape& tape) {
                       tape.shown(Stream::kErr, "warning");
                       for (const char c : std::string("Hello you\n"))
                         tape.shown(Stream::kOut, {&c, 1});
                     }),
            "");
  EXPECT_EQ(replayed(file.path(),
                     [](Tape& tape) {
                       tape.shown(Stream::kErr, "warning");
                       tape.shown(Stream::kOut, "Hello xou\n");
                     }),
            "the replay differs from file at event 3 (line 4, shown): standard output differs at "
            "byte 6: recorded 'Hello you\\n', now 'Hello xou\\n'");
  EXPECT_THAT(replayed(file.path(),
                       [](Tape& tape) {
                         tape.shown(Stream::kErr, "warning");
                         tape.shown(Stream::kOut, "Hello");
                       }),
              StartsWith("the replay differs from file at event 3 (line 4, shown): standard output "
                         "ends too early"));
  EXPECT_THAT(replayed(file.path(),
                       [](Tape& tape) {
                         tape.shown(Stream::kErr, "warning");
                         tape.shown(Stream::kOut, "Hello you\nand more");
                       }),
              HasSubstr("standard output differs"));
}

TEST(Tape, another_order_another_end_and_what_is_missing_are_named) {
  const TemporaryFile file;
  recorded(file.absent(), [](Tape& tape) {
    tape.came("line", {{"text", "hello"}});
    base::random_64();
  });
  const auto both = [](Tape& tape) {
    EXPECT_EQ(tape.came("line", nullptr), (Json{{"text", "hello"}}));
    base::random_64();
  };
  EXPECT_EQ(replayed(file.path(), both), "");
  EXPECT_EQ(
      replayed(file.path(), both, 5),
      "the replay differs from file at event 3 (line 4, end): recorded is exit code 0, now 5");
  EXPECT_EQ(replayed(file.path(), [](Tape&) { base::random_64(); }),
            "the replay differs from file at event 1 (line 2, line): recorded is 'line', now there "
            "is a reading of 8 random bytes");
  EXPECT_EQ(replayed(file.path(), [](Tape& tape) { tape.came("line", nullptr); }),
            "the replay differs from file at event 2 (line 3, random): recorded is 'random', now "
            "the program ended before it");
  EXPECT_EQ(replayed(file.path(),
                     [&](Tape& tape) {
                       both(tape);
                       base::random_64();
                     }),
            "the replay differs from file at its end: after its last event there is a reading of 8 "
            "random bytes");
}

TEST(Tape, a_signal_is_seen_at_the_same_look) {
  const TemporaryFile file;
  const auto looks_until_seen = [](Tape& tape, int real_after) {
    int looks = 0;
    for (int count = 0; count == 0; ++looks) {
      count = tape.look(tape.plays() || looks < real_after ? 0 : 1);
    }
    return looks;
  };
  int seen = 0;
  const auto program = [&](Tape& tape) { seen = looks_until_seen(tape, 17); };
  recorded(file.absent(), program);
  EXPECT_EQ(seen, 18);
  EXPECT_EQ(replayed(file.path(), program), "");
  EXPECT_EQ(seen, 18);
}

TEST(Tape, what_another_program_changed_is_seen_at_the_same_read) {
  const TemporaryFile file;
  std::vector<Json> seen;
  const auto program = [&](Tape& tape) {
    // What ends the wait is known before what happens during it.
    if (tape.plays()) seen.push_back(tape.coming("typed"));
    for (int read = 0; read < 5; ++read) {
      const bool changed = !tape.plays() && (read == 2 || read == 4);
      const Json now = tape.reread("question", changed ? Json(read) : Json());
      if (tape.plays()) seen.push_back(now);
    }
    tape.came("typed", {{"text", "n"}});
  };
  recorded(file.absent(), program);
  EXPECT_EQ(replayed(file.path(), program), "");
  EXPECT_EQ(seen, (std::vector<Json>{{{"text", "n"}}, {}, {}, 2, {}, 4}));
  EXPECT_THAT(replayed(file.path(), [](Tape& tape) { tape.came("typed", nullptr); }),
              HasSubstr("recorded is 'question', now there is 'typed'"));
}

TEST(Tape, a_missing_plugin_and_another_build_of_it_are_named) {
  const auto plugin = [](const std::string& id, const std::string& sum, const Json& sets) {
    return Json{{"id", id},
                {"version", "1.0"},
                {"sha256", sum},
                {"providers", {id}},
                {"tool_sets", sets},
                {"variables", Json::array()},
                {"environment", Json::object()}};
  };
  const TemporaryFile file;
  const Json all = {plugin("used", "aa", Json::array()), plugin("idle", "bb", Json::array()),
                    plugin("tools", "cc", {"tools"})};
  recorded(file.absent(), [&](Tape& tape) {
    tape.plugins(all);
    tape.about("provider", {{"name", "used"}});
  });
  const auto with = [&](const Json& found) {
    return replayed(file.path(), [&](Tape& tape) { tape.plugins(found); });
  };
  EXPECT_EQ(with(all), "");
  EXPECT_EQ(with({all[0], all[2]}), "");
  EXPECT_EQ(with({all[2]}), "file was recorded with the plugin used 1.0, which is not here");
  EXPECT_EQ(with({all[0], plugin("tools", "xx", {"tools"})}),
            "file was recorded with another build of the plugin tools (1.0, here 1.0)");
}

TEST(Recorder, makes_a_file_that_only_its_owner_reads_and_never_writes_over_one) {
  const TemporaryFile file;
  recorded(file.absent(), [](Tape&) {});
  struct stat status {};
  ASSERT_EQ(::stat(file.path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  try {
    Recorder again(file.path(), Json::object());
    FAIL() << "it wrote over the file";
  } catch (const Error& error) {
    EXPECT_EQ(error.code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(error.what(), HasSubstr("exists already; pass another file"));
  }
}

TEST(Recorder, a_key_in_any_spelling_cut_at_any_place_does_not_reach_the_file) {
  const std::string canary = "canary/KEY+7\"8=9~zebra";
  text::add_secret(canary);
  std::vector<std::string> spellings = spellings_of(canary);
  for (std::string& text : base64_spellings_of(canary)) spellings.push_back(std::move(text));
  const TemporaryFile file;
  {
    Recorder recorder(file.absent(), Json{{"format", kFormat}});
    const base::Lane lane("0");
    const HttpHead head{200, {}};
    for (const std::string& spelling : spellings) {
      for (std::size_t cut = 0; cut <= spelling.size(); ++cut) {
        const std::vector<std::string> pieces = {"<" + spelling.substr(0, cut),
                                                 spelling.substr(cut) + ">"};
        for (const std::string& piece : pieces) recorder.shown(Stream::kErr, piece);
        recorder.answer(recorder.request({}), &head, pieces, {1, 2}, nullptr);
        recorder.came("line", {{"text", "on"}});
      }
    }
    EXPECT_EQ(recorder.finish(0), std::nullopt);
  }
  std::size_t answers = 0;
  std::string all;
  for (const Event& event : read_recording(file.path())) {
    if (event.kind == "answer") ++answers;
    for (const char* member : {"text", "body"}) {
      const auto found = event.data.find(member);
      if (found != event.data.end()) all += bytes_from_json(*found) + "\n";
    }
  }
  EXPECT_THAT(traces_of(canary, all), testing::IsEmpty());
  EXPECT_GT(answers, 2000U);
}

TEST(Recorder, a_secret_that_is_shown_and_typed_in_pieces_does_not_reach_the_file) {
  const std::string secret = "walrus-tusk-0451";
  text::add_secret(secret);
  const TemporaryFile file;
  recorded(file.absent(), [&](Tape& tape) {
    for (const char c : secret) tape.shown(Stream::kOut, {&c, 1});
    tape.came("line", {{"text", "my key is " + secret}, {secret, 1}});
    tape.about("settings", {{"deep", {{"er", {secret}}}}});
  });
  std::ifstream in(file.path());
  const std::string text(std::istreambuf_iterator<char>(in), {});
  EXPECT_EQ(text.find("walrus"), std::string::npos);
  EXPECT_EQ(text.find("0451"), std::string::npos);
  EXPECT_THAT(text, HasSubstr("my key is [redacted]"));
}

}  // namespace
}  // namespace cartpilot::record

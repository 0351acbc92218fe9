// Conversations with tools of a plugin, replayed without what the plugin asked.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>

#include "fakes/loopback_server.h"
#include "recorded_run.h"

namespace cartpilot::e2e {
namespace {

using fakes::LoopbackServer;
using testing::HasSubstr;

constexpr const char* kScript = R"(
[[answer]]
expect.tools = ["get_weather"]
calls = [
  { name = "get_weather", arguments = { city = "Oslo" } },
  { name = "get_weather", arguments = { city = "Rome" } },
  { name = "get_weather", arguments = { city = "Lima" } },
]
[[answer]]
expect.result = { name = "get_weather", ok = true, contains = "Rome/wind" }
text = "Done."
)";

class ReplayPlugins : public testing::Test {
 protected:
  ReplayPlugins() {
    std::ofstream(script()) << kScript;
    LoopbackServer server([](const LoopbackServer::Request& request, LoopbackServer::Reply& reply) {
      reply.send(200, {}, "the value of " + request.target);
    });
    run_ = record(home_,
                  {"chat", "--sandbox", "--plugin", CARTPILOT_WEATHER_PLUGIN, "--provider",
                   "script", "--provider-option", "file=" + script(), "--output", "jsonl", "Hi"},
                  "", {{"WEATHER_URL", server.url()}});
  }

  std::string script() const { return (home_.path() / "script.toml").string(); }

  const Home home_;
  Result run_;
};

TEST_F(ReplayPlugins, what_threads_of_a_plugin_ask_is_answered_without_their_server) {
  ASSERT_EQ(run_.exit_code, 0) << run_.err;
  ASSERT_THAT(run_.out, HasSubstr("the value of /Lima/temperature"));
  for (int i = 0; i < 10; ++i) {  // its threads need not ask in the same order
    const Home elsewhere;
    const Result again =
        run(elsewhere, {"replay", "--plugin", CARTPILOT_WEATHER_PLUGIN, recording_of(home_)});
    ASSERT_EQ(again.exit_code, 0) << again.err;
    ASSERT_EQ(again.out, run_.out);
    ASSERT_EQ(again.err, run_.err);
  }
}

TEST_F(ReplayPlugins, one_that_is_not_here_is_told_before_anything_is_shown) {
  const Result missing = run(home_, {"replay", recording_of(home_)});
  EXPECT_EQ(missing.exit_code, 3);
  EXPECT_EQ(missing.out, "");
  EXPECT_EQ(missing.err,
            fmt::format("cartpilot: {} was recorded with the plugin weather 1.0.0, which is not "
                        "here\n",
                        recording_of(home_)));
}

TEST_F(ReplayPlugins, another_build_is_told_before_anything_is_shown) {
  const std::filesystem::path other = home_.path() / "cartpilot-weather.so";
  std::filesystem::copy_file(CARTPILOT_WEATHER_PLUGIN, other);
  std::ofstream(other, std::ios::app) << "x";  // behind all sections: it works as before
  const Result result = run(home_, {"replay", "--plugin", other.string(), recording_of(home_)});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_EQ(result.out, "");
  EXPECT_THAT(result.err, HasSubstr("was recorded with another build of the plugin weather (1.0.0, "
                                    "here 1.0.0)"));
}

}  // namespace
}  // namespace cartpilot::e2e

// A plugin author's own test program: every check of the kit as a test, and the real program.
#include "cartpilot/testing/fake_host.h"
#include "cartpilot/testing/plugin_suite.h"
#include "cartpilot/testing/run_cli.h"

CARTPILOT_CHECK_PLUGIN(Length, LENGTH_PLUGIN)

TEST(Length, is_used_by_the_program) {
  const cartpilot::testing::CliResult result =
      cartpilot::testing::run_cli({"--plugin", LENGTH_PLUGIN, "tools", "call", "--sandbox",
                                   "length_length", R"({"text":"abc"})"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.out, "{\"bytes\":3}\n");
}

TEST(FakeHost, offers_what_the_program_offers) {
  static cartpilot::testing::FakeHost host;
  EXPECT_NE(host.table()->query(host.table()->ctx, CP_HOST_HTTP), nullptr);
  EXPECT_EQ(host.table()->query(host.table()->ctx, "org.example.nothing/1"), nullptr);
}

// AnthropicRequestCheck: the tests of what a request must be. Each breaks its rule on purpose and
// sees the fake say no, and then has the plugin make a request where the rule matters and sees it
// pass.
//
// The broken requests go to strict_, the plugin's to service_, which after every test must have
// nothing to complain about.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "talk.h"

namespace cartpilot::anthropic::tests {

/// A patch (RFC 6902) that puts `value` (JSON text) at `path`.
std::string put(const std::string& path, const std::string& value);

inline const std::string kUser = R"({"role":"user","content":[{"type":"text","text":"x"}]})";
inline const std::string kSaid = R"({"role":"assistant","content":[{"type":"text","text":"y"}]})";
inline const std::string kCall =
    R"({"role":"assistant","content":[{"type":"tool_use","id":"t1","name":"get_time","input":{}}]})";
inline const std::string kResult =
    R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"{}"}]})";

/// A patch with these messages.
std::string messages(const std::vector<std::string>& items);

class AnthropicRequestCheck : public testing::Test {
 protected:
  void TearDown() override { EXPECT_EQ(service_.violations(), Lines{}); }

  /// A request the service accepts.
  static Json valid_body();

  /// The status of the answer to `body`.
  int post(const std::string& body, const std::string& path = "/v1/messages",
           const HttpHeaders& headers = {});

  /// The service refuses valid_body() changed by each of `patches`, by this rule.
  void expect_refused(const std::string& rule, const std::vector<std::string>& patches);

  /// The newest violation of strict_ is of this rule.
  void expect_complaint(const std::string& rule);

  /// The plugin's newest request for these messages; the service must be content with it.
  Json sent(const std::vector<Message>& history, const OptionMap& options = {},
            const std::string& model = "claude-sonnet-5-5");

  /// The requests of the three-turn purchase.
  std::vector<Json> purchase(const OptionMap& options = {},
                             const std::string& model = "claude-sonnet-5-5");

  static Message assistant(const std::vector<Part>& parts);
  static Message results(const std::vector<ToolResult>& all);

  const fakes::LoopbackServer::Request& newest();

  fakes::FakeAnthropic strict_;
  fakes::FakeAnthropic service_;
  fakes::LoopbackServer::Request newest_;
};

}  // namespace cartpilot::anthropic::tests

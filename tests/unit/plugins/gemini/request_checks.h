// GeminiRequestCheck: the tests of what a request must be. Each breaks its rule on purpose and sees
// the fake say no, and then has the plugin make a request where the rule matters and sees it pass.
//
// The broken requests go to strict_, the plugin's to service_, which after every test must have
// nothing to complain about.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "answers.h"

namespace cartpilot::gemini::tests {

/// A patch (RFC 6902) that puts `value` (JSON text) at `path`.
std::string put(const std::string& path, const std::string& value);
/// The same for the whole conversation.
std::string contents(const std::vector<std::string>& items);

inline const std::string kGeneratePath = "/v1beta/models/gemini-3.8-flash:generateContent";
inline const std::string kUserTurn = R"({"role":"user","parts":[{"text":"x"}]})";
inline const std::string kModelText = R"({"role":"model","parts":[{"text":"x"}]})";
inline const std::string kModelCall =
    R"({"role":"model","parts":[{"functionCall":{"name":"get_time"},)"
    R"("thoughtSignature":"skip_thought_signature_validator"}]})";
inline const std::string kResponseTurn =
    R"({"role":"user","parts":[{"functionResponse":{"name":"get_time","response":{}}}]})";

class GeminiRequestCheck : public testing::Test {
 protected:
  struct Reply {
    int status;
    Json body;
  };

  GeminiRequestCheck();
  void TearDown() override { EXPECT_EQ(service_.violations(), Lines{}); }

  /// A request nobody can object to.
  static Json valid_body();
  static fakes::FakeGeminiOptions every_model();

  // The broken half.
  Reply post(const std::string& body, const std::string& path = kGeneratePath,
             const HttpHeaders& headers = {{"x-goog-api-key", "test-key"},
                                           {"Content-Type", "application/json"}});
  /// Every patch of the valid body gets a 400 for breaking `rule`.
  void expect_refused(const std::string& rule, const std::vector<std::string>& patches);
  /// The newest complaint is about `rule`.
  void expect_complaint(const std::string& rule);
  /// A conversation whose call was really issued by strict_, and the answer to its calls.
  Json issued_contents(const std::string& text = "headphones");
  static Json response_to(const Json& content);
  Reply post_contents(const Json& contents);
  /// Changes the issued content by `patch`, answers its calls and sends all of it.
  Reply post_issued(const std::string& patch);

  // The plugin's half.
  using Options = Conversation::Options;
  /// The body the plugin makes of `messages`; the service must answer it.
  Json sent(const std::vector<Message>& messages, const Options& options = {},
            const std::string& model = "");
  Json sent_with_tools(const std::vector<ToolSpec>& tools, const Options& options = {});
  /// The newest request as it came in.
  fakes::LoopbackServer::Request newest() const { return service_.requests().back(); }
  /// Has the plugin buy something in three turns; returns all bodies.
  std::vector<Json> purchase(const Options& options = {});

  fakes::FakeGemini strict_;
  fakes::FakeGemini service_;

 private:
  net::HttpClient client_;
};

/// Pieces of a neutral conversation.
Message foreign_calls(const std::vector<std::string>& names);
Message results_of(const std::vector<std::pair<std::string, Json>>& content_by_id);
ToolSpec plain_tool(const std::string& name, const std::string& schema);

}  // namespace cartpilot::gemini::tests

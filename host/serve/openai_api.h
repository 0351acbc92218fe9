// OpenAiApi: the shop assistant as a model of OpenAI's chat completions, for chat applications.
//
// /v1/models and /v1/chat/completions, streamed and whole. The functions run here; what comes out
// is text, the steps as reasoning. A conversation is named by the header X-Conversation, or found
// by its first message, for each token by itself. The person says yes on the page, whose address
// stands in the text: a program can never answer. Requests for titles and the like are answered
// without touching a conversation. Functions that a client sends along are not called. Any thread.
#pragma once

#include <string>

#include "mcp/http_endpoint.h"
#include "serve/person.h"
#include "serve/program_tokens.h"

namespace cartpilot::host {

/// The one model there is.
constexpr const char* kServedModel = "cartpilot";

class OpenAiApi {
 public:
  /// `page_url`: where the person says yes.
  explicit OpenAiApi(std::string page_url) : page_url_(std::move(page_url)) {}

  /// Answers a request below /v1 of a program of `person`.
  void handle(const mcp::EndpointRequest& request, Person& person, const ProgramToken& token,
              mcp::EndpointReply& reply) const;

  /// An error as this protocol has them.
  static void refuse(mcp::EndpointReply& reply, int status, const std::string& message,
                     const std::string& code);

 private:
  class Answer;

  void complete(const mcp::EndpointRequest& request, Person& person, const ProgramToken& token,
                mcp::EndpointReply& reply) const;
  void follow(Person& person, LiveConversation& live, const std::string& text, Answer& answer,
              mcp::EndpointReply& reply) const;

  const std::string page_url_;
};

}  // namespace cartpilot::host

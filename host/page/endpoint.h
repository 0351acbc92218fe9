// PageEndpoint: the approval page over HTTP, without sockets.
//
// GET gives the files of the page and, to a paired browser, the oldest open question of all
// programs of this person. POST pairs a browser, asks for the code of a question whose receipt was
// on the screen, and answers it. An answer goes through Questions with the channel "page", like any
// other.
//
// A request must name this address as its Host. A POST must also have this address as its Origin. A
// browser is known by a cookie that it got for a pairing code, and by a key that the page keeps for
// its own origin: cookies of a host go to every port of it. Each answer needs a token of its
// question and its code. The pairings end with the object. Any thread.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "mcp/http_endpoint.h"
#include "page/pairings.h"
#include "page/question_answers.h"
#include "purchase/questions.h"
#include "store/state_db.h"

namespace cartpilot::host {

/// Browsers that can be paired at once; one more takes the place of the first.
constexpr std::size_t kMaxBrowsers = 8;
constexpr std::size_t kMaxPageBody = 4 * 1024;

class PageEndpoint {
 public:
  /// `place`: "127.0.0.1:41234", where the page is reached.
  PageEndpoint(std::unique_ptr<store::StateDb> db, std::string place,
               purchase::Questions::UnixClock now_unix_ms = {});

  /// Answers one request. Never throws for what a client sent.
  void handle(const mcp::EndpointRequest& request, mcp::EndpointReply& reply);

 private:
  struct Browser {
    std::string cookie;
    std::string key;
  };
  struct Answer {
    int status = 200;
    Json body;
    HttpHeaders headers{};
  };

  Answer answer(const mcp::EndpointRequest& request);
  Answer answer_post(const mcp::EndpointRequest& request);
  Answer pair(const Json& body);
  bool is_paired(const HttpHeaders& headers) const;

  const std::string place_;
  const std::string cookie_name_;
  std::mutex mutex_;
  const std::unique_ptr<store::StateDb> db_;
  purchase::Questions questions_;
  const QuestionAnswers answers_;
  Pairings pairings_;
  std::deque<Browser> browsers_;
};

}  // namespace cartpilot::host

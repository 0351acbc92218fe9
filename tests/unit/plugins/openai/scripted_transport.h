// A transport that plays prepared answers and remembers what was sent.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "cartpilot/http.h"
#include "cartpilot/json.h"

namespace cartpilot::openai::testing {

class ScriptedTransport final : public HttpTransport {
 public:
  struct Answer {
    int status = 200;
    std::string body;
    HttpHeaders headers;
  };

  void send(const HttpRequest& request, HttpSink& sink, const CallContext&) override {
    requests.push_back(request);
    if (answers.empty()) throw Error(ErrorCode::kUnavailable, "the script has no more answers");
    const Answer answer = answers.front();
    answers.pop_front();
    sink.on_head({answer.status, answer.headers});
    sink.on_event({HttpEvent::Kind::kBody, "", answer.body});
  }

  Json body(std::size_t index) const { return parse_json(requests.at(index).body); }

  std::deque<Answer> answers;
  std::vector<HttpRequest> requests;
};

}  // namespace cartpilot::openai::testing

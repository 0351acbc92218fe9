// Checks of what a provider makes of a vendor that misbehaves: errors, cuts, rubbish.
#include <array>

#include "cartpilot/detail/calls.h"
#include "testing/conversation.h"

namespace cartpilot::testing {
namespace {

/// Adds members nobody knows to every object at the top of an answer.
void add_unknown(const HttpRequest&, FakeReply& reply) {
  const auto extend = [](const std::string& text) {
    if (text.empty() || text[0] != '{') return text;
    return R"({"x_new_member":{"deep":[1,null,"x"]},)" + text.substr(1);
  };
  reply.body = extend(reply.body);
  for (FakeReply::Event& event : reply.events) event.data = extend(event.data);
}

void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (std::size_t at = text.find(from); at != std::string::npos;
       at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

void change_finish_reason(const HttpRequest&, FakeReply& reply) {
  const auto change = [](std::string& text) {
    replace_all(text, R"("finish_reason":"stop")", R"("finish_reason":"x_new_reason")");
    replace_all(text, R"("finishReason":"STOP")", R"("finishReason":"X_NEW_REASON")");
  };
  change(reply.body);
  for (FakeReply::Event& event : reply.events) change(event.data);
}

void unknown_fields(const Subject& subject) {
  for (const bool stream : {true, false}) {
    Conversation conversation(subject);
    conversation.vendor(Scenario::kText, add_unknown);
    const Answer answer = conversation.ask_vendor(stream);
    expect(answer.complete() && answer.text == "Hello from the sample.",
           "members it does not know confuse it: " + answer.outcome.description());
  }
}

void unknown_finish_reason(const Subject& subject) {
  Conversation conversation(subject);
  conversation.vendor(Scenario::kText, change_finish_reason);
  const Answer answer = conversation.ask_vendor();
  expect(answer.text == "Hello from the sample.",
         "a finish reason it does not know loses the text: " + answer.outcome.description());
  expect(answer.complete() || !answer.outcome.errors.empty(),
         "a finish reason it does not know gives neither an answer nor an error");
}

/// Breaks the stream off after each of its events.
void stream_cut(const Subject& subject) {
  std::size_t events = 1;
  for (std::size_t cut = 0; cut < events; ++cut) {
    Conversation conversation(subject);
    conversation.vendor(Scenario::kOneCall, [&](const HttpRequest&, FakeReply& reply) {
      events = reply.events.size();
      reply.events.resize(std::min(cut, events));
      if (reply.events.empty()) reply.events.push_back({"", "", true});
    });
    const Answer answer = conversation.ask_vendor();
    const std::string where = "an answer cut after event " + std::to_string(cut) + " of " +
                              std::to_string(events) + " counts as complete";
    // Near the end the vendor has said why it stopped; then, and only then, it may be an answer.
    const bool early = cut == 0 || (cut == 1 && events > 2);
    expect(answer.outcome.status != CP_OK || (!early && answer.complete()), where);
  }
}

/// Error bodies in the way each vendor writes them.
std::string error_body(const HttpRequest& request, int status) {
  const std::string number = std::to_string(status);
  if (request.url.find("enerateContent") != std::string::npos) {
    return R"({"error":{"code":)" + number + R"(,"message":"sample failure","status":"UNKNOWN"}})";
  }
  return R"({"error":{"message":"sample failure","type":"sample","code":null,"param":null}})";
}

Answer ask_failing(Conversation& conversation, int status, HttpHeaders headers = {}) {
  conversation.vendor(Scenario::kText, [=](const HttpRequest& request, FakeReply& reply) {
    reply = FakeReply::json(error_body(request, status), status);
    reply.headers.insert(reply.headers.end(), headers.begin(), headers.end());
  });
  return conversation.ask_vendor();
}

void status_mapping(const Subject& subject) {
  struct Row {
    int http;
    std::vector<std::int32_t> wanted;
  };
  const std::array<Row, 8> table = {{{400, {CP_INVALID_ARGUMENT}},
                                     {401, {CP_UNAUTHENTICATED}},
                                     {403, {CP_PERMISSION, CP_UNAUTHENTICATED}},
                                     {404, {CP_NOT_FOUND}},
                                     {429, {CP_RATE_LIMITED}},
                                     {500, {CP_UNAVAILABLE, CP_INTERNAL}},
                                     {503, {CP_UNAVAILABLE}},
                                     {504, {CP_UNAVAILABLE, CP_DEADLINE}}}};
  for (const Row& row : table) {
    Conversation conversation(subject);
    const Answer answer = ask_failing(conversation, row.http);
    bool fits = false;
    for (const std::int32_t status : row.wanted) fits = fits || answer.outcome.status == status;
    expect(fits, "HTTP " + std::to_string(row.http) + " becomes " + answer.outcome.description() +
                     " instead of " +
                     std::string(error_code_name(static_cast<ErrorCode>(row.wanted[0]))));
    expect(answer.finishes == 0, "a failed answer has a finish event");
  }
}

void error_says_http_status(const Subject& subject) {
  Conversation conversation(subject);
  const Error error = ask_failing(conversation, 503).outcome.error();
  expect(error.http_status == 503, "the error of an HTTP 503 does not carry the 503");
  expect(error.retryable, "an HTTP 503 is not marked as retryable");
}

void retry_after(const Subject& subject) {
  Conversation conversation(subject);
  const Error error = ask_failing(conversation, 429, {{"Retry-After", "7"}}).outcome.error();
  expect(error.retry_after_ms.value_or(0) == 7000, "Retry-After: 7 is not obeyed");
}

void bad_bodies(const Subject& subject) {
  for (const std::string body :
       {"", "{", "<html>Bad gateway</html>", "[]", "null", "42", "{}", "\xff\xfe\xfd",
        R"({"choices":[],"candidates":[]})", R"({"choices":5,"candidates":"x"})"}) {
    for (const bool stream : {true, false}) {
      Conversation conversation(subject);
      conversation.vendor(Scenario::kText, [&](const HttpRequest&, FakeReply& reply) {
        reply = FakeReply::json(body);
      });
      const Answer answer = conversation.ask_vendor(stream);
      expect(!answer.outcome.threw, "it threw an exception");
      expect(answer.outcome.status != CP_OK,
             "the body \"" + detail::cut_text(body, 60) + "\" counts as an answer");
    }
  }
}

void error_bodies(const Subject& subject) {
  for (const std::string body : {"", "<html>Bad gateway</html>", "[1]", "\"x\"", "\xff\xfe",
                                 R"({"error":"text"})", R"({"error":[]})", R"({"detail":[{}]})"}) {
    Conversation conversation(subject);
    conversation.vendor(Scenario::kText, [&](const HttpRequest&, FakeReply& reply) {
      reply = FakeReply::json(body, 502);
    });
    const Answer answer = conversation.ask_vendor();
    expect(answer.outcome.status != CP_OK && !answer.outcome.errors.empty(),
           "HTTP 502 with the body \"" + detail::cut_text(body, 60) + "\" gives " +
               answer.outcome.description());
    expect(std::string(answer.outcome.error().what()).size() > 3, "the error has no message");
  }
}

void stray_lines(const Subject& subject) {
  Conversation conversation(subject);
  conversation.vendor(Scenario::kText, [](const HttpRequest&, FakeReply& reply) {
    reply.events.insert(reply.events.begin(), {"keep-alive", "", false});
    reply.events.insert(reply.events.begin(), {"x_new_event", R"({"type":"x_new_event"})", false});
  });
  const Answer answer = conversation.ask_vendor();
  expect(answer.complete() && answer.text == "Hello from the sample.",
         "events it does not know confuse it: " + answer.outcome.description());
}

void network_errors(const Subject& subject) {
  struct Row {
    ErrorCode code;
    const char* reason;
  };
  for (const Row& row :
       {Row{ErrorCode::kUnavailable, "reset"}, Row{ErrorCode::kUnavailable, "tls"},
        Row{ErrorCode::kDeadline, "idle_timeout"}, Row{ErrorCode::kProtocol, "too_large"}}) {
    Conversation conversation(subject);
    conversation.vendor(Scenario::kText, [&](const HttpRequest&, FakeReply& reply) {
      Error error(row.code, "sample network failure");
      error.retryable = row.code == ErrorCode::kUnavailable;
      error.reason = row.reason;
      reply = FakeReply::broken(error);
    });
    const Answer answer = conversation.ask_vendor();
    expect(answer.outcome.status == static_cast<std::int32_t>(row.code),
           std::string("the network failure \"") + row.reason + "\" becomes " +
               answer.outcome.description());
    if (row.code == ErrorCode::kUnavailable) {
      expect(answer.outcome.error().retryable,
             std::string("the network failure \"") + row.reason + "\" is not marked as retryable");
    }
  }
}

void no_key_in_texts(const Subject& subject) {
  Conversation conversation(subject);
  if (conversation.bench().key_variables().empty()) skip_check("it asks for no key");
  const std::string secret = Bench::secret();
  conversation.vendor(Scenario::kText, [&](const HttpRequest&, FakeReply& reply) {
    reply = FakeReply::json(R"({"error":{"message":"bad key )" + secret + R"(","code":401}})", 401);
  });
  const Answer answer = conversation.ask_vendor();
  for (const std::string& error : answer.outcome.errors) {
    expect(error.find(secret) == std::string::npos, "the key stands in an error message");
  }
  for (const std::string& line : conversation.bench().host().log()) {
    expect(line.find(secret) == std::string::npos, "the key stands in the log");
  }
  for (const HttpRequest& request : conversation.bench().host().http().requests()) {
    expect(request.url.find(secret) == std::string::npos,
           "the key stands in the URL, which proxies and servers log");
  }
}

}  // namespace

void add_http_checks(std::vector<Check>& checks) {
  CheckList list(checks, kObjectNeeds);
  list.add("unknown-fields", "ignores members it does not know", unknown_fields);
  list.add("unknown-events", "ignores events it does not know", stray_lines);
  list.add("unknown-finish-reason", "keeps an answer that ended for a reason it does not know",
           unknown_finish_reason);
  list.add("stream-cut", "does not call an answer complete that was cut", stream_cut);
  list.add("status-mapping", "maps HTTP errors to the right codes", status_mapping);
  list.add("error-http-status", "keeps the HTTP status and says what may be retried",
           error_says_http_status);
  list.add("retry-after", "passes Retry-After on", retry_after);
  list.add("bad-bodies", "refuses answers that are none", bad_bodies);
  list.add("error-bodies", "survives error bodies of any form", error_bodies);
  list.add("network-errors", "passes failures of the network on", network_errors);
  list.add("key-never-leaks", "puts the key into no message, log line or URL", no_key_in_texts);
}

}  // namespace cartpilot::testing

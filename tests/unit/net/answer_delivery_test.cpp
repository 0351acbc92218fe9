// The form of an answer: its bytes decide before its headers do, wherever the network cuts them.

#include "net/answer_delivery.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "recorder.h"

namespace cartpilot::net {
namespace {

using Seen = std::vector<SeenEvent>;

struct Row {
  std::string type;  ///< the Content-Type, "" = none
  std::string bytes;
  Seen events;
  int status = 200;
  bool streaming = true;  ///< the request asks for events
};

Seen delivered(const Row& row, const std::vector<std::string>& pieces) {
  HttpRequest request = post("http://127.0.0.1:1");
  request.server_sent_events = row.streaming;
  Recorder sink;
  AnswerDelivery delivery(request, sink);
  HttpHead head;
  head.status = row.status;
  if (!row.type.empty()) head.headers = {{"Content-Type", row.type}};
  delivery.head(head);
  for (const std::string& piece : pieces) delivery.piece(piece);
  delivery.end();
  return sink.events;
}

/// In one piece, in two cut anywhere, and byte by byte.
void expect_delivered(const Row& row) {
  SCOPED_TRACE(row.type + ": " + row.bytes);
  EXPECT_EQ(delivered(row, {row.bytes}), row.events);
  for (std::size_t cut = 0; cut <= row.bytes.size(); ++cut) {
    ASSERT_EQ(delivered(row, {row.bytes.substr(0, cut), row.bytes.substr(cut)}), row.events) << cut;
  }
  std::vector<std::string> bytes;
  for (const char byte : row.bytes) bytes.emplace_back(1, byte);
  EXPECT_EQ(delivered(row, bytes), row.events);
}

const std::vector<std::string> kTypes = {"",
                                         "application/json",
                                         "application/json; charset=utf-8",
                                         "text/html",
                                         "text/plain",
                                         "application/octet-stream",
                                         "text/event-stream",
                                         "Text/Event-Stream; charset=utf-8"};

bool names_events(const std::string& type) { return type.find("vent-") != std::string::npos; }

TEST(AnswerDelivery, an_event_stream_is_one_whatever_it_is_called) {
  for (const std::string& type : kTypes) {
    expect_delivered(
        {type, "data: {\"a\":1}\n\ndata: [DONE]\n\n", {event("{\"a\":1}"), event("[DONE]")}});
    expect_delivered({type, ": ping\r\n\r\nevent: e\r\ndata: a\r\n\r\n", {event("a", "e")}});
    expect_delivered({type, "\xEF\xBB\xBF\n\nid: 7\ndata: a\n\n", {event("a")}});
    expect_delivered({type, "retry: 5\n\ndata: a\n\n", {event("a")}});
    expect_delivered({type, ": nothing else\n\n", {}});
  }
}

TEST(AnswerDelivery, a_json_answer_is_whole_whatever_it_is_called) {
  const std::string compact = R"({"text":"data: x","more":[1,2]})";
  const std::string pretty = "{\n  \"data\": 1,\n  \"event\": {\"id\": 2}\n}";
  for (const std::string& type : kTypes) {
    for (const std::string& json : {compact, pretty}) {
      // Under the name of an event stream it may be the error that a gateway prints before the
      // events, so the rest is read on as events.
      if (names_events(type)) {
        expect_delivered({type, json, {stray(json)}});
        expect_delivered({type, json + "\n\ndata: [DONE]\n\n", {stray(json), event("[DONE]")}});
      } else {
        expect_delivered({type, json, {body(json)}});
      }
    }
  }
}

TEST(AnswerDelivery, a_page_is_never_an_event) {
  const std::string page = "<!doctype html>\n<html><body>502 Bad Gateway</body></html>";
  for (const std::string& type : kTypes) {
    expect_delivered({type, page, {names_events(type) ? stray(page) : body(page)}});
  }
}

TEST(AnswerDelivery, an_empty_answer_is_an_empty_body_or_a_stream_without_events) {
  for (const std::string& type : kTypes) {
    expect_delivered({type, "", names_events(type) ? Seen{} : Seen{body("")}});
  }
}

TEST(AnswerDelivery, a_beginning_that_could_be_a_field_and_is_none_is_a_body) {
  for (const std::string start : {"d", "data", "eve", "ret", "\xEF\xBB", "error"}) {
    expect_delivered({"application/json", start, {body(start)}});
  }
  expect_delivered({"", "datum: x\n\n", {body("datum: x\n\n")}});
}

TEST(AnswerDelivery, refusals_and_answers_nobody_wants_as_events_are_bodies) {
  const std::string events = "data: a\n\n";
  for (const std::string& type : kTypes) {
    expect_delivered({type, events, {body(events)}, 400});
    expect_delivered({type, events, {body(events)}, 503});
    expect_delivered({type, events, {body(events)}, 200, false});
  }
}

}  // namespace
}  // namespace cartpilot::net

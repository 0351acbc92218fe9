#include "page/endpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/random.h"
#include "fakes/store/test_state.h"
#include "page/content.h"

namespace cartpilot::host {
namespace {

using purchase::ApprovalQuestion;
using purchase::QuestionState;
using testing::AllOf;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;

constexpr const char* kPlace = "127.0.0.1:4711";

/// What came back.
class PageReply final : public mcp::EndpointReply {
 public:
  void send(int sent, const HttpHeaders& with, const std::string& text) override {
    status = sent;
    headers = with;
    body = text;
  }
  void begin_events(const HttpHeaders&) override { FAIL(); }
  void send_lines(const std::string&) override { FAIL(); }
  void send_event(const Json&) override { FAIL(); }
  bool client_is_gone() override { return false; }

  Json json() const { return parse_json(body, "the body"); }
  std::string message() const { return string_or(json(), "message"); }
  std::string outcome() const { return string_or(json(), "outcome"); }

  int status = 0;
  HttpHeaders headers;
  std::string body;
};

/// A browser, paired or not, and what it sends.
struct Browser {
  std::string cookie;
  std::string key;
};

class PageTest : public testing::Test {
 protected:
  PageTest()
      : file_(std::filesystem::temp_directory_path() / ("page-" + base::random_hex(8) + ".db")),
        db_(store::open_test_state(file_)),
        questions_(db_, [this] { return now_; }),
        pairings_(db_, [this] { return now_; }),
        page_(store::make_test_state(file_), kPlace, [this] { return now_; }) {}
  ~PageTest() override {
    for (const char* end : {"", "-wal", "-shm"}) std::filesystem::remove(file_.string() + end);
  }

  static HttpHeaders headers_of(const Browser& browser, bool posts) {
    HttpHeaders headers = {{"Host", kPlace}};
    if (posts) {
      headers.emplace_back("Origin", std::string("http://") + kPlace);
      headers.emplace_back("Content-Type", "application/json");
    }
    if (!browser.cookie.empty()) headers.emplace_back("Cookie", browser.cookie);
    if (!browser.key.empty()) headers.emplace_back("X-Page-Key", browser.key);
    return headers;
  }
  PageReply send(const std::string& method, const std::string& path, HttpHeaders headers,
                 const std::string& body = "") {
    PageReply reply;
    page_.handle({method, path, std::move(headers), body}, reply);
    return reply;
  }
  PageReply get(const Browser& browser, const std::string& path = "/question") {
    return send("GET", path, headers_of(browser, false));
  }
  PageReply post(const Browser& browser, const std::string& path, const Json& body) {
    return send("POST", path, headers_of(browser, true), dump_json(body));
  }

  Browser pair() {
    const PageReply reply = post({}, "/pair", {{"code", pairings_.draw().text}});
    EXPECT_EQ(reply.status, 200) << reply.body;
    const std::string cookie = header_value(reply.headers, "Set-Cookie");
    return {cookie.substr(0, cookie.find(';')), string_or(reply.json(), "key")};
  }

  ApprovalQuestion ask(int rounds = 1) {
    ApprovalQuestion question;
    question.title = "PURCHASE APPROVAL";
    question.total = commerce::Money{6181, "USD"};
    question.fields = {{"Item", "1 x lamp"}, {"TOTAL", "61.81 USD"}};
    question.warnings = {"NOT the products that were asked for"};
    question.notes = {"spent 0.00 of 1000.00 USD in 24 hours"};
    question.detail = Json::object();
    question.rounds = rounds;
    questions_.open(question, 600'000);
    return question;
  }
  /// The token that an answer is sent with, after the receipt was shown.
  std::string token_of(const Browser& browser) {
    const Json question = get(browser).json().at("question");
    const PageReply shown = post(browser, "/shown", {{"token", question.at("token")}});
    EXPECT_EQ(shown.status, 200) << shown.body;
    return string_or(shown.json(), "token");
  }
  std::string yes_to(const ApprovalQuestion& question) {
    return "61.81 " + questions_.find(question.id)->challenge;
  }
  QuestionState state_of(const ApprovalQuestion& question) {
    return questions_.find(question.id)->state;
  }

  std::int64_t now_ = 1'000'000;
  std::filesystem::path file_;
  store::StateDb db_;
  purchase::Questions questions_;
  Pairings pairings_;
  PageEndpoint page_;
};

HttpHeaders replaced(HttpHeaders headers, const std::string& name, const std::string& value) {
  std::erase_if(headers, [&](const auto& header) { return header.first == name; });
  if (!value.empty()) headers.emplace_back(name, value);
  return headers;
}

TEST_F(PageTest, a_paired_browser_reads_the_receipt_and_says_yes) {
  const ApprovalQuestion question = ask();
  const Browser browser = pair();
  const Json shown = get(browser).json();
  EXPECT_EQ(shown.at("waiting"), 1);
  EXPECT_EQ(shown.at("question").at("rows"),
            Json::array({{{"kind", "field"}, {"label", "Item"}, {"value", "1 x lamp"}},
                         {{"kind", "total"}, {"label", "TOTAL"}, {"value", "61.81 USD"}},
                         {{"kind", "warning"},
                          {"label", "WARNING"},
                          {"value", "NOT the products that were asked for"}},
                         {{"kind", "note"},
                          {"label", "Note"},
                          {"value", "spent 0.00 of 1000.00 USD in 24 hours"}}}));
  const PageReply code = post(browser, "/shown", {{"token", shown.at("question").at("token")}});
  EXPECT_EQ(string_or(code.json(), "request"),
            "Type the total (61.81) and the code (" + question.challenge + ") to buy");
  EXPECT_EQ(code.json().at("seconds_left"), 600);
  const PageReply yes =
      post(browser, "/answer", {{"token", code.json().at("token")}, {"typed", yes_to(question)}});
  EXPECT_EQ(yes.json(),
            (Json{{"outcome", "approved"}, {"message", "Approved by you. Not bought yet."}}));
  const auto answered = questions_.find(question.id);
  EXPECT_EQ(answered->state, QuestionState::kApproved);
  EXPECT_EQ(answered->channel, "page");
  EXPECT_EQ(answered->answered_by, "you");
  EXPECT_EQ(answered->answered_unix_ms, now_);
  EXPECT_EQ(get(browser).json(), (Json{{"waiting", 0}, {"question", nullptr}}));
}

TEST_F(PageTest, a_no_needs_no_code) {
  const ApprovalQuestion question = ask();
  const Browser browser = pair();
  const PageReply no = post(browser, "/decline", {{"token", token_of(browser)}});
  EXPECT_EQ(no.outcome(), "declined");
  EXPECT_EQ(state_of(question), QuestionState::kDeclined);
}

TEST_F(PageTest, a_repeated_basket_is_answered_twice_with_two_codes) {
  const ApprovalQuestion question = ask(2);
  const Browser browser = pair();
  const std::string first = yes_to(question);
  EXPECT_EQ(post(browser, "/answer", {{"token", token_of(browser)}, {"typed", first}}).outcome(),
            "again");
  EXPECT_EQ(state_of(question), QuestionState::kOpen);
  const std::string second = yes_to(question);
  EXPECT_NE(first, second);
  EXPECT_EQ(post(browser, "/answer", {{"token", token_of(browser)}, {"typed", second}}).outcome(),
            "approved");
}

TEST_F(PageTest, a_wrong_answer_may_be_given_once_more_and_then_is_a_no) {
  const ApprovalQuestion question = ask();
  const Browser browser = pair();
  const PageReply wrong =
      post(browser, "/answer", {{"token", token_of(browser)}, {"typed", "61.80 abcd"}});
  EXPECT_EQ(wrong.outcome(), "retry");
  EXPECT_EQ(wrong.message(),
            "Not bought: you typed 61.80 abcd, the total is 61.81 USD. You may answer once more, "
            "with a new code.");
  EXPECT_EQ(post(browser, "/answer", {{"token", token_of(browser)}, {"typed", "61.80"}}).outcome(),
            "declined");
  EXPECT_EQ(state_of(question), QuestionState::kDeclined);
}

TEST_F(PageTest, the_total_without_the_code_is_no_yes) {
  const ApprovalQuestion question = ask();
  const Browser browser = pair();
  const std::string token = token_of(browser);
  EXPECT_EQ(post(browser, "/answer", {{"token", token}, {"typed", "61.81"}}).outcome(), "retry");
  EXPECT_EQ(state_of(question), QuestionState::kOpen);
}

TEST_F(PageTest, shows_one_question_at_a_time_the_oldest_first) {
  const ApprovalQuestion first = ask();
  now_ += 1000;
  ask();
  const Json shown = get(pair()).json();
  EXPECT_EQ(shown.at("waiting"), 2);
  EXPECT_EQ(string_or(shown.at("question"), "id"), first.id);
}

TEST_F(PageTest, a_code_comes_only_after_the_receipt_was_shown) {
  const ApprovalQuestion question = ask();
  const Browser browser = pair();
  EXPECT_THAT(get(browser).body, Not(HasSubstr(question.challenge)));
  EXPECT_EQ(post(browser, "/shown", {{"token", question.id}}).status, 409);
  EXPECT_EQ(post(browser, "/shown", {{"token", question.id + ".00"}}).status, 409);
}

TEST_F(PageTest, a_post_without_an_origin_is_refused) {
  const ApprovalQuestion question = ask();
  const Browser browser = pair();
  const Json body = {{"token", token_of(browser)}, {"typed", yes_to(question)}};
  const HttpHeaders headers = replaced(headers_of(browser, true), "Origin", "");
  EXPECT_EQ(send("POST", "/answer", headers, dump_json(body)).status, 403);
  const Json code = {{"code", pairings_.draw().text}};
  EXPECT_EQ(
      send("POST", "/pair", replaced(headers_of({}, true), "Origin", ""), dump_json(code)).status,
      403);
  EXPECT_EQ(state_of(question), QuestionState::kOpen);
}

TEST_F(PageTest, a_post_with_a_foreign_origin_is_refused) {
  const ApprovalQuestion question = ask();
  const Browser browser = pair();
  const Json body = {{"token", token_of(browser)}, {"typed", yes_to(question)}};
  for (const char* origin :
       {"null", "http://evil.example", "https://127.0.0.1:4711", "http://localhost:4711",
        "http://127.0.0.1:4712", "http://127.0.0.1", "http://127.0.0.1:4711.evil.example",
        "http://127.0.0.1:4711/", "HTTP://127.0.0.1:4711"}) {
    const HttpHeaders headers = replaced(headers_of(browser, true), "Origin", origin);
    EXPECT_EQ(send("POST", "/answer", headers, dump_json(body)).status, 403) << origin;
  }
  HttpHeaders twice = headers_of(browser, true);
  twice.emplace_back("origin", "http://evil.example");
  EXPECT_EQ(send("POST", "/answer", twice, dump_json(body)).status, 403);
  EXPECT_EQ(state_of(question), QuestionState::kOpen);
}

TEST_F(PageTest, a_name_that_was_rebound_to_this_machine_gets_nothing) {
  const ApprovalQuestion question = ask();
  const Browser browser = pair();
  const Json body = {{"token", token_of(browser)}, {"typed", yes_to(question)}};
  for (const char* host : {"evil.example", "evil.example:4711", "localhost:4711", "127.0.0.1",
                           "[::1]:4711", "127.0.0.1:4712", ""}) {
    for (const char* path : {"/", "/page.js", "/question"}) {
      const PageReply reply = send("GET", path, replaced(headers_of(browser, false), "Host", host));
      EXPECT_EQ(reply.status, 403) << host << path;
      EXPECT_THAT(reply.body, Not(HasSubstr("lamp")));
    }
    const HttpHeaders headers = replaced(headers_of(browser, true), "Host", host);
    EXPECT_EQ(send("POST", "/answer", headers, dump_json(body)).status, 403) << host;
  }
  HttpHeaders twice = headers_of(browser, false);
  twice.emplace_back("Host", "evil.example");
  EXPECT_EQ(send("GET", "/question", twice).status, 403);
  EXPECT_EQ(state_of(question), QuestionState::kOpen);
}

TEST_F(PageTest, a_browser_without_cookie_or_key_sees_and_answers_nothing) {
  const ApprovalQuestion question = ask();
  const Browser browser = pair();
  const Browser other = pair();
  const Json body = {{"token", token_of(browser)}, {"typed", yes_to(question)}};
  const std::string name = browser.cookie.substr(0, browser.cookie.find('=') + 1);
  for (const Browser& unpaired : {Browser{}, Browser{browser.cookie, ""}, Browser{"", browser.key},
                                  Browser{browser.cookie, other.key}, Browser{name, browser.key},
                                  Browser{browser.cookie + "0", browser.key},
                                  Browser{browser.cookie + "; " + other.cookie, browser.key}}) {
    const PageReply seen = get(unpaired);
    EXPECT_EQ(seen.status, 401);
    EXPECT_THAT(seen.body, Not(HasSubstr("lamp")));
    EXPECT_EQ(post(unpaired, "/answer", body).status, 401);
    EXPECT_EQ(post(unpaired, "/shown", {{"token", "x"}}).status, 401);
    EXPECT_EQ(post(unpaired, "/decline", {{"token", body.at("token")}}).status, 401);
  }
  EXPECT_EQ(state_of(question), QuestionState::kOpen);
}

TEST_F(PageTest, a_replayed_token_answers_nothing) {
  const ApprovalQuestion question = ask(2);
  const Browser browser = pair();
  const std::string token = token_of(browser);
  EXPECT_EQ(post(browser, "/answer", {{"token", token}, {"typed", yes_to(question)}}).outcome(),
            "again");
  EXPECT_EQ(post(browser, "/answer", {{"token", token}, {"typed", yes_to(question)}}).outcome(),
            "stale");
  EXPECT_EQ(post(browser, "/decline", {{"token", token}}).outcome(), "stale");
  EXPECT_EQ(state_of(question), QuestionState::kOpen);
}

TEST_F(PageTest, a_token_of_another_question_does_not_answer_this_one) {
  const ApprovalQuestion first = ask();
  const Browser browser = pair();
  const std::string token = token_of(browser);
  questions_.withdraw(first.id, "");
  const ApprovalQuestion second = ask();
  EXPECT_EQ(post(browser, "/answer", {{"token", token}, {"typed", yes_to(second)}}).outcome(),
            "too_late");
  EXPECT_EQ(state_of(second), QuestionState::kOpen);
}

TEST_F(PageTest, two_tabs_answer_one_question_and_one_counts) {
  const ApprovalQuestion question = ask();
  const Browser browser = pair();
  const std::string one = token_of(browser);
  const std::string other = token_of(browser);
  const std::string yes = yes_to(question);
  EXPECT_EQ(post(browser, "/decline", {{"token", one}}).outcome(), "declined");
  const PageReply late = post(browser, "/answer", {{"token", other}, {"typed", yes}});
  EXPECT_EQ(late.outcome(), "too_late");
  EXPECT_EQ(late.message(), "It was declined already, by you (page).");
  EXPECT_EQ(state_of(question), QuestionState::kDeclined);
}

TEST_F(PageTest, an_answer_after_the_end_of_its_question_is_too_late) {
  const ApprovalQuestion question = ask();
  const Browser browser = pair();
  const std::string token = token_of(browser);
  const std::string yes = yes_to(question);
  now_ = question.expires_unix_ms;
  const PageReply late = post(browser, "/answer", {{"token", token}, {"typed", yes}});
  EXPECT_EQ(late.outcome(), "too_late");
  EXPECT_EQ(late.message(), "Its time is over. Nothing was bought.");
  EXPECT_EQ(get(browser).json().at("question"), Json());
}

TEST_F(PageTest, an_answer_after_the_program_that_asked_has_died_is_void) {
  const ApprovalQuestion question = ask();
  const Browser browser = pair();
  const std::string token = token_of(browser);
  const std::string yes = yes_to(question);
  db_.run("UPDATE questions SET owner = '0000 0000 1 1'");
  const PageReply late = post(browser, "/answer", {{"token", token}, {"typed", yes}});
  EXPECT_EQ(late.outcome(), "too_late");
  EXPECT_EQ(late.message(), "The program that asked is gone. Nothing was bought.");
}

TEST_F(PageTest, an_answer_for_a_receipt_that_changed_is_void) {
  const ApprovalQuestion question = ask();
  const Browser browser = pair();
  const std::string token = token_of(browser);
  const std::string yes = yes_to(question);
  questions_.withdraw(question.id, "The receipt changed meanwhile. Nothing was bought.");
  const PageReply late = post(browser, "/answer", {{"token", token}, {"typed", yes}});
  EXPECT_EQ(late.outcome(), "too_late");
  EXPECT_EQ(late.message(), "The receipt changed meanwhile. Nothing was bought.");
}

TEST_F(PageTest, a_code_of_an_earlier_round_is_stale) {
  const ApprovalQuestion question = ask(2);
  const Browser browser = pair();
  const std::string one = token_of(browser);
  const std::string other = token_of(browser);
  const std::string yes = yes_to(question);
  EXPECT_EQ(post(browser, "/answer", {{"token", one}, {"typed", yes}}).outcome(), "again");
  EXPECT_EQ(post(browser, "/answer", {{"token", other}, {"typed", yes}}).outcome(), "stale");
  EXPECT_EQ(state_of(question), QuestionState::kOpen);
}

TEST_F(PageTest, guessing_the_pairing_code_ends_after_five_tries) {
  const Pairings::Code code = pairings_.draw();
  for (int i = 0; i < kPairingTries; ++i) {
    const PageReply wrong = post({}, "/pair", {{"code", "aaaaaaa" + std::to_string(i)}});
    EXPECT_EQ(wrong.status, 403);
    EXPECT_THAT(wrong.message(), HasSubstr("not the code"));
    EXPECT_EQ(header_value(wrong.headers, "Set-Cookie"), "");
  }
  const PageReply right = post({}, "/pair", {{"code", code.text}});
  EXPECT_EQ(right.status, 403);
  EXPECT_THAT(right.message(), HasSubstr("No code is open"));
}

TEST_F(PageTest, the_cookie_is_given_once_and_for_this_page_alone) {
  const Pairings::Code code = pairings_.draw();
  const PageReply paired = post({}, "/pair", {{"code", code.text}});
  EXPECT_THAT(header_value(paired.headers, "Set-Cookie"),
              MatchesRegex("cartpilot_page_4711=[0-9a-f]{64}; Path=/; HttpOnly; SameSite=Strict"));
  const PageReply again = post({}, "/pair", {{"code", code.text}});
  EXPECT_EQ(again.status, 403);
  EXPECT_EQ(header_value(again.headers, "Set-Cookie"), "");
}

TEST_F(PageTest, the_ninth_browser_takes_the_place_of_the_first) {
  const Browser first = pair();
  const Browser second = pair();
  for (std::size_t i = 2; i <= kMaxBrowsers; ++i) pair();
  EXPECT_EQ(get(first).status, 401);
  EXPECT_EQ(get(second).status, 200);
}

TEST_F(PageTest, every_answer_forbids_frames_and_everything_from_outside) {
  const Browser browser = pair();
  for (const PageReply& reply :
       {get(browser, "/"), get(browser, "/page.js"), get(browser), get({}),
        get(browser, "/nothing"), send("GET", "/", {{"Host", "evil.example"}})}) {
    EXPECT_THAT(
        header_value(reply.headers, "Content-Security-Policy"),
        AllOf(HasSubstr("default-src 'none'"), HasSubstr("frame-ancestors 'none'"),
              HasSubstr("form-action 'none'"), Not(HasSubstr("unsafe")), Not(HasSubstr("http"))));
    EXPECT_EQ(header_value(reply.headers, "X-Frame-Options"), "DENY");
    EXPECT_EQ(header_value(reply.headers, "Referrer-Policy"), "no-referrer");
    EXPECT_EQ(header_value(reply.headers, "X-Content-Type-Options"), "nosniff");
    EXPECT_EQ(header_value(reply.headers, "Cache-Control"), "no-store");
  }
}

TEST_F(PageTest, markup_and_control_characters_of_a_title_are_harmless_text) {
  ApprovalQuestion question;
  question.title = "PURCHASE APPROVAL";
  question.detail = Json::object();
  question.fields = {{"Item",
                      "<img src=x onerror=alert(1)>\r\nTOTAL 0.01 USD\x1b[2J \xe2\x80\xae"
                      "gpj &amp; </script> \xef\xbb\xbf"}};
  questions_.open(question, 600'000);
  const Json shown = get(pair()).json().at("question");
  EXPECT_EQ(string_or(shown.at("rows").at(0), "value"),
            "<img src=x onerror=alert(1)>\\u{d}\\u{a}TOTAL 0.01 USD\\u{1b}[2J \\u{202e}gpj &amp; "
            "</script> \\u{feff}");
  EXPECT_EQ(shown.at("rows").size(), 1U);
}

TEST_F(PageTest, its_files_load_nothing_from_elsewhere_and_write_no_markup) {
  for (const char* path : {"/", "/page.css", "/page.js"}) {
    const PageFile* const file = page_file(path);
    ASSERT_NE(file, nullptr) << path;
    for (const char* word : {"http:", "https:", "//cdn", "innerHTML", "outerHTML", "document.write",
                             "insertAdjacentHTML", "eval(", " style=", " onclick", "@import"}) {
      EXPECT_THAT(file->text, Not(HasSubstr(word))) << path;
    }
  }
  EXPECT_EQ(page_file("/../page.html"), nullptr);
  EXPECT_EQ(page_file("/page.html"), nullptr);
}

TEST_F(PageTest, refuses_other_methods_types_and_bodies) {
  const Browser browser = pair();
  EXPECT_EQ(send("PUT", "/answer", headers_of(browser, true), "{}").status, 405);
  EXPECT_EQ(send("OPTIONS", "/answer", headers_of(browser, true), "").status, 405);
  EXPECT_EQ(post(browser, "/nothing", Json::object()).status, 404);
  for (const char* type : {"application/x-www-form-urlencoded", "text/plain", ""}) {
    const HttpHeaders headers = replaced(headers_of(browser, true), "Content-Type", type);
    EXPECT_EQ(send("POST", "/decline", headers, R"({"token":"x"})").status, 415);
  }
  for (const char* body : {"", "[]", "{}", R"({"token":1})", R"({"token":"a","token":"b"})",
                           R"({"token":"a","more":"b"})", "{\"token\":\"\xff\"}"}) {
    EXPECT_EQ(send("POST", "/decline", headers_of(browser, true), body).status, 400) << body;
  }
  const std::string long_token(kMaxPageBody, 'a');
  EXPECT_EQ(post(browser, "/decline", {{"token", long_token}}).status, 413);
}

}  // namespace
}  // namespace cartpilot::host

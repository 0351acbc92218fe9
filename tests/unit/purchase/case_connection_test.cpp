// Cases 57 and 58: redirects and untrusted servers, over real connections. The numbers are those of
// docs/purchases.md.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/store/test_state.h"
#include "gate_world.h"
#include "loopback_shop.h"
#include "net/http_client.h"
#include "unit/net/tls_test_server.h"

namespace cartpilot::purchase {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

/// A gate with the real client and the real transport.
class ConnectedGate {
 public:
  explicit ConnectedGate(const std::string& url) : client_(options(url), http_), tools_(client_) {
    gate.begin_turn();
  }

  std::string prepare() {
    const Json item = {{"product_id", "headphones"}, {"quantity", 1}};
    const std::string id = string_or(
        write("create_checkout", Json{{"offer_id", "offer-a"}, {"items", Json::array({item})}}),
        "id");
    write("quote_checkout", Json{{"checkout_id", id}, {"items", Json::array({item})}});
    write("request_approval", Json{{"checkout_id", id}});
    return id;
  }
  ToolOutcome money(const char* function, const std::string& id) {
    return gate.run_money({"1", function, Json{{"checkout_id", id}}, "", nullptr}, context_);
  }

 private:
  static commerce::ClientOptions options(const std::string& url) {
    commerce::ClientOptions options;
    options.base_url = url;
    options.api_key = "test-key";
    options.read_retries.max_attempts = 1;
    return options;
  }
  Json write(const char* function, Json arguments) {
    ToolCall call{"1", function, std::move(arguments), "", nullptr};
    if (auto refusal = gate.before_write(call)) return refusal->content;
    const ToolOutcome outcome = tools_.call(call.name, call.arguments, context_);
    gate.after_write(call, outcome);
    return outcome.content;
  }

  net::HttpClient http_{net::HttpClientOptions{}};
  const commerce::CartPilotClient client_;
  commerce::CartPilotTools tools_;
  FakeClock clock_;
  const CallContext context_;

 public:
  store::StateDb db{store::open_test_state()};
  PurchaseJournal journal{db, [this] { return clock_.unix_ms(); }};
  Questions questions{db, [this] { return clock_.unix_ms(); }};
  ScriptedPerson person;
  EventLog events;
  PurchaseGate gate{client_, journal,     parse_policy("ask", ""), questions, person,
                    events,  "session-1", clock_.gate_clock()};
};

TEST(PurchaseCase, case_57_a_redirect_is_not_followed_and_no_key_goes_elsewhere) {
  for (const int status : {301, 302, 303, 307, 308}) {
    fakes::LoopbackServer elsewhere([](const auto&, auto& reply) { reply.send(200, {}, "{}"); });
    const auto redirect = [&](const std::string& end) {
      return [&, end](const LoopbackShop::Request& request, LoopbackShop::Reply& reply) {
        if (request.target.size() < end.size() ||
            request.target.compare(request.target.size() - end.size(), end.size(), end) != 0) {
          return false;
        }
        reply.send(status, {{"Location", elsewhere.url() + request.target}}, "");
        return true;
      };
    };
    LoopbackShop confirms(redirect("/confirm"));
    ConnectedGate gate(confirms.url());
    const std::string id = gate.prepare();
    ASSERT_TRUE(gate.money("approve_checkout", id).ok);
    EXPECT_EQ(code_of(gate.money("confirm_checkout", id)), "unknown") << status;
    EXPECT_EQ(gate.gate.last_report()->end, PurchaseEnd::kUnknown) << status;

    LoopbackShop approves(redirect("/approve"));
    ConnectedGate other(approves.url());
    EXPECT_FALSE(other.money("approve_checkout", other.prepare()).ok) << status;
    EXPECT_EQ(approves.count("/confirm"), 0) << status;
    EXPECT_THAT(elsewhere.requests(), IsEmpty()) << status;
  }
}

TEST(PurchaseCase, case_58_plain_http_off_this_machine_and_untrusted_certificates_are_refused) {
  for (const char* url :
       {"http://example.com", "http://10.0.0.1:8000", "http://localhost.example.com",
        "http://127.0.0.1.example.com", "http://user@127.0.0.1", "http://0.0.0.0:8000",
        "ftp://127.0.0.1", "http://[::2]:8000", "//127.0.0.1", "127.0.0.1:8000", ""}) {
    EXPECT_THROW(ConnectedGate{url}, Error) << url;
  }
  // A certificate nobody vouches for: the handshake ends before a byte of the request is sent.
  const net::TestCertificate certificate("DNS:localhost,IP:127.0.0.1");
  std::vector<std::string> heads;
  net::TlsTestServer server(certificate, [&](net::TlsTestServer::Stream& stream) {
    const std::string head = stream.read_head();
    if (!head.empty()) heads.push_back(head);
  });
  ConnectedGate gate(server.url());
  gate.journal.remember_checkout("session-1", "id-0001", "[]");
  const ToolOutcome outcome = gate.money("approve_checkout", "id-0001");
  EXPECT_FALSE(outcome.ok);
  EXPECT_THAT(dump_json(outcome.content), HasSubstr("certificate"));
  EXPECT_EQ(gate.gate.last_report()->outcome, PurchaseOutcome::kNotDone);
  EXPECT_TRUE(gate.person.questions.empty());
  EXPECT_THAT(heads, IsEmpty());
}

}  // namespace
}  // namespace cartpilot::purchase

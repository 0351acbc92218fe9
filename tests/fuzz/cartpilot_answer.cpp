// Anything as an answer of CartPilot. The first byte chooses the question, the second the status,
// the third whether it calls itself JSON.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "commerce/client.h"

namespace {

using namespace cartpilot;

void require(bool holds) {
  if (!holds) std::abort();
}

class OneAnswer final : public HttpTransport {
 public:
  OneAnswer(int status, bool json, std::string_view body) : body_(body) {
    head_.status = status;
    head_.headers = {{"Content-Type", json ? "application/json" : "text/html"},
                     {"X-Request-ID", "request-1"},
                     {"Retry-After", "1"}};
  }
  void send(const HttpRequest&, HttpSink& sink, const CallContext&) override {
    sink.on_head(head_);
    sink.on_event({HttpEvent::Kind::kBody, "", body_});
  }

 private:
  HttpHead head_;
  std::string_view body_;
};

void ask(const commerce::CartPilotClient& client, unsigned question) {
  const CallContext context;
  switch (question % 12) {
    case 0: client.health(context); break;
    case 1: client.merchants(context); break;
    case 2: client.create_intent("lamp", {}, {}, context); break;
    case 3: client.get_intent("i1", context); break;
    case 4: client.get_intent_offers("i1", 1, 20, context); break;
    case 5: client.get_offer("o1", context); break;
    case 6: client.create_checkout("o1", {}, "", {}, context); break;
    case 7: client.get_checkout("c1", context); break;
    case 8: client.approve("c1", "human", {}, context); break;
    case 9: client.confirm("c1", "test_card", "k1", {}, context); break;
    case 10: client.list_orders({}, context); break;
    default: client.get_order("o1", context); break;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  const int status = 200 + (data[1] * 2) % 400;
  OneAnswer transport(status, data[2] % 2 == 0,
                      {reinterpret_cast<const char*>(data) + 3, size - 3});
  commerce::ClientOptions options;
  options.wait = [](std::int64_t, const CallContext&) {};
  options.random = [] { return 0.5; };
  const commerce::CartPilotClient client(options, transport);
  try {
    ask(client, data[0]);
    require(status < 300);
  } catch (const commerce::CartPilotError& error) {
    const std::string_view message = error.what();
    require(!message.empty() && message.size() < 4'000 && !error.error_code.empty());
    for (const char c : message) require(static_cast<unsigned char>(c) >= ' ' && c != 0x7F);
    require(commerce::described(error).size() < 8'000);
    require(!error.own_refusal || status >= 300);
  }
  return 0;
}

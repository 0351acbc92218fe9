#include "loopback_shop.h"

#include <algorithm>

#include "cartpilot/error.h"

namespace cartpilot::purchase {
namespace {

struct Collected final : HttpSink {
  void on_head(const HttpHead& given) override { head = given; }
  bool on_event(const HttpEvent& event) override {
    body += event.data;
    return true;
  }
  HttpHead head;
  std::string body;
};

}  // namespace

LoopbackShop::LoopbackShop(Instead instead)
    : instead_(std::move(instead)), server_([this](const Request& request, Reply& reply) {
        if (!instead_ || !instead_(request, reply)) pass_on(request, reply);
      }) {
  // So that the fixed times of the fake are in the future wherever the test runs. Locked: the
  // server's threads run already.
  with_fake([](FakeCartPilot& fake) { fake.date = "Mon, 23 Nov 2026 00:49:28 GMT"; });
}

void LoopbackShop::pass_on(const Request& request, Reply& reply) {
  HttpRequest copy;
  copy.method = request.method;
  copy.url = "http://127.0.0.1:8000" + request.target;
  copy.headers = request.headers;
  copy.body = request.body;
  Collected collected;
  try {
    const std::lock_guard lock(mutex_);
    fake_.send(copy, collected, CallContext());
  } catch (const Error&) {
    reply.reset();
    return;
  }
  reply.send(collected.head.status, collected.head.headers, collected.body);
}

int LoopbackShop::count(const std::string& end) const {
  const auto all = requests();
  return static_cast<int>(std::count_if(all.begin(), all.end(), [&](const Request& request) {
    const std::string path = request.target.substr(0, request.target.find('?'));
    return path.size() >= end.size() &&
           path.compare(path.size() - end.size(), end.size(), end) == 0;
  }));
}

}  // namespace cartpilot::purchase

// LoopbackVendor: one of the pretend vendors on loopback as a VendorFake.
//
// Requests of the plugin go on to the vendor over real HTTP; what it answers comes back as the
// client delivered it. Owns the vendor. One conversation, one thread.
#pragma once

#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "cartpilot/testing/vendor_fake.h"
#include "fakes/shopping_model.h"
#include "net/http_client.h"

namespace cartpilot::e2e {

/// Keeps an answer as the client delivers it.
class ReplyKeeper final : public HttpSink {
 public:
  void on_head(const HttpHead& head) override {
    reply.status = head.status;
    reply.headers = head.headers;
  }
  bool on_event(const HttpEvent& event) override {
    if (event.kind == HttpEvent::Kind::kBody) {
      reply.body = event.data;
    } else {
      reply.events.push_back({std::string(event.name), std::string(event.data),
                              event.kind == HttpEvent::Kind::kStray});
    }
    return true;
  }
  testing::FakeReply reply;
};

template <class Vendor, class Options>
class LoopbackVendor : public testing::VendorFake {
 public:
  explicit LoopbackVendor(Options options)
      : vendor([this](const fakes::ModelView& view) { return step(view); }, std::move(options)) {}

  testing::FakeReply answer(const HttpRequest& request, const testing::Model& model) override {
    {
      const std::lock_guard lock(mutex_);
      model_ = model;
    }
    ReplyKeeper keeper;
    client_.send(request, keeper, CallContext());
    return std::move(keeper.reply);
  }

  testing::FakeReply refusal(int status) const override {
    testing::FakeReply reply = testing::FakeReply::json(refusal_body(status), status);
    reply.headers = {{"Content-Type", "application/json"}};
    if (status == 429) reply.headers.emplace_back("Retry-After", "7");
    return reply;
  }

  std::vector<std::string> violations() const override { return vendor.violations(); }

 protected:
  virtual std::string refusal_body(int status) const = 0;

 private:
  fakes::ModelStep step(const fakes::ModelView& view) {
    const std::lock_guard lock(mutex_);
    const testing::ModelStep said = model_({view.user_texts, view.results, view.last_is_result});
    return {said.text, said.calls};
  }

  std::mutex mutex_;
  testing::Model model_;
  net::HttpClient client_{net::HttpClientOptions()};

 protected:
  Vendor vendor;
};

}  // namespace cartpilot::e2e

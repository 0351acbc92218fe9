// PageAnnouncement: tells `cartpilot pair` where the page of this process is, while it lives.
//
// One thread.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "cartpilot/error.h"
#include "page/pairings.h"

namespace cartpilot::host {

class PageAnnouncement {
 public:
  PageAnnouncement(std::unique_ptr<store::StateDb> state, std::string url)
      : state_(std::move(state)), pairings_(*state_), url_(std::move(url)) {
    pairings_.announce(url_);
  }
  ~PageAnnouncement() {
    try {
      pairings_.withdraw(url_);
    } catch (const Error&) {  // NOLINT: whoever reads the row sees that this program is gone
    }
  }
  PageAnnouncement(const PageAnnouncement&) = delete;
  PageAnnouncement& operator=(const PageAnnouncement&) = delete;

 private:
  const std::unique_ptr<store::StateDb> state_;
  Pairings pairings_;
  const std::string url_;
};

}  // namespace cartpilot::host

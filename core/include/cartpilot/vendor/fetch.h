// Fetching whole bodies: lists of models and the like.
//
// Blocking functions over the host's transport, called from models(); any thread that may use the
// transport.
#pragma once

#include <set>
#include <string>
#include <utility>

#include "cartpilot/detail/visibility.h"
#include "cartpilot/error.h"
#include "cartpilot/http.h"

namespace cartpilot CARTPILOT_HIDDEN {
inline namespace abi1 {
namespace vendor {

struct WholeAnswer {
  HttpHead head;
  std::string body;

  bool ok() const { return head.status >= 200 && head.status < 300; }
};

/// Gets `url` within a minute. Any status is an answer; throws what HttpTransport::send() throws.
inline WholeAnswer fetch(HttpTransport& transport, const std::string& url, HttpHeaders headers,
                         const CallContext& context) {
  struct Collector final : HttpSink {
    void on_head(const HttpHead& head) override { answer.head = head; }
    bool on_event(const HttpEvent& event) override {
      answer.body.append(event.data);
      return true;
    }
    WholeAnswer answer;
  };
  HttpRequest request;
  request.method = "GET";
  request.url = url;
  request.headers = std::move(headers);
  request.headers.emplace_back("Accept", "application/json");
  request.idle_timeout_ms = 30'000;
  request.total_timeout_ms = 60'000;
  Collector collector;
  transport.send(request, collector, context);
  return std::move(collector.answer);
}

/// Gets one page after the other. `read_page(answer)` takes what a page holds and returns the URL
/// of the next one, "" after the last; it throws for refusals. A URL that repeats ends it.
template <class ReadPage>
void fetch_pages(HttpTransport& transport, std::string url, const HttpHeaders& headers,
                 const CallContext& context, ReadPage&& read_page) {
  std::set<std::string> seen;
  while (!url.empty() && seen.insert(url).second) {
    url = read_page(fetch(transport, url, headers, context));
  }
}

/// `text` as a value in a query: everything but letters, digits and "-_.~" percent-encoded.
inline std::string query_escaped(const std::string& text) {
  constexpr const char* kHex = "0123456789ABCDEF";
  std::string escaped;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.' || c == '~';
    if (plain) {
      escaped += c;
    } else {
      escaped += {'%', kHex[byte >> 4U], kHex[byte & 15U]};
    }
  }
  return escaped;
}

}  // namespace vendor
}  // namespace abi1
}  // namespace CARTPILOT_HIDDEN

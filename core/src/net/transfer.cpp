#include "net/transfer.h"
#include "base/clock.h"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <exception>
#include <memory>
#include <new>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "net/answer_delivery.h"
#include "net/failure.h"
#include "net/http_client.h"
#include "net/request_headers.h"
#include "net/transfer_failure.h"
#include "text/ascii.h"

namespace cartpilot::net {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kMaxHeadBytes = 64 * 1024;
constexpr int kMaxHeads = 9;  ///< interim ones (1xx) included
/// A sink that has what it wanted leaves the last bytes of the answer behind (the end of a chunked
/// stream, after the vendor's last event). They are on their way: fetching them saves the next call
/// a handshake. An answer that goes on is closed instead.
constexpr std::chrono::milliseconds kLastBytes{100};
constexpr std::size_t kMaxLastBytes = 4096;
constexpr std::int64_t kNoTimeout = 1'000'000'000;  ///< ms; libcurl reads 0 as 300 s

int close_on_exec(void*, curl_socket_t socket, curlsocktype) {
  ::fcntl(socket, F_SETFD, FD_CLOEXEC);
  return CURL_SOCKOPT_OK;
}

/// libcurl takes the owner's name for that of a server when the certificate names none.
bool names_servers(CURL* easy) {
  curl_certinfo* chain = nullptr;
  curl_easy_getinfo(easy, CURLINFO_CERTINFO, &chain);
  if (chain == nullptr || chain->num_of_certs == 0) return false;
  for (const curl_slist* field = chain->certinfo[0]; field != nullptr; field = field->next) {
    const std::string_view text = field->data;
    if (text.rfind("X509v3 Subject Alternative Name:", 0) != 0) continue;
    return text.find("DNS:") != text.npos || text.find("IP Address:") != text.npos;
  }
  return false;
}

/// Whether the answer itself says where it ends. libcurl decodes transfer codings nobody asked
/// for, and takes some lengths for none at all.
bool tells_its_end(const HttpHead& head) {
  std::string length;
  bool chunked = false;
  for (const auto& [name, value] : head.headers) {
    const std::string lower = text::lower_case(name);
    if (lower == "transfer-encoding") {
      chunked = text::lower_case(value) == "chunked";
      if (!chunked) {
        fail_protocol("http", "the answer has a Transfer-Encoding that was not asked for");
      }
    } else if (lower == "content-length") {
      const bool number = value.find_first_not_of("0123456789") == value.npos;
      if (value.empty() || value.size() > 18 || !number || (!length.empty() && length != value)) {
        fail_protocol("http", "the answer has a Content-Length that cannot be right");
      }
      length = value;
    }
  }
  return chunked || !length.empty() || head.status == 204 || head.status == 304;
}

/// One easy handle and what its callbacks keep. Used once.
class Transfer {
 public:
  Transfer(CURLM* multi, const Route& route, const HttpRequest& request, HttpSink& sink,
           WireTap* tap, CallTimeouts& timeouts)
      : multi_(multi),
        route_(route),
        request_(request),
        unsent_(request.body),
        tap_(tap),
        timeouts_(timeouts),
        delivery_(request, sink),
        easy_(curl_easy_init(), &curl_easy_cleanup) {
    if (!easy_) throw std::bad_alloc();
  }

  void set_up(curl_slist* headers) {
    // A little longer than ours, which speaks first; libcurl shares it out among addresses.
    const std::int64_t connect = request_.connect_timeout_ms;
    set(CURLOPT_CONNECTTIMEOUT_MS,
        static_cast<long>(connect > 0 ? std::min(connect + 100, kNoTimeout) : kNoTimeout));
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_UPLOAD_BUFFERSIZE, 16384L);  // an early answer is looked for between two pieces
    set(CURLOPT_QUICK_EXIT, 1L);             // leaves a name lookup that hangs behind
    set(CURLOPT_SOCKOPTFUNCTION, &close_on_exec);
    set(CURLOPT_TCP_KEEPALIVE, 1L);  // home routers forget connections that are silent for minutes
    set(CURLOPT_ERRORBUFFER, error_text_.data());
    set_route();
    set_request(headers);
    set(CURLOPT_PREREQFUNCTION, &on_connected);
    set(CURLOPT_PREREQDATA, this);
    set(CURLOPT_HEADERFUNCTION, &on_header);
    set(CURLOPT_HEADERDATA, this);
    set(CURLOPT_WRITEFUNCTION, &on_body);
    set(CURLOPT_WRITEDATA, this);
  }

  curl_socket_t run() {
    if (curl_multi_add_handle(multi_, easy_.get()) != CURLM_OK) throw std::bad_alloc();
    const auto leave = [this](CURL* easy) { curl_multi_remove_handle(multi_, easy); };
    const std::unique_ptr<CURL, decltype(leave)> attached(easy_.get(), leave);
    CURLcode code = CURLE_ABORTED_BY_CALLBACK;
    try {
      code = wait_for_end();
    } catch (const Error&) {
      if (!sink_done_at_) throw;
    }
    if (!sink_done_at_) {
      if (failure_) std::rethrow_exception(failure_);
      if (code == CURLE_OPERATION_TIMEDOUT) timeouts_.check();
      if (code != CURLE_OK || stage_ != Stage::kBody) fail_with(code);
      if (needs_close_notify_) fail_with(CURLE_PARTIAL_FILE);
      delivery_.end();
    }
    curl_socket_t socket = CURL_SOCKET_BAD;
    if (code == CURLE_OK && nothing_is_left()) {
      curl_easy_getinfo(easy_.get(), CURLINFO_ACTIVESOCKET, &socket);
    }
    return socket;
  }

 private:
  template <typename Value>
  void set(CURLoption option, Value value) {
    const CURLcode code = curl_easy_setopt(easy_.get(), option, value);
    if (code == CURLE_OK) return;
    fail(ErrorCode::kInternal, "http",
         fmt::format("libcurl: option {}: {}", static_cast<int>(option), curl_easy_strerror(code)));
  }

  void set_route() {
    set(CURLOPT_URL, route_.target.url().c_str());
    set(CURLOPT_PROTOCOLS_STR, route_.target.tls ? "https" : "http");
    set(CURLOPT_PATH_AS_IS, 1L);
    set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    // Both are always set, so libcurl never looks at the environment.
    set(CURLOPT_PROXY, route_.proxy ? route_.proxy->url.c_str() : "");
    set(CURLOPT_NOPROXY, "");
    set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    const std::string& file = route_.certificate_file;
    set(CURLOPT_CAPATH, route_.certificate_folder.c_str());
    set(CURLOPT_CAINFO, file.empty() ? nullptr : file.c_str());
    set(CURLOPT_SSL_OPTIONS, static_cast<long>(CURLSSLOPT_NO_PARTIALCHAIN));
    // Suites that exist since TLS 1.2. CURLOPT_SSLVERSION would put its minimum in place of a
    // higher one in the system's openssl.cnf.
    set(CURLOPT_SSL_CIPHER_LIST, "TLSv1.2+HIGH:!aNULL");
    set(CURLOPT_SSL_SESSIONID_CACHE, 0L);  // every connection proves its host
    set(CURLOPT_CERTINFO, 1L);             // for names_servers()
  }

  void set_request(curl_slist* headers) {
    const std::string& method = request_.method;
    const bool bodiless =
        method == "GET" || method == "HEAD" || method == "DELETE" || method == "OPTIONS";
    if (!unsent_.empty() || !bodiless) {
      // By a function that cannot go back: libcurl is not able to send these bytes a second time.
      set(CURLOPT_POST, 1L);
      set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(unsent_.size()));
      set(CURLOPT_READFUNCTION, &on_send);
      set(CURLOPT_READDATA, this);
    } else if (method == "HEAD") {
      set(CURLOPT_NOBODY, 1L);
    }
    set(CURLOPT_CUSTOMREQUEST, method.c_str());
    set(CURLOPT_HTTPHEADER, headers);
    set(CURLOPT_FRESH_CONNECT, request_.fresh_connection ? 1L : 0L);
    set(CURLOPT_FORBID_REUSE, request_.fresh_connection ? 1L : 0L);
  }

  /// Runs `step` for a callback of libcurl, through which no exception may pass.
  template <typename Result, typename Step>
  static Result guarded(void* self, Result failed, const Step& step) {
    auto& transfer = *static_cast<Transfer*>(self);
    try {
      return step(transfer);
    } catch (...) {
      transfer.failure_ = std::current_exception();
      return failed;
    }
  }

  static std::size_t on_send(char* target, std::size_t, std::size_t size, void* self) {
    std::string_view& unsent = static_cast<Transfer*>(self)->unsent_;
    const std::size_t sent = unsent.copy(target, size);
    unsent.remove_prefix(sent);
    return sent;
  }

  static int on_connected(void* self, char*, char*, int, int) {
    return guarded(self, CURL_PREREQFUNC_ABORT, [](Transfer& transfer) {
      transfer.before_request();
      return CURL_PREREQFUNC_OK;
    });
  }

  static std::size_t on_header(char* line, std::size_t, std::size_t size, void* self) {
    return guarded(self, std::size_t{0}, [&](Transfer& transfer) {
      transfer.take_header_line({line, size});
      return size;
    });
  }

  static std::size_t on_body(char* bytes, std::size_t, std::size_t size, void* self) {
    return guarded(self, std::size_t{0}, [&](Transfer& transfer) {
      return transfer.take_body({bytes, size}) ? size : 0;
    });
  }

  /// The connection stands and its host is proved; the first byte of the request is next.
  void before_request() {
    timeouts_.check();
    long connects = 0;
    curl_easy_getinfo(easy_.get(), CURLINFO_NUM_CONNECTS, &connects);
    if (route_.target.tls && connects > 0 && !names_servers(easy_.get())) {
      refuse_certificate(route_.target.host, "it belongs to another name");
    }
    // libcurl repeats a request whose kept connection turns out to be closed.
    const bool may_repeat = request_.method == "GET" || request_.method == "HEAD";
    if (++requests_ > (may_repeat ? 2 : 1)) fail_with(CURLE_SEND_ERROR);
    stage_ = Stage::kSending;
    timeouts_.connected();
  }

  void take_header_line(std::string_view line) {
    timeouts_.check();
    timeouts_.alive();
    const std::string peer = route_.target.address();
    head_bytes_ += line.size();
    if (head_bytes_ > kMaxHeadBytes) fail_endless_head(peer);
    if (stage_ == Stage::kBody) return;  // trailers, which nobody asked for
    if (line.rfind("HTTP/", 0) == 0) {
      if (line.rfind("HTTP/1.", 0) != 0 || ++heads_ > kMaxHeads) fail_not_http(peer);
      stage_ = Stage::kAnswering;
    }
    if (line != "\r\n" && line != "\n") return;
    long status = 0;
    curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
    if (status == 101) fail_not_http(peer);  // nobody asked for another protocol
    if (status >= 200) take_head({static_cast<int>(status), {}});
  }

  void take_head(HttpHead head) {
    stage_ = Stage::kBody;
    curl_header* next = nullptr;
    while ((next = curl_easy_nextheader(easy_.get(), CURLH_HEADER, -1, next)) != nullptr) {
      if (!is_token(next->name)) fail_not_http(route_.target.address());
      head.headers.emplace_back(next->name, text::trimmed(next->value));
    }
    // libcurl takes a connection that was cut for one that was closed.
    needs_close_notify_ = !tells_its_end(head) && route_.target.tls && request_.method != "HEAD";
    if (tap_ != nullptr) tap_->on_wire_head(head);
    delivery_.head(head);
    timeouts_.alive();
  }

  bool take_body(std::string_view bytes) {
    if (sink_done_at_) {
      skipped_ += bytes.size();
      return skipped_ <= kMaxLastBytes;
    }
    timeouts_.check();
    if (tap_ != nullptr) tap_->on_wire_bytes(bytes);
    if (!delivery_.piece(bytes)) sink_done_at_ = base::steady_now();
    timeouts_.alive();
    return true;
  }

  /// Bytes behind the answer may be decrypted already; they would begin the next one.
  bool nothing_is_left() {
    char byte = 0;
    std::size_t size = 0;
    set(CURLOPT_CONNECT_ONLY, 1L);  // curl_easy_recv() asks for it
    const CURLcode code = curl_easy_recv(easy_.get(), &byte, 1, &size);
    set(CURLOPT_CONNECT_ONLY, 0L);
    return code == CURLE_AGAIN;
  }

  CURLcode wait_for_end() {
    for (;;) {
      int count = 0;
      CURLMcode problem = curl_multi_perform(multi_, &count);
      const CURLMsg* const message = curl_multi_info_read(multi_, &count);
      if (message != nullptr) return message->data.result;
      curl_off_t uploaded = 0;
      curl_easy_getinfo(easy_.get(), CURLINFO_SIZE_UPLOAD_T, &uploaded);
      if (std::exchange(uploaded_, uploaded) != uploaded) timeouts_.alive();
      if (sink_done_at_ && base::steady_now() - *sink_done_at_ >= kLastBytes) {
        return CURLE_ABORTED_BY_CALLBACK;
      }
      const int wait = timeouts_.wait_ms();
      if (problem == CURLM_OK) problem = curl_multi_poll(multi_, nullptr, 0, wait, &count);
      if (problem != CURLM_OK) {
        fail(ErrorCode::kInternal, "http", curl_multi_strerror(problem));
      }
    }
  }

  [[noreturn]] void fail_with(CURLcode code) {
    fail_transfer(easy_.get(), code, error_text_.data(), stage_, route_);
  }

  CURLM* const multi_;
  const Route& route_;
  const HttpRequest& request_;
  std::string_view unsent_;
  WireTap* const tap_;
  CallTimeouts& timeouts_;
  AnswerDelivery delivery_;
  std::array<char, CURL_ERROR_SIZE> error_text_{};
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> easy_;

  std::exception_ptr failure_;  ///< thrown inside a callback
  Stage stage_ = Stage::kConnecting;
  int requests_ = 0;  ///< begun
  int heads_ = 0;     ///< begun
  std::size_t head_bytes_ = 0;
  bool needs_close_notify_ = false;  ///< only close_notify would tell that the answer is whole
  curl_off_t uploaded_ = 0;
  std::optional<Clock::time_point> sink_done_at_;
  std::size_t skipped_ = 0;  ///< bytes behind the last one that the sink wanted
};

}  // namespace

curl_socket_t transfer(CURLM* multi, const Route& route, const HttpRequest& request,
                       curl_slist* headers, HttpSink& sink, WireTap* tap, CallTimeouts& timeouts) {
  Transfer transfer(multi, route, request, sink, tap, timeouts);
  transfer.set_up(headers);
  return transfer.run();
}

}  // namespace cartpilot::net

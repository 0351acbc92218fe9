// Pretend vendors for the measurements: a loopback server that costs next to nothing, and the
// bytes of vendors' answers.
//
// Blocking sockets, one thread per connection, no parsing beyond the end of a request. The handler
// runs on the connection's thread and returns when the connection should close.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace cartpilot::bench {

class Peer {
 public:
  explicit Peer(int descriptor) : descriptor_(descriptor) {}
  /// One whole request, head and body; "" when the client has gone. `on_first` is called when its
  /// first bytes are here.
  std::string read_request(const std::function<void()>& on_first = {});
  bool write(std::string_view bytes);
  /// Blocks until the client closes.
  void wait_for_close();

 private:
  int descriptor_;
  std::string buffer_;
};

class Server {
 public:
  using Handler = std::function<void(Peer&)>;
  explicit Server(Handler handler);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  int port() const { return port_; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

 private:
  Handler handler_;
  int listener_ = -1;
  int port_ = 0;
  std::mutex mutex_;
  std::vector<int> open_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

/// "HTTP/1.1 200 OK ..." of an event stream in chunks, and one chunk.
std::string stream_head();
std::string chunk(std::string_view bytes);
std::string json_answer(std::string_view body);
/// CartPilot's answer to get_offer, as recorded in `fixtures`.
std::string offer_answer(const std::filesystem::path& fixtures);

/// One event of a stream, as the vendors write them.
std::string gemini_text(std::string_view text);
std::string gemini_call(std::string_view name, std::string_view arguments_json);
std::string gemini_end();
std::string openai_text(std::string_view text);
std::string openai_call_begin(std::string_view name);
std::string openai_call_delta(std::string_view escaped_arguments);
std::string openai_end(std::string_view reason);
std::string anthropic_begin();
std::string anthropic_text(std::string_view text);
std::string anthropic_end();

/// The variables that send cartpilot's gemini provider to `vendor_url` and its client to
/// `shop_url`.
std::vector<std::string> gemini_variables(const std::string& vendor_url,
                                          const std::string& shop_url);

}  // namespace cartpilot::bench

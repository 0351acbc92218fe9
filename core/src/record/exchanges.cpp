#include "record/exchanges.h"

#include <optional>
#include <utility>
#include <vector>

#include "net/answer_delivery.h"
#include "record/player.h"
#include "record/recorder.h"

namespace cartpilot::record {

namespace {

/// The lane in which an exchange of this thread is recorded.
std::string lane_of_exchange() {
  const std::string& lane = base::current_lane();
  return lane.empty() ? kPluginThreads : lane;
}

/// What comes from the wire, and what the program makes of it in its own lane.
class Witness final : public net::WireTap, public HttpSink {
 public:
  Witness(HttpSink& sink, const Recorder& recorder)
      : sink_(sink), recorder_(recorder), begun_ms_(recorder.elapsed_ms()) {}

  void on_wire_head(const HttpHead& wire_head) override { head = wire_head; }
  void on_wire_bytes(std::string_view bytes) override {
    pieces.emplace_back(bytes);
    ms.push_back(recorder_.elapsed_ms() - begun_ms_);
  }

  void on_head(const HttpHead& delivered) override {
    const base::Lane lane(lane_);
    sink_.on_head(delivered);
  }
  bool on_event(const HttpEvent& event) override {
    const base::Lane lane(lane_);
    return sink_.on_event(event);
  }

  std::optional<HttpHead> head;
  std::vector<std::string> pieces;
  std::vector<std::int64_t> ms;

 private:
  HttpSink& sink_;
  const Recorder& recorder_;
  const std::int64_t begun_ms_;
  const std::string lane_ = base::current_lane();
};

class RecordingClient final : public HttpTransport {
 public:
  RecordingClient(Recorder& recorder, net::HttpClientOptions options)
      : recorder_(recorder), client_(std::move(options)) {}

  void send(const HttpRequest& request, HttpSink& sink, const CallContext& context) override {
    Witness witness(sink, recorder_);
    int number = 0;
    {
      const base::Lane lane(lane_of_exchange());
      number = recorder_.request(request);
    }
    try {
      const base::Unrecorded client_waits;
      client_.send(request, witness, context, &witness);
    } catch (const Error& error) {
      finish(number, witness, context, &error);
      throw;
    }
    finish(number, witness, context, nullptr);
  }

 private:
  void finish(int number, const Witness& witness, const CallContext& context, const Error* error) {
    if (tape() != nullptr) recorder_.catch_up(context);
    const base::Lane lane(lane_of_exchange());
    recorder_.answer(number, witness.head ? &*witness.head : nullptr, witness.pieces, witness.ms,
                     error);
  }

  Recorder& recorder_;
  net::HttpClient client_;
};

class PlayingClient final : public HttpTransport {
 public:
  explicit PlayingClient(Player& player) : player_(player) {}

  void send(const HttpRequest& request, HttpSink& sink, const CallContext& context) override {
    int number = 0;
    Json answer;
    {
      const base::Lane lane(lane_of_exchange());
      number = player_.request(request);
      answer = player_.answer_to(number);
    }
    // The sink may throw what ended the exchange; it is then the program's own error.
    try {
      deliver(answer, request, sink);
    } catch (const Error&) {
      finish(number, context);
      throw;
    }
    finish(number, context);
    if (const auto error = answer.find("error"); error != answer.end()) {
      throw error_from_json(*error);
    }
  }

 private:
  void finish(int number, const CallContext& context) {
    if (tape() != nullptr) player_.catch_up(context);
    const base::Lane lane(lane_of_exchange());
    player_.answered(number);
  }

  static void deliver(const Json& answer, const HttpRequest& request, HttpSink& sink) {
    if (!answer.contains("status")) return;
    net::AnswerDelivery delivery(request, sink);
    delivery.head(
        {static_cast<int>(integer_or(answer, "status")), headers_from_json(answer.at("headers"))});
    const std::string body = bytes_from_json(answer.at("body"));
    std::size_t at = 0;
    for (const Json& cut : answer.at("cuts")) {
      const auto size = cut.at(0).get<std::size_t>();
      if (!delivery.piece(std::string_view(body).substr(at, size))) return;
      at += size;
    }
    if (!answer.contains("error")) delivery.end();
  }

  Player& player_;
};

}  // namespace

std::unique_ptr<HttpTransport> make_transport(net::HttpClientOptions options) {
  if (auto* const player = dynamic_cast<Player*>(process_tape())) {
    return std::make_unique<PlayingClient>(*player);
  }
  if (auto* const recorder = dynamic_cast<Recorder*>(process_tape())) {
    return std::make_unique<RecordingClient>(*recorder, std::move(options));
  }
  return std::make_unique<net::HttpClient>(std::move(options));
}

}  // namespace cartpilot::record

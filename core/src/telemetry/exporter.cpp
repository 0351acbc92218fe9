#include "telemetry/exporter.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <exception>

#include "base/clock.h"
#include "cartpilot/error.h"
#include "telemetry/otlp.h"

namespace cartpilot::telemetry {

namespace {

constexpr std::size_t kMaxQueue = 2'048;
constexpr std::size_t kBatch = 512;
constexpr auto kEvery = std::chrono::seconds(5);
constexpr auto kAtTheEnd = std::chrono::seconds(2);
constexpr int kAttempts = 3;
constexpr std::int64_t kFirstPauseMs = 500;
constexpr std::int64_t kLongestPauseMs = 5'000;

struct Answer final : HttpSink {
  void on_head(const HttpHead& given) override { head = given; }
  bool on_event(const HttpEvent&) override { return true; }
  HttpHead head;
};

bool may_be_asked_again(int status) {
  return status == 429 || status == 502 || status == 503 || status == 504;
}

}  // namespace

/// Cuts requests off two seconds after the program began to end.
class Exporter::Ending final : public CallContext {
 public:
  void begin() {
    at_ = base::steady_now().time_since_epoch() + kAtTheEnd;
    begun_ = true;
  }
  bool cancelled() const noexcept override {
    return begun_ && base::steady_now().time_since_epoch() >= at_.load();
  }

 private:
  std::atomic<bool> begun_{false};
  std::atomic<std::chrono::steady_clock::duration> at_{};
};

Exporter::Exporter(TelemetrySettings settings, HttpTransport& transport, Notice notice)
    : settings_(std::move(settings)),
      transport_(transport),
      notice_(std::move(notice)),
      ending_(std::make_unique<Ending>()),
      begin_ns_(span_clock_ns()),
      thread_([this] { work(); }) {}

Exporter::~Exporter() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
    ending_->begin();
  }
  changed_.notify_all();
  thread_.join();
  if ((lost_ == 0 && problem_.empty()) || !notice_) return;
  const std::string what = lost_ > 0 ? fmt::format("{} spans", lost_.load()) : "metrics";
  notice_(fmt::format("telemetry: {} were lost ({})", what,
                      problem_.empty() ? "too many at once" : problem_));
}

void Exporter::on_span(EndedSpan span) noexcept {
  try {
    const std::lock_guard lock(mutex_);
    metrics_.add(span);
    metrics_changed_ = true;
    if (settings_.traces_url.empty()) return;
    if (queue_.size() >= kMaxQueue) {
      ++lost_;
      return;
    }
    queue_.push_back(std::move(span));
    if (queue_.size() == kBatch) changed_.notify_all();
  } catch (const std::exception&) {
    ++lost_;
  }
}

void Exporter::on_count(const std::string& name, const std::string& attribute,
                        const std::string& value) noexcept {
  try {
    const std::lock_guard lock(mutex_);
    metrics_.count(name, attribute, value);
    metrics_changed_ = true;
  } catch (const std::exception&) {  // NOLINT: a count is lost
  }
}

bool Exporter::sampled(const std::string& trace_id) const noexcept {
  if (settings_.sampled_share >= 1) return true;
  // As the specification has it: the last seven bytes as a number.
  std::uint64_t number = 0;
  std::from_chars(trace_id.data() + 18, trace_id.data() + trace_id.size(), number, 16);
  constexpr double kRange = 72'057'594'037'927'936.0;  // 2^56
  return static_cast<double>(number) < settings_.sampled_share * kRange;
}

void Exporter::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait_for(lock, kEvery, [this] { return closing_ || queue_.size() >= kBatch; });
    const bool last = closing_;
    while (!queue_.empty()) {
      const auto end =
          queue_.begin() + static_cast<std::ptrdiff_t>(std::min(kBatch, queue_.size()));
      std::vector<EndedSpan> batch(std::make_move_iterator(queue_.begin()),
                                   std::make_move_iterator(end));
      queue_.erase(queue_.begin(), end);
      lock.unlock();
      send_spans(std::move(batch));
      lock.lock();
    }
    if (std::exchange(metrics_changed_, false) && !settings_.metrics_url.empty()) {
      const Json metrics = metrics_.to_otlp(begin_ns_, span_clock_ns());
      lock.unlock();
      post(settings_.metrics_url, settings_.metrics_headers,
           dump_json(otlp_metrics(settings_.resource, metrics)));
      lock.lock();
    }
    if (last) return;
  }
}

void Exporter::send_spans(std::vector<EndedSpan> batch) {
  if (!post(settings_.traces_url, settings_.traces_headers,
            dump_json(otlp_traces(settings_.resource, batch)))) {
    lost_ += batch.size();
  }
}

/// True when the collector took it.
bool Exporter::post(const std::string& url, const HttpHeaders& headers, const std::string& body) {
  HttpRequest request;
  request.url = url;
  request.headers = headers;
  request.headers.emplace_back("Content-Type", "application/json");
  request.body = body;
  request.connect_timeout_ms = 2'000;
  request.idle_timeout_ms = 5'000;
  request.total_timeout_ms = 10'000;
  request.max_body_bytes = 1 << 20;
  std::int64_t pause_ms = kFirstPauseMs;
  for (int attempt = 1; !ending_->cancelled(); ++attempt) {
    std::int64_t asked_ms = 0;
    try {
      Answer answer;
      transport_.send(request, answer, *ending_);
      if (answer.head.status == 200) {  // a partial success is none to be repeated
        problem_.clear();
        return true;
      }
      problem_ = fmt::format("the collector answered HTTP {}", answer.head.status);
      if (!may_be_asked_again(answer.head.status)) return false;
      const std::string after = header_value(answer.head.headers, "Retry-After");
      std::from_chars(after.data(), after.data() + after.size(), asked_ms);
      asked_ms = std::clamp<std::int64_t>(asked_ms, 0, 60) * 1'000;
    } catch (const std::exception& error) {
      problem_ = error.what();
      const auto* const known = dynamic_cast<const Error*>(&error);
      if (known == nullptr || !known->retryable) return false;
    }
    if (attempt == kAttempts || !pause(std::max(pause_ms, asked_ms))) return false;
    pause_ms = std::min(2 * pause_ms, kLongestPauseMs);
  }
  return false;
}

/// False when the program ends meanwhile: then there is no time for another try.
bool Exporter::pause(std::int64_t ms) {
  std::unique_lock lock(mutex_);
  return !changed_.wait_for(lock, std::chrono::milliseconds(ms), [this] { return closing_; });
}

}  // namespace cartpilot::telemetry

#include "record/recorder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

#include "base/clock.h"
#include "base/private_files.h"
#include "record/secret_ranges.h"
#include "text/redaction.h"

namespace cartpilot::record {

namespace {

/// The recorder's own time, which is no reading of the program's.
std::int64_t steady_ms() {
  const base::Unrecorded own;
  const auto now = base::steady_now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

}  // namespace

Recorder::Recorder(std::filesystem::path file, Json begin)
    : path_(std::move(file)), started_ms_(steady_ms()) {
  descriptor_ = base::open_private_file(path_, O_WRONLY | O_CREAT | O_EXCL);
  if (descriptor_ < 0) {
    throw Error(
        ErrorCode::kInvalidArgument,
        fmt::format("the recording {} {}", path_.string(),
                    errno == EEXIST ? "exists already; pass another file"
                                    : std::string("cannot be made: ") + std::strerror(errno)));
  }
  const std::lock_guard lock(mutex_);
  add("begin", std::move(begin), false);
}

Recorder::~Recorder() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

std::int64_t Recorder::elapsed_ms() const { return steady_ms() - started_ms_; }

std::optional<std::string> Recorder::finish(int exit_code) {
  const std::lock_guard lock(mutex_);
  for (auto& [lane, state] : lanes_) close_clock(lane);
  add("end", {{"exit", exit_code}}, false);
  write_kept();
  if (failure_.empty() && ::fsync(descriptor_) != 0 && errno != EINVAL) {
    failure_ = std::strerror(errno);
  }
  if (failure_.empty()) return std::nullopt;
  return fmt::format("the recording {} is not whole: {}", path_.string(), failure_);
}

std::int64_t Recorder::clock(base::ClockKind kind, std::int64_t real) {
  const std::lock_guard lock(mutex_);
  lanes_[base::current_lane()].clock.push_back(Json::array({static_cast<int>(kind), real}));
  return real;
}

void Recorder::random(void* bytes, std::size_t size) {
  std::string hex;
  for (std::size_t i = 0; i < size; ++i) {
    hex += fmt::format("{:02x}", static_cast<const unsigned char*>(bytes)[i]);
  }
  const std::lock_guard lock(mutex_);
  add("random", {{"hex", hex}});
}

Json Recorder::came(const std::string& kind, const Json& seen) {
  const std::lock_guard lock(mutex_);
  add(kind, seen);
  // What follows depends on the person: until then all that was shown and came in is here.
  if (kind == "line") write_kept();
  return seen;
}

void Recorder::shown(Stream stream, std::string_view text) {
  const std::lock_guard lock(mutex_);
  Kept& kept = add("shown", {{"where", stream_name(stream)}}, false);
  kept.pieces.emplace_back(text);
  kept.stream = stream;
}

int Recorder::look(int real) {
  const std::lock_guard lock(mutex_);
  LaneState& lane = lanes_[base::current_lane()];
  ++lane.looks;
  if (real > signals_seen_) add("signal", {{"count", real}, {"looks", lane.looks}});
  signals_seen_ = real;
  return real;
}

Json Recorder::reread(const std::string& kind, const Json& changed) {
  const std::lock_guard lock(mutex_);
  const int reads = ++lanes_[base::current_lane()].reads;
  if (!changed.is_null()) add(kind, {{"reads", reads}, {"now", changed}});
  return nullptr;
}

std::string Recorder::keyed(const std::string& real) {
  came("keyed", {{"name", real}});
  return real;
}

std::size_t Recorder::released(std::size_t size, std::size_t real) {
  const std::lock_guard lock(mutex_);
  LaneState& lane = lanes_[base::current_lane()];
  ++lane.feeds;
  if (real != size) add("held", {{"feeds", lane.feeds}, {"released", real}});
  return real;
}

void Recorder::catch_up(const CallContext& context) { static_cast<void>(context.cancelled()); }

void Recorder::about(const std::string& kind, const Json& data) {
  const std::lock_guard lock(mutex_);
  add(kind, data, false);
}

Json Recorder::plugins(const Json& found) {
  about("plugins", {{"found", found}});
  return nullptr;
}

bool Recorder::fact(const std::string& name, bool real) {
  const std::lock_guard lock(mutex_);
  add("fact", {{"name", name}, {"is", real}}, false);
  return real;
}

int Recorder::request(const HttpRequest& request) {
  const std::lock_guard lock(mutex_);
  const int number = ++requests_;
  Json data{{"request", number}};
  data.update(request_to_json(request, keys_));
  add("request", std::move(data));
  return number;
}

void Recorder::answer(int request, const HttpHead* head, const std::vector<std::string>& pieces,
                      const std::vector<std::int64_t>& ms, const Error* error) {
  Json data{{"request", request}};
  if (head != nullptr) {
    data["status"] = head->status;
    data["headers"] = headers_to_json(head->headers);
  }
  if (error != nullptr) data["error"] = error_to_json(*error);
  const std::lock_guard lock(mutex_);
  Kept& kept = add("answer", std::move(data));
  kept.pieces = pieces;
  kept.ms = ms;
}

Recorder::Kept& Recorder::add(const std::string& kind, Json data, bool in_lane) {
  const std::string& lane = base::current_lane();
  if (in_lane) {
    close_clock(lane);
    lanes_[lane].looks = 0;
    lanes_[lane].reads = 0;
    lanes_[lane].feeds = 0;
  }
  Kept& kept = kept_.emplace_back();
  kept.event = {0, elapsed_ms(), in_lane ? lane : "", kind, std::move(data)};
  return kept;
}

void Recorder::close_clock(const std::string& lane) {
  LaneState& state = lanes_[lane];
  if (state.clock.empty()) return;
  Kept& kept = kept_.emplace_back();
  kept.event = {
      0, elapsed_ms(), lane, "clock", {{"read", std::exchange(state.clock, Json::array())}}};
}

void Recorder::write_kept() {
  for (const Stream stream : {Stream::kOut, Stream::kErr, Stream::kTerminal}) {
    std::vector<std::string> pieces;
    for (const Kept& kept : kept_) {
      if (kept.stream == stream) pieces.push_back(kept.pieces.front());
    }
    pieces = redacted_pieces(pieces);
    std::size_t next = 0;
    for (Kept& kept : kept_) {
      if (kept.stream == stream) kept.event.data["text"] = bytes_to_json(pieces[next++]);
    }
  }
  for (Kept& kept : kept_) {
    Event& event = kept.event;
    if (event.kind == "answer") {
      const std::vector<std::string> pieces = redacted_pieces(kept.pieces);
      std::string body;
      Json cuts = Json::array();
      for (std::size_t i = 0; i < pieces.size(); ++i) {
        body += pieces[i];
        cuts.push_back(Json::array({pieces[i].size(), kept.ms[i]}));
      }
      event.data["body"] = bytes_to_json(body);
      event.data["cuts"] = std::move(cuts);
    } else if (event.kind != "shown" && event.kind != "request" && event.kind != "clock") {
      event.data = text::redacted(event.data);
    }
    event.number = next_number_++;
    write_line(event);
  }
  kept_.clear();
}

void Recorder::write_line(const Event& event) {
  const std::string line = line_of(event, sum_) + "\n";
  for (std::string_view rest = line; !rest.empty() && failure_.empty();) {
    const ssize_t written = ::write(descriptor_, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) failure_ = std::strerror(errno);
    if (written > 0) rest.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace cartpilot::record

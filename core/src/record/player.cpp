#include "record/player.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "record/secret_ranges.h"

namespace cartpilot::record {

namespace {

std::string stream_title(const std::string& where) {
  if (where == "out") return "standard output";
  return where == "err" ? "standard error" : "the terminal";
}

/// What an event says, for a person.
std::string described(const Event& event) {
  if (event.kind == "request") {
    return fmt::format("the request {} {}", string_or(event.data, "method"),
                       string_or(event.data, "url"));
  }
  if (event.kind == "shown") return stream_title(string_or(event.data, "where"));
  return fmt::format("'{}'", event.kind);
}

}  // namespace

Player::Player(std::string file, std::vector<Event> events,
               std::function<void(End, const std::string&)> ends)
    : file_(std::move(file)), events_(std::move(events)), ends_(std::move(ends)) {
  for (std::size_t i = 0; i < events_.size(); ++i) {
    const Event& event = events_[i];
    if (event.kind == "shown") {
      Shown& shown = shown_[string_or(event.data, "where")];
      shown.text += bytes_from_json(event.data.at("text"));
      shown.pieces.emplace_back(shown.text.size(), i);
    } else if (event.kind == "fact") {
      facts_.emplace(string_or(event.data, "name"), event.data.at("is").get<bool>());
    } else if (!event.lane.empty()) {
      lanes_[event.lane].events.push_back(i);
      if (event.kind == "answer") answers_[integer_or(event.data, "request")] = &event;
      if (event.kind != "clock") continue;
      for (const Json& reading : event.data.at("read")) {
        last_reading_.emplace(reading.at(0).get<int>(), reading.at(1).get<std::int64_t>());
      }
    }
  }
}

Player::LaneState& Player::here() { return lanes_[base::current_lane()]; }

std::size_t Player::next_event(const LaneState& lane) const {
  std::size_t next = lane.next;
  while (next < lane.events.size() && events_[lane.events[next]].kind == "clock") ++next;
  return next;
}

const Event* Player::peek(const LaneState& lane) const {
  const std::size_t next = next_event(lane);
  return next < lane.events.size() ? &events_[lane.events[next]] : nullptr;
}

void Player::pass(LaneState& lane) const {
  lane.next = next_event(lane) + 1;
  lane.readings = 0;
  lane.looks = 0;
  lane.reads = 0;
  lane.feeds = 0;
}

const Event& Player::take(const std::string& kind, const std::string& doing) {
  LaneState& lane = here();
  const Event* const event = peek(lane);
  if (event == nullptr) differ(nullptr, fmt::format("after its last event there is {}", doing));
  if (event->kind != kind) {
    differ(event, fmt::format("recorded is {}, now there is {}", described(*event), doing));
  }
  pass(lane);
  return *event;
}

void Player::differ(const Event* event, const std::string& how) {
  const std::string place =
      event == nullptr
          ? std::string("at its end")
          : fmt::format("at event {} (line {}, {})", event->number, event->number + 1, event->kind);
  ends_(End::kDiffers, fmt::format("the replay differs from {} {}: {}", file_, place, how));
  std::abort();  // it does not return
}

std::int64_t Player::clock(base::ClockKind kind, std::int64_t) {
  const std::lock_guard lock(mutex_);
  LaneState& lane = here();
  const int wanted = static_cast<int>(kind);
  // Only readings since the last event can be meant; a wait may have made fewer or more of them.
  for (std::size_t next = lane.next; next < lane.events.size(); ++next) {
    const Event& event = events_[lane.events[next]];
    if (event.kind != "clock") break;
    const Json& readings = event.data.at("read");
    for (std::size_t i = next == lane.next ? lane.readings : 0; i < readings.size(); ++i) {
      if (readings[i].at(0).get<int>() != wanted) continue;
      lane.next = next;
      lane.readings = i + 1;
      return last_reading_[wanted] = readings[i].at(1).get<std::int64_t>();
    }
  }
  return last_reading_[wanted];
}

void Player::random(void* bytes, std::size_t size) {
  const std::lock_guard lock(mutex_);
  const Event& event = take("random", fmt::format("a reading of {} random bytes", size));
  const std::string hex = string_or(event.data, "hex");
  if (hex.size() != 2 * size) {
    differ(&event,
           fmt::format("recorded are {} random bytes, now {} are read", hex.size() / 2, size));
  }
  for (std::size_t i = 0; i < size; ++i) {
    static_cast<unsigned char*>(bytes)[i] =
        static_cast<unsigned char>(std::stoul(hex.substr(2 * i, 2), nullptr, 16));
  }
}

Json Player::came(const std::string& kind, const Json&) {
  const std::lock_guard lock(mutex_);
  return take(kind, fmt::format("'{}'", kind)).data;
}

bool Player::comes_next(const std::string& kind) {
  const std::lock_guard lock(mutex_);
  const Event* const event = peek(here());
  return event != nullptr && event->kind == kind;
}

Json Player::coming(const std::string& kind) {
  const std::lock_guard lock(mutex_);
  const LaneState& lane = here();
  for (std::size_t next = lane.next; next < lane.events.size(); ++next) {
    const Event& event = events_[lane.events[next]];
    if (event.kind == kind) return event.data;
    if (event.kind != "clock" && event.kind != "signal" && event.kind != "question") break;
  }
  return take(kind, fmt::format("'{}'", kind)).data;  // which says that there is none
}

void Player::shown(Stream stream, std::string_view text) {
  const std::lock_guard lock(mutex_);
  const std::string where = stream_name(stream);
  Shown& shown = shown_[where];
  const std::string_view rest = std::string_view(shown.text).substr(shown.at);
  const std::string_view recorded = rest.substr(0, text.size());
  if (recorded != text) {
    const auto parted = std::mismatch(recorded.begin(), recorded.end(), text.begin(), text.end());
    const auto same = static_cast<std::size_t>(parted.first - recorded.begin());
    const auto piece = std::find_if(shown.pieces.begin(), shown.pieces.end(),
                                    [&](const auto& p) { return p.first > shown.at + same; });
    differ(piece == shown.pieces.end() ? nullptr : &events_[piece->second],
           fmt::format("{} differs {}", stream_title(where),
                       text_difference(rest.substr(0, text.size() + 40), text)));
  }
  shown.at += text.size();
}

int Player::look(int real) {
  const std::lock_guard lock(mutex_);
  LaneState& lane = here();
  ++lane.looks;
  const Event* const event = peek(lane);
  if (event == nullptr || event->kind != "signal") return real;
  if (lane.looks < integer_or(event->data, "looks")) return real;
  pass(lane);
  return static_cast<int>(integer_or(event->data, "count"));
}

Json Player::reread(const std::string& kind, const Json&) {
  const std::lock_guard lock(mutex_);
  LaneState& lane = here();
  ++lane.reads;
  const Event* const event = peek(lane);
  if (event == nullptr || event->kind != kind) return nullptr;
  if (lane.reads < integer_or(event->data, "reads")) return nullptr;
  pass(lane);
  return event->data.at("now");
}

std::string Player::keyed(const std::string&) { return string_or(came("keyed", nullptr), "name"); }

std::size_t Player::released(std::size_t size, std::size_t) {
  const std::lock_guard lock(mutex_);
  LaneState& lane = here();
  ++lane.feeds;
  const Event* const event = peek(lane);
  if (event == nullptr || event->kind != "held") return size;
  if (lane.feeds < integer_or(event->data, "feeds")) return size;
  const auto recorded = static_cast<std::size_t>(integer_or(event->data, "released"));
  take("held", "a text that is held back");
  return std::min(size, recorded);
}

void Player::catch_up(const CallContext& context) {
  const auto waits = [this] {
    const std::lock_guard lock(mutex_);
    const Event* const event = peek(here());
    return event != nullptr && event->kind == "signal";
  };
  constexpr int kMaxLooks = 1'000'000;
  bool looked = false;
  for (int i = 0; i < kMaxLooks && waits(); ++i) {
    static_cast<void>(context.cancelled());
    looked = true;
  }
  if (!looked) static_cast<void>(context.cancelled());
}

Json Player::plugins(const Json& found) {
  const auto event = std::find_if(events_.begin(), events_.end(),
                                  [](const Event& e) { return e.kind == "plugins"; });
  Json variables = Json::object();
  if (event == events_.end()) return variables;
  std::vector<std::string> providers;
  for (const Event& e : events_) {
    if (e.kind == "provider") providers.push_back(string_or(e.data, "name"));
  }
  for (const Json& plugin : event->data.at("found")) {
    const bool used =
        !plugin.at("tool_sets").empty() ||
        std::any_of(providers.begin(), providers.end(), [&](const std::string& name) {
          const Json& offered = plugin.at("providers");
          return std::find(offered.begin(), offered.end(), Json(name)) != offered.end() ||
                 name.rfind(string_or(plugin, "id") + ":", 0) == 0;
        });
    for (const auto& [name, value] : plugin.at("environment").items()) variables[name] = value;
    if (!used) continue;
    const std::string id = string_or(plugin, "id");
    const auto same = std::find_if(found.begin(), found.end(),
                                   [&](const Json& other) { return string_or(other, "id") == id; });
    if (same == found.end()) {
      ends_(End::kMissingPlugin,
            fmt::format("{} was recorded with the plugin {} {}, which is not here", file_, id,
                        string_or(plugin, "version")));
    }
    if (string_or(*same, "sha256") != string_or(plugin, "sha256")) {
      ends_(End::kMissingPlugin,
            fmt::format("{} was recorded with another build of the plugin {} ({}, here {})", file_,
                        id, string_or(plugin, "version"), string_or(*same, "version")));
    }
  }
  return variables;
}

bool Player::fact(const std::string& name, bool real) {
  const std::lock_guard lock(mutex_);
  const auto found = facts_.find(name);
  return found == facts_.end() ? real : found->second;
}

int Player::request_of_plugin_thread(const Json& now) {
  const Event* other = nullptr;
  for (const std::size_t index : here().events) {
    const Event& event = events_[index];
    const std::int64_t number = integer_or(event.data, "request");
    if (event.kind != "request" || plugin_requests_.count(number) != 0) continue;
    if (difference(event.data, now).empty()) {
      plugin_requests_.insert(number);
      return static_cast<int>(number);
    }
    if (other == nullptr) other = &event;
  }
  differ(other, fmt::format("no thread of a plugin made the request {} {} like this",
                            string_or(now, "method"), string_or(now, "url")));
}

int Player::request(const HttpRequest& request) {
  const std::lock_guard lock(mutex_);
  if (base::current_lane() == kPluginThreads) {
    return request_of_plugin_thread(request_to_json(request, keys_));
  }
  const Event& event =
      take("request", fmt::format("the request {} {}", request.method, redacted_text(request.url)));
  if (const std::string how = difference(event.data, request_to_json(request, keys_));
      !how.empty()) {
    differ(&event, fmt::format("the request {} {}: its {}", request.method,
                               redacted_text(request.url), how));
  }
  return static_cast<int>(integer_or(event.data, "request"));
}

Json Player::answer_to(int request) {
  const std::lock_guard lock(mutex_);
  const auto found = answers_.find(request);
  if (found == answers_.end()) differ(nullptr, fmt::format("request {} has no answer", request));
  return found->second->data;
}

void Player::answered(int request) {
  const std::lock_guard lock(mutex_);
  if (base::current_lane() == kPluginThreads) return;
  const Event& event = take("answer", fmt::format("the end of request {}", request));
  if (integer_or(event.data, "request") != request) {
    differ(&event, fmt::format("now request {} ended", request));
  }
}

void Player::finish(int exit_code) {
  const std::lock_guard lock(mutex_);
  for (auto& [name, lane] : lanes_) {
    if (name == kPluginThreads) {
      std::erase_if(lane.events, [&](std::size_t index) {
        return plugin_requests_.count(integer_or(events_[index].data, "request")) != 0;
      });
    }
    if (const Event* const event = peek(lane)) {
      differ(event,
             fmt::format("recorded is {}, now the program ended before it", described(*event)));
    }
  }
  for (const auto& [where, shown] : shown_) {
    if (shown.at == shown.text.size()) continue;
    const std::size_t at = shown.at;
    const auto piece = std::find_if(shown.pieces.begin(), shown.pieces.end(),
                                    [at](const auto& p) { return p.first > at; });
    differ(&events_[piece->second],
           fmt::format("{} ends too early {}", stream_title(where),
                       text_difference(std::string_view(shown.text).substr(at), "")));
  }
  const std::int64_t recorded = integer_or(events_.back().data, "exit");
  if (recorded != exit_code) {
    differ(&events_.back(), fmt::format("recorded is exit code {}, now {}", recorded, exit_code));
  }
}

}  // namespace cartpilot::record

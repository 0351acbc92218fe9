#include "record/recording.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <string_view>
#include <utility>

#include "base/digest.h"
#include "base/encoding.h"
#include "cartpilot/error.h"
#include "text/terminal_text.h"

namespace cartpilot::record {

namespace {

constexpr std::size_t kSumDigits = 16;
constexpr std::string_view kSumMember = ",\"sum\":\"";
constexpr std::size_t kSumBytes = kSumMember.size() + kSumDigits + 2;  // and "}
constexpr const char* kBase64 = "base64";

[[noreturn]] void refuse(const std::string& file, const std::string& why) {
  throw Error(ErrorCode::kInvalidArgument, fmt::format("{} {}", file, why));
}

std::string sum_of(const std::string& before, std::string_view content) {
  return base::sha256_hex(before + std::string(content)).substr(0, kSumDigits);
}

/// The line without its sum. Throws Error for one that was changed.
std::string checked_content(const std::string& line, std::string& sum) {
  const std::size_t size = line.size() < kSumBytes ? 0 : line.size() - kSumBytes;
  std::string content = line.substr(0, size) + "}";
  const std::string expected = sum_of(sum, content);
  if (line.substr(size) != fmt::format("{}{}\"}}", kSumMember, expected)) {
    throw Error(ErrorCode::kProtocol, "the sum does not fit");
  }
  sum = expected;
  return content;
}

Event event_of(Json content) {
  Event event;
  for (auto& [name, value] : content.items()) {
    if (name == "n") {
      event.number = whole_number(value).value_or(-1);
    } else if (name == "ms") {
      event.ms = whole_number(value).value_or(0);
    } else if (name == "lane") {
      event.lane = value.get<std::string>();
    } else if (name == "event") {
      event.kind = value.get<std::string>();
    } else {
      append_member(event.data, name, std::move(value));
    }
  }
  return event;
}

/// What the line seems to be, for whoever looks at it.
std::string guessed(const std::string& line) {
  const std::size_t at = line.find("\"event\":\"");
  if (at == std::string::npos) return "";
  const std::string word =
      line.substr(at + 9, std::min<std::size_t>(line.find('"', at + 9), at + 29) - at - 9);
  const bool plain = word.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == std::string::npos;
  return plain && !word.empty() ? fmt::format(" (event \"{}\")", word) : "";
}

}  // namespace

std::string line_of(const Event& event, std::string& sum) {
  Json line{{"n", event.number}, {"ms", event.ms}};
  if (!event.lane.empty()) line["lane"] = event.lane;
  line["event"] = event.kind;
  for (const auto& [name, value] : event.data.items()) append_member(line, name, value);
  std::string text = dump_json(line);
  sum = sum_of(sum, text);
  text.pop_back();
  return fmt::format("{}{}{}\"}}", text, kSumMember, sum);
}

std::vector<Event> read_recording(const std::string& file) {
  std::error_code problem;
  std::ifstream in(file, std::ios::binary);
  if (!std::filesystem::is_regular_file(file, problem) || !in) {
    refuse(file, "cannot be read");
  }
  std::vector<Event> events;
  std::string sum;
  std::string line;
  for (int number = 1; std::getline(in, line); ++number) {
    if (in.eof()) break;  // a last line without its end
    if (number == 1) {
      // Before the sum: another format may have another one.
      Json first;
      try {
        first = parse_json(line);
      } catch (const Error&) {
      }
      const std::int64_t format = integer_or(first, "format");
      if (string_or(first, "event") != "begin" || format < 1)
        refuse(file, "is no recording of cartpilot");
      if (format > kFormat) {
        refuse(file, fmt::format("was recorded by a newer cartpilot (format {}; this one reads {})",
                                 format, kFormat));
      }
    }
    if (!events.empty() && events.back().kind == "end") {
      refuse(file, fmt::format("goes on at line {} after its end", number));
    }
    try {
      events.push_back(event_of(parse_json(checked_content(line, sum))));
      if (events.back().number != number - 1) throw Error(ErrorCode::kProtocol, "out of order");
    } catch (const std::exception&) {
      refuse(file,
             fmt::format("was changed after it was recorded, at line {}{}", number, guessed(line)));
    }
  }
  if (events.empty()) refuse(file, "is no recording of cartpilot");
  if (events.back().kind != "end") {
    refuse(file, fmt::format("is cut off after line {}: it has no end", events.size()));
  }
  return events;
}

Json bytes_to_json(const std::string& bytes) {
  if (text::is_utf8(bytes)) return bytes;
  return {{kBase64, base::base64(bytes)}};
}

std::string bytes_from_json(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  const auto decoded = base::from_base64(string_or(value, kBase64));
  if (!decoded) throw Error(ErrorCode::kProtocol, "bytes that are neither text nor Base64");
  return *decoded;
}

}  // namespace cartpilot::record

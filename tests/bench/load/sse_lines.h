// SseLines: the data of an event stream, line by line.
//
// One thread.
#pragma once

#include <string>
#include <string_view>

namespace cartpilot::load {

class SseLines {
 public:
  /// Calls `on_data` with the rest of each line that begins with "data: ".
  template <typename OnData>
  void add(std::string_view bytes, const OnData& on_data) {
    constexpr std::string_view kData = "data: ";
    std::size_t end = 0;
    while ((end = bytes.find('\n')) != bytes.npos) {
      std::string_view line = bytes.substr(0, end);
      bytes.remove_prefix(end + 1);
      if (!begun_.empty()) {
        begun_.append(line);
        whole_.swap(begun_);
        begun_.clear();
        line = whole_;
      }
      if (line.ends_with('\r')) line.remove_suffix(1);
      if (line.starts_with(kData)) on_data(line.substr(kData.size()));
    }
    begun_.append(bytes);
  }

 private:
  std::string begun_;
  std::string whole_;
};

}  // namespace cartpilot::load

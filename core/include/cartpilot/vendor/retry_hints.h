// Retry hints: how long a server asks to wait, and whether it wants to be asked again.
//
// Servers say it in headers (milliseconds, seconds, a date), in members of the body or in words;
// every translator obeys all of them and waits for the longest. Errors of the kit carry the result
// already (errors.h). Waits are milliseconds, never negative. Pure functions but for
// now_unix_ms(); any thread.
#pragma once

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>

#include "cartpilot/detail/visibility.h"
#include "cartpilot/http.h"
#include "cartpilot/vendor/text.h"

namespace cartpilot CARTPILOT_HIDDEN {
inline namespace abi1 {
namespace vendor {

inline std::int64_t now_unix_ms() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

/// The longer of two waits, either of which may be missing.
inline std::optional<std::int64_t> longer_wait(std::optional<std::int64_t> a,
                                               std::optional<std::int64_t> b) {
  return !a || (b && *b > *a) ? b : a;
}

/// `value` milliseconds, rounded up and at most a year; nullopt when it is negative or no number.
inline std::optional<std::int64_t> wait_of(double value) {
  constexpr double kMaxMs = 366.0 * 24 * 3600 * 1000;
  if (!std::isfinite(value) || value < 0) return std::nullopt;
  return static_cast<std::int64_t>(std::ceil((value < kMaxMs ? value : kMaxMs) - 1e-6));
}

/// Reads a span such as "34.07s", "900ms", "1m30s" or "20 seconds" from the beginning of `text`,
/// which is advanced behind it; nullopt when there is none.
inline std::optional<std::int64_t> read_span(std::string_view& text) {
  struct Unit {
    std::string_view name;
    double ms;
  };
  constexpr Unit kUnits[] = {{"milliseconds", 1}, {"ms", 1},        {"minutes", 60'000},
                             {"minute", 60'000},  {"min", 60'000},  {"m", 60'000},
                             {"seconds", 1000},   {"second", 1000}, {"secs", 1000},
                             {"sec", 1000},       {"s", 1000},      {"hours", 3'600'000},
                             {"hour", 3'600'000}, {"h", 3'600'000}};
  std::optional<double> total;
  while (true) {
    std::string_view rest = trim(text);
    double value = 0;
    const char* end = rest.data() + rest.size();
    const auto [stop, problem] = std::from_chars(rest.data(), end, value, std::chars_format::fixed);
    if (problem != std::errc() || rest.front() == '-') break;
    rest.remove_prefix(static_cast<std::size_t>(stop - rest.data()));
    while (!rest.empty() && rest.front() == ' ') rest.remove_prefix(1);
    const Unit* unit = nullptr;
    for (const Unit& known : kUnits) {
      if (unit == nullptr && starts_with(rest, known.name)) unit = &known;
    }
    if (unit == nullptr) break;
    rest.remove_prefix(unit->name.size());
    // "5 stars" is no span; "1m30s" is.
    if (!rest.empty() && is_word_char(rest.front()) && !is_digit(rest.front())) break;
    total = total.value_or(0) + value * unit->ms;
    text = rest;
  }
  return total ? wait_of(*total) : std::nullopt;
}

/// The wait that `text`, the value of a member or header, asks for: a span, a number of seconds (or
/// of milliseconds), a date; nullopt when it is none of them.
inline std::optional<std::int64_t> wait_in_text(std::string_view text, bool milliseconds = false,
                                                std::int64_t now = now_unix_ms());

/// The wait that a sentence asks for ("Please try again in 1.898s."); nullopt when it names none.
inline std::optional<std::int64_t> wait_in_words(std::string_view sentence) {
  const std::string text = lower(sentence);
  for (const std::string_view cue :
       {"try again in ", "try again after ", "retry in ", "retry after ",
        "retry-after: ", "retry_after: ", "retry_after ", "retrying in ", "available in ",
        "available after ", "resets in ", "reset in ", "reset after ", "wait for ", "wait "}) {
    for (std::size_t at = text.find(cue); at != std::string::npos; at = text.find(cue, at + 1)) {
      std::string_view rest = std::string_view(text).substr(at + cue.size());
      if (const auto wait = read_span(rest)) return wait;
      // "retry after 20" means seconds, as the header of that name does.
      const std::size_t end = std::min(rest.find_first_not_of("0123456789"), rest.size());
      const bool ends = end == rest.size() || (!is_word_char(rest[end]) && rest[end] != ' ');
      if (!ends_with(cue, "after ") || end == 0 || end > 6 || !ends) continue;
      if (const auto wait = wait_in_text(rest.substr(0, end))) return wait;
    }
  }
  return std::nullopt;
}

/// Unix time in ms of "Sun, 06 Nov 1994 08:49:37 GMT"; nullopt for any other form.
inline std::optional<std::int64_t> http_date_ms(std::string_view text) {
  constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  constexpr std::string_view kForm = "Aaa, 00 Aaa 0000 00:00:00 GMT";
  if (text.size() != kForm.size() || text.substr(25) != " GMT") return std::nullopt;
  for (std::size_t i = 0; i < 25; ++i) {
    if (kForm[i] == '0' ? !is_digit(text[i])
                        : kForm[i] != 'A' && kForm[i] != 'a' && kForm[i] != text[i])
      return std::nullopt;
  }
  const std::size_t month = kMonths.find(text.substr(8, 3));
  if (month == std::string_view::npos || month % 3 != 0) return std::nullopt;
  const auto number = [text](std::size_t at, std::size_t digits) {
    int value = 0;
    for (std::size_t i = at; i < at + digits; ++i) value = value * 10 + (text[i] - '0');
    return value;
  };
  std::tm time{};
  time.tm_year = number(12, 4) - 1900;
  time.tm_mon = static_cast<int>(month / 3);
  time.tm_mday = number(5, 2);
  time.tm_hour = number(17, 2);
  time.tm_min = number(20, 2);
  time.tm_sec = number(23, 2);
  return static_cast<std::int64_t>(timegm(&time)) * 1000;
}

inline std::optional<std::int64_t> wait_in_text(std::string_view text, bool milliseconds,
                                                std::int64_t now) {
  text = trim(text);
  double number = 0;
  const auto [stop, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem == std::errc() && stop == text.data() + text.size()) {
    return wait_of(milliseconds ? number : number * 1000);
  }
  if (const auto date = http_date_ms(text)) return *date > now ? *date - now : 0;
  std::string_view rest = text;
  const auto span = read_span(rest);
  return trim(rest).empty() ? span : std::nullopt;
}

/// What `retry-after-ms`, else `Retry-After` (seconds, a span or a date, in the past: 0), else the
/// reset of a limit of which nothing remains asks for; nullopt when none is readable.
inline std::optional<std::int64_t> wait_in_headers(const HttpHeaders& headers,
                                                   std::int64_t now = now_unix_ms()) {
  if (const auto ms = wait_in_text(header_value(headers, "retry-after-ms"), true, now)) return ms;
  if (const auto wait = wait_in_text(header_value(headers, "retry-after"), false, now)) return wait;
  std::optional<std::int64_t> wait;
  for (const std::string kind : {"requests", "tokens"}) {
    if (trim(header_value(headers, "x-ratelimit-remaining-" + kind)) != "0") continue;
    const std::string reset = header_value(headers, "x-ratelimit-reset-" + kind);
    std::string_view rest = reset;  // "6m0s"; a bare number is a date elsewhere
    wait = longer_wait(wait, read_span(rest));
  }
  return wait;
}

/// `x-should-retry`, which overrides what the status means.
inline std::optional<bool> should_retry(const HttpHeaders& headers) {
  const std::string value = lower(trim(header_value(headers, "x-should-retry")));
  if (value != "true" && value != "false") return std::nullopt;
  return value == "true";
}

}  // namespace vendor
}  // namespace abi1
}  // namespace CARTPILOT_HIDDEN

#include "record/recording.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <random>
#include <regex>
#include <sstream>

#include "cartpilot/error.h"
#include "temporary_file.h"

namespace cartpilot::record {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::vector<Event> sample_events() {
  std::vector<Event> events = {{0, 0, "", "begin", {{"format", kFormat}, {"command", {"chat"}}}}};
  for (int i = 1; i < 40; ++i) {
    events.push_back({i, i * 7, "0", "random", {{"hex", fmt::format("{:016x}", i * 7919)}}});
  }
  events.push_back({40, 300, "", "end", {{"exit", 0}}});
  return events;
}

std::string text_of(const std::vector<Event>& events) {
  std::string text;
  std::string sum;
  for (const Event& event : events) text += line_of(event, sum) + "\n";
  return text;
}

std::string refusal_of(const std::string& text) {
  const TemporaryFile file(text);
  try {
    read_recording(file.path());
  } catch (const Error& error) {
    EXPECT_EQ(error.code, ErrorCode::kInvalidArgument);
    std::string what = error.what();
    EXPECT_THAT(what, StartsWith(file.path()));
    EXPECT_EQ(what.find('\n'), std::string::npos);
    return what.substr(file.path().size() + 1);
  }
  return "";
}

TEST(Recording, is_read_as_it_was_written) {
  const std::vector<Event> events = sample_events();
  const TemporaryFile file(text_of(events));
  const std::vector<Event> read = read_recording(file.path());
  ASSERT_EQ(read.size(), events.size());
  EXPECT_EQ(text_of(read), text_of(events));
  EXPECT_EQ(read[3].lane, "0");
  EXPECT_EQ(read[3].data, (Json{{"hex", "0000000000005ccd"}}));
}

TEST(Recording, one_changed_byte_is_found_and_its_line_named) {
  const std::string good = text_of(sample_events());
  std::mt19937 random(20261128);
  for (int i = 0; i < 200; ++i) {
    const std::size_t at = random() % good.size();
    std::string text = good;
    char other = text[at];
    while (other == text[at]) other = static_cast<char>(random() & 0xFFU);
    text[at] = other;
    const auto line =
        std::count(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(at), '\n') + 1;
    const std::string refusal = refusal_of(text);
    ASSERT_NE(refusal, "") << at;
    // What is no longer a first or last line of a recording is told as that.
    if (line > 1 && line < 41) {
      ASSERT_THAT(refusal,
                  StartsWith(fmt::format("was changed after it was recorded, at line {}", line)))
          << at;
    }
  }
}

TEST(Recording, lines_that_were_removed_swapped_or_put_in_are_found) {
  std::istringstream in(text_of(sample_events()));
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line + "\n");
  const auto joined = [](const std::vector<std::string>& all) {
    std::string text;
    for (const std::string& line : all) text += line;
    return text;
  };
  auto removed = lines;
  removed.erase(removed.begin() + 5);
  EXPECT_THAT(refusal_of(joined(removed)), HasSubstr("at line 6 (event \"random\")"));
  auto swapped = lines;
  std::swap(swapped[7], swapped[8]);
  EXPECT_THAT(refusal_of(joined(swapped)), HasSubstr("at line 8"));
  auto doubled = lines;
  doubled.insert(doubled.begin() + 3, doubled[2]);
  EXPECT_THAT(refusal_of(joined(doubled)), HasSubstr("at line 4"));
}

TEST(Recording, one_that_is_cut_off_anywhere_is_told_so) {
  const std::string good = text_of(sample_events());
  for (std::size_t size = 0; size < good.size(); size += 37) {
    const std::string refusal = refusal_of(good.substr(0, size));
    if (size < good.find('\n') + 1) {
      EXPECT_EQ(refusal, "is no recording of cartpilot") << size;
    } else {
      const auto whole =
          std::count(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size), '\n');
      EXPECT_EQ(refusal, fmt::format("is cut off after line {}: it has no end", whole));
    }
  }
}

TEST(Recording, one_of_a_newer_program_is_told_so_whatever_else_it_holds) {
  EXPECT_EQ(refusal_of("{\"event\":\"begin\",\"format\":2,\"new\":true}\nwhatever\n"),
            "was recorded by a newer cartpilot (format 2; this one reads 1)");
  EXPECT_EQ(refusal_of("{\"hello\":1}\n"), "is no recording of cartpilot");
  EXPECT_EQ(refusal_of("hello\n"), "is no recording of cartpilot");
}

TEST(Recording, one_that_goes_on_after_its_end_is_told_so) {
  std::vector<Event> events = sample_events();
  events.push_back({41, 301, "", "end", {{"exit", 0}}});
  EXPECT_EQ(refusal_of(text_of(events)), "goes on at line 42 after its end");
}

TEST(Recording, bytes_of_any_kind_come_back) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  EXPECT_EQ(bytes_from_json(bytes_to_json(bytes)), bytes);
  EXPECT_EQ(bytes_from_json(bytes_to_json("a\nb")), "a\nb");
  EXPECT_EQ(bytes_to_json("a\nb"), Json("a\nb"));
}

}  // namespace
}  // namespace cartpilot::record

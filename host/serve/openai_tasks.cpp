#include "serve/openai_tasks.h"

#include <array>
#include <string_view>

#include "cartpilot/detail/characters.h"
#include "text/ascii.h"

namespace cartpilot::host {
namespace {

constexpr std::size_t kLookedAt = 400;  ///< bytes of a message in which a task says what it is
constexpr std::size_t kTitleBytes = 40;
constexpr std::string_view kTaskHeading = "### task:";

enum class Task { kTitle, kTags, kFollowUps, kQueries };

/// What the person said first in a conversation that is quoted: "USER: a desk lamp".
std::string first_words(const std::string& text) {
  for (const std::string_view begin : {"USER:", "User:", "user:"}) {
    const std::size_t at = text.find(begin);
    if (at == text.npos) continue;
    const std::size_t from = at + begin.size();
    return std::string(text::trimmed(text.substr(from, text.find('\n', from) - from)));
  }
  return "";
}

/// Whether the words stand in this order, each close behind the one before.
template <std::size_t kCount>
bool in_order(std::string_view text, const std::array<std::string_view, kCount>& words,
              std::size_t closest) {
  std::size_t from = 0;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::size_t at = text.find(words[i], from);
    if (at == text.npos || (i > 0 && at - from > closest)) return false;
    from = at + words[i].size();
  }
  return true;
}

/// "Generate a short title for this conversation": an order to the model, not a wish to a shop.
bool orders_title(std::string_view text) {
  constexpr std::size_t kClose = 120;
  for (const std::string_view verb : {"generate", "create", "provide", "write"}) {
    for (const std::string_view object : {"conversation", "chat", "query", "message"}) {
      if (in_order(text, std::array<std::string_view, 3>{verb, "title", object}, kClose)) {
        return true;
      }
    }
  }
  return false;
}

std::optional<Task> task_of(const std::string& message, bool may_be_bare) {
  const std::string text = text::lower_case(message.substr(0, kLookedAt));
  const bool heading = text::trimmed(text).starts_with(kTaskHeading);
  if (heading) {
    for (const auto& [word, task] :
         {std::pair{"follow-up", Task::kFollowUps}, std::pair{"follow_up", Task::kFollowUps},
          std::pair{" tags", Task::kTags}, std::pair{"quer", Task::kQueries},
          std::pair{"title", Task::kTitle}}) {
      if (text.find(word) != text.npos) return task;
    }
  }
  // A person may want a book with such a title, but quotes no conversation.
  if (may_be_bare && orders_title(text)) return Task::kTitle;
  return std::nullopt;
}

bool quotes_conversation(const std::string& text) {
  return text.find("<chat_history>") != text.npos || !first_words(text).empty();
}

}  // namespace

std::string text_of_message(const Json& message) {
  if (!message.is_object()) return "";
  const auto content = message.find("content");
  if (content == message.end()) return "";
  if (content->is_string()) return content->get<std::string>();
  std::string text;
  if (!content->is_array()) return text;
  for (const Json& part : *content) {
    if (part.is_object() && string_or(part, "type") == "text") text += string_or(part, "text");
  }
  return text;
}

std::optional<std::string> answer_to_task(const Json& messages) {
  std::optional<Task> task;
  std::string quoted;
  for (const Json& message : messages) {
    const std::string role = string_or(message, "role");
    if (role == "assistant") return std::nullopt;  // a conversation, not an order about one
    const std::string text = text_of_message(message);
    if (!task) task = task_of(text, role == "system" || quotes_conversation(text));
    quoted += text + "\n";
  }
  if (!task) return std::nullopt;
  std::string title = first_words(quoted);
  if (title.empty()) title = "Shopping";
  title = detail::cut_text(title, kTitleBytes);
  // Some want bare words, some an object; the order says which.
  const bool wants_json = quoted.find('{') != quoted.npos;
  const auto answer = [&](const char* key, Json value, const std::string& words) {
    return wants_json ? dump_json(Json{{key, std::move(value)}}) : words;
  };
  switch (*task) {
    case Task::kTitle: return answer("title", title, title);
    case Task::kTags: return answer("tags", Json::array({"Shopping"}), "Shopping");
    case Task::kFollowUps: return answer("follow_ups", Json::array(), "");
    case Task::kQueries: return answer("queries", Json::array(), "");
  }
  return title;
}

}  // namespace cartpilot::host

#include "commands/descriptor_approver.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <set>

#include "cartpilot/error.h"

namespace cartpilot::host {
namespace {

using purchase::AnswerResult;

constexpr std::size_t kMaxAnswerBytes = 64 * 1024;
constexpr int kPollMs = 50;
constexpr int kPollsPerLook = 5;
const purchase::AnswerSource kSource{"embedder", "the embedding program"};

/// An answer line, or an Error that says what is wrong with it.
struct Answer {
  std::string id;
  std::string challenge;
  bool approve = false;
};

Answer answer_from(const std::string& line) {
  const auto refuse = [](const std::string& what) {
    return Error(ErrorCode::kInvalidArgument, "the answer " + what);
  };
  const Json json = parse_json(line, "the answer");
  if (!json.is_object()) throw refuse("is no JSON object");
  static const std::set<std::string> kKnown = {"id", "challenge", "approve"};
  for (const auto& [name, value] : json.items()) {
    if (kKnown.count(name) == 0)
      throw refuse(
          fmt::format("has a member {} that nobody knows", dump_json(Json(name)).substr(0, 60)));
  }
  const auto id = json.find("id");
  const auto challenge = json.find("challenge");
  const auto approve = json.find("approve");
  if (id == json.end() || !id->is_string()) throw refuse("has no id");
  if (approve == json.end() || !approve->is_boolean())
    throw refuse("has no approve of true or false");
  Answer answer{id->get<std::string>(), "", approve->get<bool>()};
  if (challenge != json.end()) {
    if (!challenge->is_string()) throw refuse("has a challenge that is no string");
    answer.challenge = challenge->get<std::string>();
  }
  if (answer.approve && answer.challenge.empty()) throw refuse("has no challenge");
  return answer;
}

const char* outcome_of(AnswerResult::Kind kind) {
  switch (kind) {
    case AnswerResult::Kind::kApproved: return "approved";
    case AnswerResult::Kind::kAgain: return "asked_again";
    case AnswerResult::Kind::kTooLate: return "too_late";
    default: return "declined";
  }
}

}  // namespace

DescriptorApprover::DescriptorApprover(int descriptor) : descriptor_(descriptor) {
  int type = 0;
  socklen_t size = sizeof type;
  sockaddr_storage peer{};
  socklen_t peer_size = sizeof peer;
  if (::getsockopt(descriptor_, SOL_SOCKET, SO_TYPE, &type, &size) != 0 || type != SOCK_STREAM ||
      ::getpeername(descriptor_, reinterpret_cast<sockaddr*>(&peer), &peer_size) != 0) {
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("--approval-fd {}: that is no connected stream socket", descriptor));
  }
}

std::optional<std::string> DescriptorApprover::unavailable() {
  if (!closed_) return std::nullopt;
  return "the program that answers questions has closed its end";
}

void DescriptorApprover::ask(const purchase::ApprovalQuestion& question,
                             purchase::Questions& questions, const CallContext& context) {
  Json line = purchase::question_to_json(question, true);
  line["type"] = "approval_request";
  if (!put(line, context)) {
    questions.decline(question.id, kSource, "the program that answers questions has gone");
    return;
  }
  for (int polls = 0;; ++polls) {
    if (context.cancelled()) {
      questions.decline(question.id, kSource, "interrupted");
      return;
    }
    if (polls % kPollsPerLook == 0) {
      const auto found = questions.find(question.id);
      if (!found || found->state != purchase::QuestionState::kOpen) {
        put({{"type", "approval_outcome"},
             {"id", question.id},
             {"outcome", found ? purchase::question_state_name(found->state) : "void"},
             {"message", "the question is not open any more"}},
            context);
        return;
      }
    }
    std::string answer;
    switch (read_line(answer)) {
      case Read::kNothing: break;
      case Read::kClosed:
        questions.decline(question.id, kSource, "the program that answers questions has gone");
        return;
      case Read::kTooLong:
        questions.decline(question.id, kSource, "the answer is longer than 64 KiB");
        return;
      case Read::kLine:
        if (!take(answer, question, questions, context)) return;
        break;
    }
  }
}

bool DescriptorApprover::take(const std::string& line, const purchase::ApprovalQuestion& question,
                              purchase::Questions& questions, const CallContext& context) {
  Answer answer;
  try {
    answer = answer_from(line);
  } catch (const Error& error) {
    questions.decline(question.id, kSource, error.what());
    put({{"type", "approval_outcome"},
         {"id", question.id},
         {"outcome", "declined"},
         {"message", error.what()}},
        context);
    return false;
  }
  if (answer.id != question.id) {
    put({{"type", "approval_outcome"},
         {"id", answer.id},
         {"outcome", "too_late"},
         {"message", "this question is not open"}},
        context);
    return true;
  }
  AnswerResult result;
  if (!answer.approve) {
    result = questions.decline(question.id, kSource, "");
  } else {
    // The same door as for a person at a terminal: the total, and the code that was shown.
    std::string typed = answer.challenge;
    if (question.total) typed = commerce::format_money(*question.total) + " " + typed;
    result = questions.answer(question.id, answer.challenge, typed, kSource);
    if (result.kind == AnswerResult::Kind::kStale || result.kind == AnswerResult::Kind::kRetry) {
      result = questions.decline(question.id, kSource, "the challenge is another one");
      result.message = "the challenge is another one";
    }
  }
  put({{"type", "approval_outcome"},
       {"id", question.id},
       {"outcome", outcome_of(result.kind)},
       {"message", result.message}},
      context);
  if (result.kind != AnswerResult::Kind::kAgain) return false;
  if (const auto next = questions.find(question.id)) {
    Json again = purchase::question_to_json(*next, true);
    again["type"] = "approval_request";
    put(again, context);
  }
  return true;
}

DescriptorApprover::Read DescriptorApprover::read_line(std::string& line) {
  for (;;) {
    const std::size_t end = received_.find('\n');
    if (end != std::string::npos) {
      if (end > kMaxAnswerBytes) return Read::kTooLong;
      line = received_.substr(0, end);
      received_.erase(0, end + 1);
      return Read::kLine;
    }
    if (received_.size() > kMaxAnswerBytes) return Read::kTooLong;
    if (closed_) return Read::kClosed;
    pollfd waiting{descriptor_, POLLIN, 0};
    if (::poll(&waiting, 1, kPollMs) <= 0) return Read::kNothing;
    char block[4096];
    const ssize_t got = ::read(descriptor_, block, sizeof block);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) return Read::kNothing;
    if (got <= 0) {
      closed_ = true;
      return Read::kClosed;
    }
    received_.append(block, static_cast<std::size_t>(got));
  }
}

bool DescriptorApprover::put(const Json& object, const CallContext& context) {
  const std::string line = dump_json(object) + "\n";
  for (std::size_t sent = 0; sent < line.size();) {
    if (context.cancelled()) return false;
    // A slow other end is waited for, whether or not the socket blocks; a signal ends the wait.
    pollfd room{descriptor_, POLLOUT, 0};
    if (::poll(&room, 1, kPollMs) <= 0) continue;
    const ssize_t part = ::write(descriptor_, line.data() + sent, line.size() - sent);
    if (part < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (part <= 0) {
      closed_ = true;
      return false;
    }
    sent += static_cast<std::size_t>(part);
  }
  return true;
}

}  // namespace cartpilot::host

// DescriptorApprover: asks a program that embeds the tools, over a connected stream socket.
//
// For `tools handle --approval-fd N`. A question goes out as one JSON line
//   {"type":"approval_request","id","challenge","round","rounds","title","fields":[{"label","value"}],
//    "total":{"minor","currency"},"previous_total","warnings","notes","detail","expires_unix_ms",...}
// and the answer comes back as one line {"id","challenge","approve":true|false}, at most 64 KiB.
// Whoever holds the other end is trusted to have shown all of it to a person; the record says
// "embedder". The end of the stream is a no, and so is a line that cannot be read. What became of
// an answer is told in a line {"type":"approval_outcome","id","outcome","message"}. One thread.
#pragma once

#include <string>

#include "purchase/approver.h"

namespace cartpilot::host {

class DescriptorApprover final : public purchase::Approver {
 public:
  /// Throws Error{kInvalidArgument} unless `descriptor` is a connected stream socket. Does not
  /// close it.
  explicit DescriptorApprover(int descriptor);

  std::optional<std::string> unavailable() override;
  std::chrono::milliseconds lifetime() const override { return purchase::kSharedLifetime; }
  void ask(const purchase::ApprovalQuestion& question, purchase::Questions& questions,
           const CallContext& context) override;

 private:
  enum class Read { kLine, kNothing, kClosed, kTooLong };
  Read read_line(std::string& line);
  /// False when the other end is gone, or the wait for it was cancelled.
  bool put(const Json& object, const CallContext& context);
  /// True when an answer to `question` may still come.
  bool take(const std::string& line, const purchase::ApprovalQuestion& question,
            purchase::Questions& questions, const CallContext& context);

  const int descriptor_;
  bool closed_ = false;
  std::string received_;
};

}  // namespace cartpilot::host

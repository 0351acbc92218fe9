#include "terminal/prompt.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <ctime>
#include <sstream>
#include <utility>

#include "cli/interrupt.h"
#include "text/redaction.h"
#include "text/terminal_text.h"

namespace cartpilot::host {

namespace {

constexpr std::chrono::seconds kAnswerTime{120};
constexpr std::size_t kLongestAnswer = 64;

/// Goes on while the machine sleeps: a question must not wait for ever under a closed lid.
std::chrono::nanoseconds time_since_boot() {
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

/// /dev/tty, closed at the end.
class Terminal {
 public:
  Terminal() : descriptor_(::open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC)) {}
  ~Terminal() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  bool usable() const { return descriptor_ >= 0 && ::isatty(descriptor_) == 1; }

  bool write(std::string_view text) const {
    while (!text.empty()) {
      const ssize_t written = ::write(descriptor_, text.data(), text.size());
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) return false;
      text.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
  }

  void forget_typed() const { ::tcflush(descriptor_, TCIFLUSH); }

  /// One line without its end, or nullopt after the time limit, end of file, Ctrl-C or an overlong
  /// line.
  std::optional<std::string> read_line(const TerminalPrompt::Clock& since_boot) const {
    const auto end = since_boot() + kAnswerTime;
    const Interrupt interrupt;
    std::string line;
    while (since_boot() < end) {
      if (interrupt.cancelled()) return std::nullopt;
      pollfd waiting{descriptor_, POLLIN, 0};
      if (::poll(&waiting, 1, 100) <= 0) continue;
      char c = 0;
      if (::read(descriptor_, &c, 1) != 1) return std::nullopt;
      if (c == '\n') return line;
      line += c;
      if (line.size() > kLongestAnswer) {
        forget_typed();
        return std::nullopt;
      }
    }
    return std::nullopt;
  }

 private:
  int descriptor_;
};

/// "  (12.95 more than before)" in the currency of both; "" when there is nothing to compare.
std::string difference(const std::optional<commerce::Money>& before, const commerce::Money& now) {
  std::int64_t more = 0;
  if (!before || before->currency != now.currency ||
      __builtin_sub_overflow(now.minor, before->minor, &more) || more == 0) {
    return "";
  }
  return fmt::format("  ({} {} than before)",
                     commerce::format_minor(more > 0 ? more : -more, now.currency),
                     more > 0 ? "more" : "less");
}

std::string trimmed(const std::string& text) {
  const std::size_t begin = text.find_first_not_of(" \t\r");
  if (begin == std::string::npos) return "";
  return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

}  // namespace

bool has_terminal() { return Terminal().usable(); }

std::string receipt_text(const commerce::Receipt& receipt,
                         const std::optional<commerce::Money>& previous_total,
                         const std::string& note) {
  const auto shown = [](const std::string& text) { return text::escape_for_receipt(text); };
  const auto money = [&](std::int64_t minor) {
    return commerce::format_money({minor, receipt.frozen.currency});
  };
  std::string text = "\n==== PURCHASE APPROVAL (from the program, not from the assistant) ====\n";
  text += fmt::format(" CartPilot   {}\n", receipt.cartpilot == "sandbox" ? "SANDBOX, no real money"
                                           : receipt.cartpilot.empty() ? shown(receipt.api_origin)
                                                                       : shown(receipt.cartpilot));
  text += fmt::format(" Merchant    {}\n Checkout    {}\n Pays with   {}\n",
                      shown(receipt.checkout.merchant_id), shown(receipt.checkout.id),
                      shown(receipt.payment_method));
  for (const auto& item : receipt.frozen.items) {
    text += fmt::format(
        " Item        {} x {}\n   sku       {}\n   product   {}{}\n   each      {}\n",
        item.quantity, shown(item.title), shown(item.sku), shown(item.product_id),
        item.variant_id ? " variant " + shown(*item.variant_id) : "", money(item.unit_price_cents));
  }
  text += fmt::format(" Items       {}\n Tax         {}\n Shipping    {}\n",
                      money(receipt.frozen.subtotal_cents), money(receipt.frozen.tax_cents),
                      money(receipt.frozen.shipping_cents));
  if (previous_total && *previous_total != receipt.total()) {
    text += fmt::format(" Total was   {}\n", commerce::format_money(*previous_total));
  }
  text += fmt::format(
      " TOTAL       {}{}\n Valid until {}\n Receipt     {} {} {} {}\n",
      money(receipt.frozen.total_cents), difference(previous_total, receipt.total()),
      shown(receipt.checkout.expires_at), receipt.digest.substr(0, 4), receipt.digest.substr(4, 4),
      receipt.digest.substr(8, 4), receipt.digest.substr(12, 4));
  std::istringstream notes(note);
  for (std::string line; std::getline(notes, line);) {
    text += fmt::format(" Note        {}\n", shown(line));
  }
  text += fmt::format(" Type the total ({}) to buy, anything else cancels [{} s]: ",
                      commerce::format_minor(receipt.frozen.total_cents, receipt.frozen.currency),
                      kAnswerTime.count());
  return text;
}

TerminalPrompt::TerminalPrompt(Clock since_boot)
    : since_boot_(since_boot ? std::move(since_boot) : time_since_boot) {}

purchase::ConsentAnswer TerminalPrompt::ask(const commerce::Receipt& receipt,
                                            const std::optional<commerce::Money>& previous_total,
                                            const std::string& note) {
  const Terminal terminal;
  if (!terminal.usable()) return purchase::ConsentAnswer::kNoTerminal;
  const std::string question = text::redact(receipt_text(receipt, previous_total, note));
  terminal.forget_typed();  // what was typed before the question was no answer to it
  if (!terminal.write(question)) return purchase::ConsentAnswer::kNoTerminal;
  const std::optional<std::string> answer = terminal.read_line(since_boot_);
  if (!answer) terminal.write("\n");
  const std::string total =
      commerce::format_minor(receipt.frozen.total_cents, receipt.frozen.currency);
  const bool yes = answer && trimmed(*answer) == total;
  return yes ? purchase::ConsentAnswer::kApproved : purchase::ConsentAnswer::kDeclined;
}

bool confirmed_on_terminal(std::string_view question) {
  const Terminal terminal;
  if (!terminal.usable()) return false;
  terminal.forget_typed();
  if (!terminal.write(text::redact(question))) return false;
  const std::optional<std::string> answer = terminal.read_line(time_since_boot);
  if (!answer) terminal.write("\n");
  return answer && trimmed(*answer) == "yes";
}

}  // namespace cartpilot::host

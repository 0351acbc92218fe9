#include "torture/verdict.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "torture/program_output.h"
#include "torture/rule_files.h"

namespace cartpilot::torture {
namespace {

constexpr std::int64_t kConsentLifetimeMs = 5 * 60 * 1000;
constexpr std::int64_t kClockSlackMs = 3'000;
constexpr std::int64_t kQuestionLifetimeMs = 2 * 60 * 1000 + kClockSlackMs;
constexpr std::int64_t kCompanyDelayMs = 10 * 60 * 1000;  ///< by several waits of several programs
constexpr std::int64_t kResendWindowMs = 10 * 60 * 1000;
constexpr int kMaxSends = 3;

class Judge {
 public:
  Judge(const RunPlan& plan, const Records& records)
      : plan_(plan), records_(records), said_(lines_of(records.program_runs)) {}

  Verdict judge() {
    collect_human_consents();
    collect_policy_consents();
    collect_rule_consents();
    match_bookings();
    look_at_rule_bookings();
    compare_with_last_word();
    look_for_duplicate_baskets();
    look_at_unknowns();
    look_at_behaviour();
    return std::move(verdict_);
  }

 private:
  void find(int& counter, const std::string& what) {
    ++counter;
    verdict_.findings.push_back(what);
  }

  void collect_human_consents() {
    for (std::size_t i = 0; i < records_.program_runs.size(); ++i) {
      for (const Question& question : records_.program_runs[i].questions) {
        const Said* request = nullptr;
        for (const Said& said : said_) {
          if (said.program_run == i && said.offset < question.said_before &&
              string_or(said.line, "type") == "approval_request") {
            request = &said;
          }
        }
        if (request == nullptr) {
          find(verdict_.misbehaved, "a question without an approval_request");
          continue;
        }
        Consent consent = consent_of(*request);
        check_screen(question, consent);
        request = answered_request(question, i, *request);
        if (request == nullptr) continue;
        consent = consent_of(*request);
        consent.at_ms = question.at_ms;
        consent.program_run = i;
        consent.knew_of_earlier = question.screen.find("was bought") != std::string::npos;
        // What was bought a moment ago is asked about twice; only two yeses are one consent.
        std::erase_if(consents_, [&](const Consent& first) {
          return first.attempt == consent.attempt && first.program_run == i;
        });
        if (question.agreed) consents_.push_back(std::move(consent));
      }
    }
  }

  /// Of a company the screen tells whose checkout a question is about, not which request: the one
  /// whose attempt was approved while this question was open. Null: this yes came to nothing.
  const Said* answered_request(const Question& question, std::size_t run, const Said& likely) {
    if (plan_.scripts.empty() || !question.agreed) return &likely;
    const Consent expected = consent_of(likely);
    const Said* found = nullptr;
    for (const Said& said : said_) {
      if (said.program_run != run || string_or(said.line, "type") != "approval_request") continue;
      const Consent other = consent_of(said);
      const Json* attempt = attempt_of(other.attempt);
      if (attempt == nullptr || other.checkout_id != expected.checkout_id ||
          other.lines != expected.lines || other.total != expected.total) {
        continue;
      }
      const std::int64_t after = integer_or(*attempt, "approved_ms") - question.at_ms;
      if (after < -kClockSlackMs || after > kQuestionLifetimeMs) continue;
      // An attempt that has an answer already is asked about twice.
      if (found == nullptr || answered_.count(other.attempt) == 0) found = &said;
      if (answered_.insert(other.attempt).second) break;
    }
    if (found != nullptr) return found;
    const Json* attempt = attempt_of(expected.attempt);
    const bool by_another_yes = attempt != nullptr && integer_or(*attempt, "approved_ms") != 0;
    return by_another_yes ? nullptr : &likely;
  }

  /// What is bought must have stood on the screen, whole.
  void check_screen(const Question& question, const Consent& consent) {
    std::vector<std::string> needed = {consent.checkout_id, consent.merchant_id,
                                       amount_text(consent.total) + " " + consent.currency};
    for (const OrderedLine& line : consent.lines) {
      needed.push_back(line.product_id);
      needed.push_back(std::to_string(line.quantity) + " x ");
      needed.push_back(amount_text(line.unit_price));
    }
    for (const std::string& text : needed) {
      if (question.screen.find(text) == std::string::npos) {
        find(verdict_.misbehaved, fmt::format("the question does not show {}", text));
      }
    }
    if (question.total != amount_text(consent.total)) {
      find(verdict_.misbehaved, "the question asks to type another total");
    }
  }

  void collect_policy_consents() {
    if (!plan_.approve.starts_with("up-to:")) return;
    const std::int64_t bound = plan_.approve == "up-to:500:USD" ? 50'000 : 10'000;
    for (const Said& said : said_) {
      if (string_or(said.line, "type") != "approval_request") continue;
      Consent consent = consent_of(said);
      const bool permitted =
          consent.currency == "USD" && consent.total <= bound &&
          ("," + plan_.merchants + ",").find("," + consent.merchant_id + ",") != std::string::npos;
      if (permitted) consents_.push_back(std::move(consent));
    }
  }

  /// A rule that allows a receipt is the yes to it; what a rule denies nobody can agree to.
  void collect_rule_consents() {
    const RuleFile* rules = rule_file(plan_.rules);
    if (rules == nullptr) return;
    std::erase_if(consents_,
                  [&](const Consent& human) { return rules->word(human) == RuleWord::kDeny; });
    agreed_by_person_ = consents_;
    for (const Said& said : said_) {
      if (string_or(said.line, "type") != "approval_request") continue;
      Consent consent = consent_of(said);
      if (rules->word(consent) == RuleWord::kAllow) consents_.push_back(std::move(consent));
    }
  }

  /// What a rule bought, and no person: no more than it may in 24 hours, and no basket that was
  /// bought before. A run is shorter than that.
  void look_at_rule_bookings() {
    const RuleFile* rules = rule_file(plan_.rules);
    if (rules == nullptr) return;
    int by_rule = 0;
    for (std::size_t i = 0; i < records_.bookings.size(); ++i) {
      const Booking& booking = records_.bookings[i];
      const auto is_of = [&](const Consent& consent) { return fits(consent, booking); };
      if (!booking.by_program || std::none_of(consents_.begin(), consents_.end(), is_of) ||
          std::any_of(agreed_by_person_.begin(), agreed_by_person_.end(), is_of)) {
        continue;
      }
      ++verdict_.allowed_by_rules;
      if (++by_rule > rules->per_day) {
        find(verdict_.unapproved, fmt::format("the rules {} allowed more than {} purchases",
                                              rules->name, rules->per_day));
      }
      for (std::size_t earlier = 0; earlier < i; ++earlier) {
        const Booking& first = records_.bookings[earlier];
        if (first.by_program && first.merchant_id == booking.merchant_id &&
            first.lines == booking.lines) {
          find(verdict_.unapproved,
               fmt::format("the rules {} allowed checkout {}, which repeats {}", rules->name,
                           booking.checkout_id, first.checkout_id));
        }
      }
    }
  }

  bool fits(const Consent& consent, const Booking& booking) const {
    return consent.checkout_id == booking.checkout_id &&
           consent.merchant_id == booking.merchant_id && consent.lines == booking.lines &&
           consent.total == booking.total && consent.currency == booking.currency;
  }

  /// The confirm must have left while the consent was alive; repeats of it may come later.
  bool sent_in_time(const Consent& consent) const {
    if (consent.at_ms == 0) return true;
    const auto found = records_.confirms.find(consent.checkout_id);
    if (found == records_.confirms.end()) return false;
    std::int64_t last = consent.at_ms + kConsentLifetimeMs + kClockSlackMs;
    if (!plan_.scripts.empty()) {
      const std::optional<bool> recorded = recorded_in_time(consent);
      if (recorded) return *recorded;
      last += kCompanyDelayMs;
    }
    return std::any_of(found->second.begin(), found->second.end(), [&](std::int64_t at) {
      return at >= consent.at_ms - kClockSlackMs && at <= last;
    });
  }

  /// Of a company every program's waits put the clock of all forward at any moment: between the key
  /// and the program that reads it, and between that and the server. So what the program recorded
  /// of both moments counts, as far as it fits what was seen from outside.
  std::optional<bool> recorded_in_time(const Consent& consent) const {
    const Json* attempt = attempt_of(consent.attempt);
    if (attempt == nullptr || integer_or(*attempt, "sends") != 1) return std::nullopt;
    const std::int64_t read_at = integer_or(*attempt, "approved_ms");
    const std::int64_t sent_at = integer_or(*attempt, "sent_ms");
    const std::vector<std::int64_t>& arrivals = records_.confirms.at(consent.checkout_id);
    const bool fits = read_at >= consent.at_ms - kClockSlackMs &&
                      read_at <= consent.at_ms + kQuestionLifetimeMs && sent_at >= read_at &&
                      std::any_of(arrivals.begin(), arrivals.end(),
                                  [&](std::int64_t at) { return at >= sent_at - kClockSlackMs; });
    if (!fits) return std::nullopt;
    return sent_at <= read_at + kConsentLifetimeMs + kClockSlackMs;
  }

  /// In seconds after the key.
  std::string moments_of(const Consent& consent) const {
    std::string moments;
    const auto add = [&](std::string_view what, std::int64_t at) {
      moments += fmt::format("{}{} {:.1f}", moments.empty() ? "" : ", ", what,
                             static_cast<double>(at - consent.at_ms) / 1'000);
    };
    if (const Json* attempt = attempt_of(consent.attempt)) {
      add("read", integer_or(*attempt, "approved_ms"));
      add("sent", integer_or(*attempt, "sent_ms"));
      moments += fmt::format(", {} times", integer_or(*attempt, "sends"));
    }
    const auto found = records_.confirms.find(consent.checkout_id);
    if (found != records_.confirms.end()) {
      for (const std::int64_t at : found->second) add("arrived", at);
    }
    return moments;
  }

  const Json* attempt_of(const std::string& id) const {
    for (const Json& attempt : records_.attempts) {
      if (string_or(attempt, "id") == id) return &attempt;
    }
    return nullptr;
  }

  void match_bookings() {
    for (const Booking& booking : records_.bookings) {
      if (booking.charged != booking.total) ++verdict_.overcharged;
      if (!booking.by_program) continue;
      ++verdict_.bought;
      Consent* unused = nullptr;
      bool used = false;
      for (Consent& consent : consents_) {
        if (!fits(consent, booking)) continue;
        if (consent.used) {
          used = true;
        } else if (unused == nullptr || sent_in_time(consent)) {
          unused = &consent;
        }
      }
      if (used) {
        find(verdict_.duplicate, fmt::format("checkout {} was ordered again ({})",
                                             booking.checkout_id, booking.merchant_order_id));
      } else if (unused != nullptr) {
        unused->used = true;
        if (!sent_in_time(*unused)) {
          find(verdict_.unapproved,
               fmt::format("checkout {} was confirmed after its consent had lapsed ({})",
                           booking.checkout_id, moments_of(*unused)));
        }
      } else if (told_as_not_agreed(booking.checkout_id)) {
        ++verdict_.told_otherwise;
      } else {
        find(verdict_.unapproved,
             fmt::format("nobody agreed to {} {} of checkout {}", amount_text(booking.total),
                         booking.currency, booking.checkout_id));
      }
    }
  }

  /// Another key holder was quicker than the confirm, which nothing prevents: then the program must
  /// have said so, or, as far as it could not see that, that it does not know what was bought.
  bool told_as_not_agreed(const std::string& checkout_id) const {
    if (plan_.fault_name.find("swap_in_gap") == std::string::npos) return false;
    return std::any_of(records_.attempts.begin(), records_.attempts.end(),
                       [&](const Json& attempt) {
                         if (string_or(attempt, "checkout_id") != checkout_id) return false;
                         const std::string state = string_or(attempt, "state");
                         const std::string note = string_or(attempt, "note");
                         if (state == "done") return note.starts_with("not as agreed");
                         if (state != "unknown" || last_word(string_or(attempt, "id")) != "unknown")
                           return false;
                         return note.find("with another receipt") != std::string::npos ||
                                cannot_be_seen(checkout_id);
                       });
  }

  /// Whether CartPilot shows nothing of a checkout to anybody who asks.
  bool cannot_be_seen(const std::string& checkout_id) const {
    const auto shown = records_.shown.find(checkout_id);
    return shown == records_.shown.end() || shown->second.is_null() || has_lasting_fault();
  }

  bool has_lasting_fault() const {
    return std::any_of(plan_.faults.begin(), plan_.faults.end(),
                       [](const Fault& fault) { return fault.lasting && fault.nth >= 0; });
  }

  bool booked(const std::string& checkout_id) const {
    return std::any_of(records_.bookings.begin(), records_.bookings.end(),
                       [&](const Booking& b) { return b.checkout_id == checkout_id; });
  }

  /// done, not_done or unknown, as said last about an attempt; "" = nothing was said.
  std::string last_word(const std::string& attempt) const {
    std::string word;
    for (const Said& said : said_) {
      if (string_or(said.line, "type") == "purchase" &&
          string_or(said.line, "attempt") == attempt) {
        word = string_or(said.line, "outcome");
      }
    }
    return word;
  }

  void compare_with_last_word() {
    for (const Booking& booking : records_.bookings) {
      if (!booking.by_program) continue;
      bool known = false;
      bool denied = false;
      for (const Json& attempt : records_.attempts) {
        if (string_or(attempt, "checkout_id") != booking.checkout_id) continue;
        const std::string state = string_or(attempt, "state");
        const std::string word = last_word(string_or(attempt, "id"));
        const bool admits = state == "done" || state == "unknown" || state == "confirm_sent";
        known = known || (admits && word != "not_done");
        denied = denied || state == "void" || word == "not_done";
      }
      if (known) continue;
      if (denied) {
        find(verdict_.false_not_bought,
             fmt::format("the program says checkout {} was not bought", booking.checkout_id));
      }
      find(verdict_.lost, fmt::format("the program does not know that checkout {} was bought",
                                      booking.checkout_id));
    }
    for (const Json& attempt : records_.attempts) {
      const std::string id = string_or(attempt, "id");
      const bool says_bought = string_or(attempt, "state") == "done" || last_word(id) == "done";
      if (says_bought && !booked(string_or(attempt, "checkout_id"))) {
        find(verdict_.false_bought, fmt::format("the program says attempt {} was bought", id));
      }
    }
  }

  /// A basket may be bought again only by somebody who knows that it was bought.
  void look_for_duplicate_baskets() {
    for (std::size_t later = 0; later < records_.bookings.size(); ++later) {
      const Booking& second = records_.bookings[later];
      const Consent* consent = nullptr;
      for (const Consent& candidate : consents_) {
        if (fits(candidate, second)) consent = &candidate;
      }
      if (consent == nullptr || consent->at_ms == 0 || consent->knew_of_earlier) continue;
      for (std::size_t earlier = 0; earlier < later; ++earlier) {
        const Booking& first = records_.bookings[earlier];
        if (!first.by_program || first.merchant_id != second.merchant_id ||
            first.lines != second.lines || first.checkout_id == second.checkout_id) {
          continue;
        }
        if (!said_bought_before(first.checkout_id, *consent)) {
          find(verdict_.duplicate,
               fmt::format("checkout {} repeats {} which was not known to be bought",
                           second.checkout_id, first.checkout_id));
        }
      }
    }
  }

  bool said_bought_before(const std::string& checkout_id, const Consent& consent) const {
    return std::any_of(said_.begin(), said_.end(), [&](const Said& said) {
      const bool before =
          said.program_run < consent.program_run ||
          (said.program_run == consent.program_run && said.offset < consent.said_before);
      return before && string_or(said.line, "type") == "purchase" &&
             string_or(said.line, "outcome") == "done" &&
             string_or(said.line, "checkout_id") == checkout_id;
    });
  }

  void look_at_unknowns() {
    // Who is turned away when asking again cannot see what the first request did, and stops asking
    // until the next start: the key is wrong, not the purchase.
    const bool turned_away =
        std::any_of(plan_.faults.begin(), plan_.faults.end(), [](const Fault& fault) {
          const auto status = integer_or(fault.detail, "status", 0);
          return fault.kind == "status_before" && fault.route == "confirm" &&
                 (status == 401 || status == 403);
        });
    for (const Json& attempt : records_.attempts) {
      const std::string state = string_or(attempt, "state");
      if (state != "unknown" && state != "confirm_sent") continue;
      ++verdict_.unknown;
      const std::string checkout_id = string_or(attempt, "checkout_id");
      if (cannot_be_seen(checkout_id)) continue;
      const std::string status = string_or(records_.shown.at(checkout_id), "status");
      const bool recognises = string_or(attempt, "merchant_id") == "merchant-a" ||
                              string_or(attempt, "merchant_id") == "merchant-b";
      const bool may_repeat =
          status == "approved" && recognises && !turned_away &&
          integer_or(attempt, "sends", 0) < kMaxSends &&
          records_.now_ms - integer_or(attempt, "created_ms", 0) < kResendWindowMs &&
          !plan_was_swapped();
      if (status == "confirmed" || may_repeat) {
        find(verdict_.avoidable_unknown,
             fmt::format("attempt {} is unknown though CartPilot shows the checkout as {}",
                         string_or(attempt, "id"), status));
      }
    }
  }

  bool plan_was_swapped() const {
    return std::any_of(plan_.faults.begin(), plan_.faults.end(), [](const Fault& fault) {
      return fault.kind.starts_with("swap") || fault.kind.starts_with("requote") ||
             fault.kind == "split_total" || fault.kind == "frozen_differs" ||
             fault.kind == "more_pieces" || fault.kind == "zero_quote" || fault.kind == "expire";
    });
  }

  void look_at_behaviour() {
    for (std::size_t i = 0; i < records_.program_runs.size(); ++i) {
      const ProgramRun& program_run = records_.program_runs[i];
      if (program_run.stuck) find(verdict_.misbehaved, "the program did not end");
      const std::string all = program_run.said + program_run.errors + program_run.screen;
      if (all.find(records_.api_key) != std::string::npos) {
        find(verdict_.misbehaved, "the API key was shown");
      }
      // Nobody alters the record in any run.
      if (all.find("was altered") != std::string::npos) {
        find(verdict_.misbehaved, "a healthy record was called altered");
      }
      const bool clean = std::all_of(
          program_run.screen.begin(), program_run.screen.end(),
          [](char c) { return (c >= ' ' && c <= '~') || c == '\n' || c == '\r' || c == '\t'; });
      if (!clean) find(verdict_.misbehaved, "the terminal got bytes other than plain text");
      if (!program_run.killed && !program_run.stuck) check_exit_code(i);
    }
  }

  /// The code is that of the last attempt. A call that got as far as no attempt counts only when
  /// it is about another checkout than the last attempt and nothing bad is left to be told.
  void check_exit_code(std::size_t index) {
    const Json* last = nullptr;
    bool refused_later = false;
    std::set<std::string> done;  // told again, it is no new attempt
    for (const Said& said : said_) {
      if (said.program_run != index || !said.in_turn ||
          string_or(said.line, "type") != "purchase") {
        continue;
      }
      const std::string attempt = string_or(said.line, "attempt");
      const bool attempted = !attempt.empty();
      if (string_or(said.line, "outcome") == "done" && !done.insert(attempt).second) continue;
      if (attempted || last == nullptr || string_or(*last, "attempt").empty()) {
        last = &said.line;
        refused_later = false;
      } else if (string_or(said.line, "checkout_id") != string_or(*last, "checkout_id")) {
        refused_later = true;
      }
    }
    if (last == nullptr) return;
    const std::string outcome = string_or(*last, "outcome");
    const int code = records_.program_runs[index].exit_code;
    const bool right = outcome == "unknown" ? code == 13
                       : outcome != "done"  ? code != 0 && code != 13 && code != 14
                       : refused_later      ? code != 0 && code != 13
                                            : code == 0 || code == 14;
    if (!right) {
      find(verdict_.misbehaved,
           fmt::format("exit code {} after a purchase that is {}", code, outcome));
    }
  }

  const RunPlan& plan_;
  const Records& records_;
  const std::vector<Said> said_;
  std::vector<Consent> consents_;
  std::vector<Consent> agreed_by_person_;  ///< in a run with rules
  std::set<std::string> answered_;         ///< attempts that have the question of their yes
  Verdict verdict_;
};

}  // namespace

Verdict judge(const RunPlan& plan, const Records& records) { return Judge(plan, records).judge(); }

}  // namespace cartpilot::torture

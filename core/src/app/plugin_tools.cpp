#include "app/plugin_tools.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <set>
#include <utility>

#include "cartpilot/error.h"

namespace cartpilot::app {

namespace {

using NamedToolSet = plugin::PluginHost::NamedToolSet;

constexpr std::size_t kLongestName = 64;

// For questions that nobody waits for.
constexpr std::int64_t kConsentMs = 5 * 60 * 1000;
constexpr std::int64_t kQuestionSpanMs = 10 * 60 * 1000;
constexpr std::size_t kMaxQuestions = 3;

/// A tool set behind other names.
class RenamedToolSet final : public ToolSet {
 public:
  RenamedToolSet(std::unique_ptr<ToolSet> tools, std::map<std::string, std::string> old_names)
      : tools_(std::move(tools)), old_names_(std::move(old_names)) {
    for (const auto& [name, old_name] : old_names_) new_names_[old_name] = name;
  }

  std::vector<ToolSpec> list() const override {
    std::vector<ToolSpec> specs = tools_->list();
    for (ToolSpec& spec : specs) {
      const auto renamed = new_names_.find(spec.name);
      if (renamed != new_names_.end()) spec.name = renamed->second;
    }
    return specs;
  }

  ToolOutcome call(const std::string& name, const Json& arguments,
                   const CallContext& context) override {
    const auto renamed = old_names_.find(name);
    return tools_->call(renamed == old_names_.end() ? name : renamed->second, arguments, context);
  }

 private:
  const std::unique_ptr<ToolSet> tools_;
  const std::map<std::string, std::string> old_names_;
  std::map<std::string, std::string> new_names_;
};

/// A tool set without some of its functions.
class PartOfToolSet final : public ToolSet {
 public:
  PartOfToolSet(std::unique_ptr<ToolSet> tools, std::set<std::string> left_out)
      : tools_(std::move(tools)), left_out_(std::move(left_out)) {}

  std::vector<ToolSpec> list() const override {
    std::vector<ToolSpec> specs = tools_->list();
    std::erase_if(specs, [&](const ToolSpec& spec) { return left_out_.count(spec.name) != 0; });
    return specs;
  }

  ToolOutcome call(const std::string& name, const Json& arguments,
                   const CallContext& context) override {
    if (left_out_.count(name) == 0) return tools_->call(name, arguments, context);
    return tool_error("UNKNOWN_FUNCTION", fmt::format("{} is left out", name));
  }

 private:
  const std::unique_ptr<ToolSet> tools_;
  const std::set<std::string> left_out_;
};

/// "org.acme__search": what is left of the id is a function name.
std::string qualified(const std::string& plugin, const std::string& function) {
  std::string name = plugin + "__" + function;
  std::replace(name.begin(), name.end(), '.', '_');
  if (name.front() >= '0' && name.front() <= '9') name.insert(0, 1, '_');
  return name;
}

/// Function name -> plugins that declare it.
std::map<std::string, std::set<std::string>> claims(const std::vector<NamedToolSet>& sets) {
  std::map<std::string, std::set<std::string>> result;
  for (const NamedToolSet& set : sets) {
    for (const ToolSpec& spec : set.tools->list()) result[spec.name].insert(set.name);
  }
  return result;
}

bool is_one_of(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// Gives functions that several plugins declare their long names; says so once for each.
void resolve_name_conflicts(std::vector<NamedToolSet>& sets, std::vector<PluginNotice>& notices) {
  const auto claimed = claims(sets);
  for (const auto& [function, owners] : claimed) {
    if (owners.size() < 2) continue;
    std::string names;
    for (const std::string& owner : owners) {
      names += (names.empty() ? "" : " and ") + qualified(owner, function);
    }
    notices.push_back(
        {fmt::format("CP-P31: the plugins {} both have a function {}; the model sees {} instead",
                     fmt::join(owners, " and "), function, names)});
  }
  for (NamedToolSet& set : sets) {
    std::map<std::string, std::string> old_names;
    for (const ToolSpec& spec : set.tools->list()) {
      if (claimed.at(spec.name).size() > 1) old_names[qualified(set.name, spec.name)] = spec.name;
    }
    if (!old_names.empty()) {
      set.tools = std::make_unique<RenamedToolSet>(std::move(set.tools), std::move(old_names));
    }
  }
}

/// Leaves the functions out that nobody may call; the rest of the set stays.
void leave_out(NamedToolSet& set, const std::vector<std::string>& money_plugins,
               const purchase::Remedies& remedies, std::vector<PluginNotice>& notices) {
  std::set<std::string> left_out;
  for (const ToolSpec& spec : set.tools->list()) {
    if (spec.name.size() > kLongestName) {
      left_out.insert(spec.name);
      notices.push_back(
          {fmt::format("CP-P33: the function {} of plugin {} is left out: its name "
                       "is longer than {} characters",
                       spec.name, set.name, kLongestName)});
    } else if (spec.effect == EffectClass::kMoney && !is_one_of(money_plugins, set.plugin)) {
      left_out.insert(spec.name);
      notices.push_back(
          {fmt::format(
               "CP-P32: the function {} of plugin {} is left out: it spends money{}", spec.name,
               set.name,
               purchase::remedy_text(remedies, purchase::Remedy::kAllowPlugin, "; ", set.plugin)),
           true});
    }
  }
  if (left_out.empty()) return;
  set.tools = std::make_unique<PartOfToolSet>(std::move(set.tools), std::move(left_out));
}

/// Why the whole set must stay out; "" when it may come in.
std::string objection(const NamedToolSet& set, const chat::ToolRouter& router) {
  for (const ToolSpec& spec : set.tools->list()) {
    for (const ToolSpec& taken : router.specs()) {
      if (taken.name == spec.name) {
        return fmt::format(
            "CP-P31: the functions of plugin {} are left out: {} is one of cartpilot's own",
            set.name, spec.name);
      }
    }
  }
  return "";
}

}  // namespace

PluginMoneyGuard::PluginMoneyGuard(chat::CallGuard& gate, purchase::Questions& questions,
                                   purchase::Approver& approver, std::string session_id,
                                   const purchase::PurchasePolicy& policy)
    : gate_(gate),
      questions_(questions),
      approver_(approver),
      session_id_(std::move(session_id)),
      policy_(policy) {}

void PluginMoneyGuard::admit(const std::string& function, const std::string& plugin,
                             ToolSet& tools) {
  admitted_[function] = {plugin, &tools};
}

std::optional<ToolOutcome> PluginMoneyGuard::before_write(ToolCall& call) {
  return gate_.before_write(call);
}

void PluginMoneyGuard::after_write(const ToolCall& call, const ToolOutcome& outcome) {
  gate_.after_write(call, outcome);
}

void PluginMoneyGuard::begin_turn() { gate_.begin_turn(); }

/// Arguments are shown one a row, so that none hides behind another.
purchase::ApprovalQuestion PluginMoneyGuard::question_about(const ToolCall& call,
                                                            const std::string& plugin) const {
  purchase::ApprovalQuestion question;
  question.session = session_id_;
  question.title = "MONEY";
  question.subject = call.name;
  question.fields = {{"Function", call.name}, {"Of plugin", plugin}};
  for (const auto& [name, value] : call.arguments.items()) {
    question.fields.push_back(
        {"Argument", fmt::format("{} = {}", name,
                                 value.is_string() ? value.get<std::string>() : dump_json(value))});
  }
  question.warnings = {"the plugin says that this spends money; cartpilot cannot check how much"};
  question.detail = {{"function", call.name}, {"plugin", plugin}, {"arguments", call.arguments}};
  return question;
}

ToolOutcome PluginMoneyGuard::run_money(const ToolCall& call, const CallContext& context) {
  const auto found = admitted_.find(call.name);
  if (found == admitted_.end()) return gate_.run_money(call, context);
  if (policy_.dry_run) {
    return tool_error("DRY_RUN",
                      "Nothing was done: this is a dry run, and the function spends "
                      "money. Do not try again.");
  }
  if (policy_.mode != purchase::ApprovalMode::kAsk || approver_.unavailable()) {
    return tool_error(
        "APPROVAL_REQUIRED",
        fmt::format("Nothing was done: this function spends money, and there is nobody "
                    "to ask{}.",
                    purchase::remedy_text(policy_.remedies, purchase::Remedy::kBeAsked, "; ")));
  }
  return approver_.waits() ? ask_and_run(call, found->second, context)
                           : run_when_answered(call, found->second, context);
}

std::int64_t PluginMoneyGuard::lifetime_ms() const { return approver_.lifetime().count(); }

ToolOutcome PluginMoneyGuard::ask_and_run(const ToolCall& call, const Admitted& admitted,
                                          const CallContext& context) {
  purchase::ApprovalQuestion question = question_about(call, admitted.plugin);
  try {
    question = purchase::ask_person(approver_, questions_, std::move(question), context);
  } catch (const Error& error) {
    return tool_error("APPROVAL_REQUIRED", fmt::format("Nothing was done: {}.", error.what()));
  }
  if (question.state != purchase::QuestionState::kApproved) {
    return tool_error("APPROVAL_DECLINED", "Nothing was done: the person did not say yes.");
  }
  return run_approved(call, admitted, context);
}

/// Where nobody waits for the answer: asks, and carries out the same call once it is approved.
ToolOutcome PluginMoneyGuard::run_when_answered(const ToolCall& call, const Admitted& admitted,
                                                const CallContext& context) {
  const std::string key = call.name + "\n" + dump_json(call.arguments);
  const std::int64_t now = questions_.now_unix_ms();
  const auto pending = [&](const purchase::ApprovalQuestion& question) {
    ToolOutcome outcome = tool_error(
        "APPROVAL_PENDING",
        fmt::format(
            "Nothing was done yet. Only the person can agree, outside of this chat{}. A yes "
            "in the chat does not count. Then make exactly this call again.",
            purchase::remedy_text(policy_.remedies, purchase::Remedy::kAnswerQuestion, ": ",
                                  question.id)));
    outcome.content["approval_id"] = question.id;
    return outcome;
  };
  const auto asked = pending_.find(key);
  if (asked != pending_.end()) {
    const auto question = questions_.find(asked->second);
    if (question && question->state == purchase::QuestionState::kOpen) return pending(*question);
    pending_.erase(asked);
    if (question && question->state == purchase::QuestionState::kApproved) {
      if (now - question->answered_unix_ms < kConsentMs)
        return run_approved(call, admitted, context);
      return tool_error("APPROVAL_DECLINED", "Nothing was done: the approval has lapsed.");
    }
    if (question && question->state == purchase::QuestionState::kDeclined) {
      declined_until_ms_[key] = now + kQuestionSpanMs;
    }
    return tool_error("APPROVAL_DECLINED", "Nothing was done: the person did not say yes.");
  }
  const auto declined = declined_until_ms_.find(key);
  if (declined != declined_until_ms_.end() && now < declined->second) {
    return tool_error("APPROVAL_DECLINED",
                      "Nothing was done: the person said no to exactly this call.");
  }
  if (questions_.opened_lately(kQuestionSpanMs) >= kMaxQuestions) {
    return tool_error("TOO_MANY_QUESTIONS",
                      "Nothing was done: the person was asked too often in the last ten minutes.");
  }
  purchase::ApprovalQuestion question = question_about(call, admitted.plugin);
  try {
    questions_.open(question, lifetime_ms());
  } catch (const Error& error) {
    return tool_error("APPROVAL_REQUIRED", fmt::format("Nothing was done: {}.", error.what()));
  }
  approver_.ask(question, questions_, context);
  pending_[key] = question.id;
  return pending(question);
}

ToolOutcome PluginMoneyGuard::run_approved(const ToolCall& call, const Admitted& admitted,
                                           const CallContext& context) const {
  try {
    return admitted.tools->call(call.name, call.arguments, context);
  } catch (const Error& error) {
    return tool_error("OUTCOME_UNKNOWN",
                      fmt::format("It is not known whether money was spent ({}). Do not try again.",
                                  error.what()));
  }
}

std::vector<PluginNotice> add_plugin_tools(std::vector<NamedToolSet>& sets,
                                           const std::vector<std::string>& money_plugins,
                                           const purchase::Remedies& remedies,
                                           PluginMoneyGuard* guard, chat::ToolRouter& router) {
  std::vector<PluginNotice> notices;
  resolve_name_conflicts(sets, notices);
  for (NamedToolSet& set : sets) {
    leave_out(set, money_plugins, remedies, notices);
    std::string problem = objection(set, router);
    if (problem.empty()) {
      try {
        router.add(*set.tools, set.name, true);
      } catch (const Error& error) {
        problem = fmt::format("CP-P33: the functions of plugin {} are left out: {}", set.name,
                              error.what());
      }
    }
    if (!problem.empty()) {
      notices.push_back({std::move(problem)});
      continue;
    }
    if (guard == nullptr) continue;
    for (const ToolSpec& spec : set.tools->list()) {
      if (spec.effect == EffectClass::kMoney) guard->admit(spec.name, set.plugin, *set.tools);
    }
  }
  return notices;
}

}  // namespace cartpilot::app

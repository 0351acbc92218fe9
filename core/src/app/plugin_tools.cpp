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
void resolve_name_conflicts(std::vector<NamedToolSet>& sets, std::vector<std::string>& warnings) {
  const auto claimed = claims(sets);
  for (const auto& [function, owners] : claimed) {
    if (owners.size() < 2) continue;
    std::string names;
    for (const std::string& owner : owners) {
      names += (names.empty() ? "" : " and ") + qualified(owner, function);
    }
    warnings.push_back(
        fmt::format("CP-P31: the plugins {} both have a function {}; the model sees {} instead",
                    fmt::join(owners, " and "), function, names));
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

/// Why the whole set must stay out; "" when it may come in.
std::string objection(const NamedToolSet& set, const std::vector<std::string>& money_plugins,
                      const chat::ToolRouter& router) {
  for (const ToolSpec& spec : set.tools->list()) {
    if (spec.name.size() > kLongestName) {
      return fmt::format("CP-P33: the functions of plugin {} are left out: the name {} is too long",
                         set.name, spec.name);
    }
    for (const ToolSpec& taken : router.specs()) {
      if (taken.name == spec.name) {
        return fmt::format(
            "CP-P31: the functions of plugin {} are left out: {} is one of cartpilot's own",
            set.name, spec.name);
      }
    }
    if (spec.effect == EffectClass::kMoney && !is_one_of(money_plugins, set.plugin)) {
      return fmt::format(
          "CP-P32: the functions of plugin {} are left out: {} spends money; if you trust it with "
          "yours, pass --allow-money-tools {}",
          set.name, spec.name, set.plugin);
    }
  }
  return "";
}

}  // namespace

PluginMoneyGuard::PluginMoneyGuard(chat::CallGuard& gate, purchase::Questions& questions,
                                   purchase::Approver& approver, std::string session_id,
                                   bool may_ask)
    : gate_(gate),
      questions_(questions),
      approver_(approver),
      session_id_(std::move(session_id)),
      may_ask_(may_ask) {}

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
  if (!may_ask_ || approver_.unavailable()) {
    return tool_error("APPROVAL_REQUIRED",
                      "Nothing was done: this function spends money, and there is nobody to ask. "
                      "It works on a terminal, with --approve ask.");
  }
  purchase::ApprovalQuestion question = question_about(call, found->second.plugin);
  const auto turn = approver_.wait_for_turn(context);
  try {
    questions_.open(
        question,
        std::chrono::duration_cast<std::chrono::milliseconds>(approver_.lifetime()).count());
  } catch (const Error& error) {
    return tool_error("APPROVAL_REQUIRED", fmt::format("Nothing was done: {}.", error.what()));
  }
  approver_.ask(question, questions_, context);
  const auto answered = questions_.find(question.id);
  if (!answered || answered->state != purchase::QuestionState::kApproved) {
    questions_.withdraw(question.id, "The program asks no longer. Nothing was done.");
    return tool_error("APPROVAL_DECLINED", "Nothing was done: the person did not say yes.");
  }
  try {
    return found->second.tools->call(call.name, call.arguments, context);
  } catch (const Error& error) {
    return tool_error("OUTCOME_UNKNOWN",
                      fmt::format("It is not known whether money was spent ({}). Do not try again.",
                                  error.what()));
  }
}

std::vector<std::string> add_plugin_tools(std::vector<NamedToolSet>& sets,
                                          const std::vector<std::string>& money_plugins,
                                          PluginMoneyGuard* guard, chat::ToolRouter& router) {
  std::vector<std::string> warnings;
  resolve_name_conflicts(sets, warnings);
  for (NamedToolSet& set : sets) {
    std::string problem = objection(set, money_plugins, router);
    if (problem.empty()) {
      try {
        router.add(*set.tools, set.name, true);
      } catch (const Error& error) {
        problem = fmt::format("CP-P33: the functions of plugin {} are left out: {}", set.name,
                              error.what());
      }
    }
    if (!problem.empty()) {
      warnings.push_back(std::move(problem));
      continue;
    }
    if (guard == nullptr) continue;
    for (const ToolSpec& spec : set.tools->list()) {
      if (spec.effect == EffectClass::kMoney) guard->admit(spec.name, set.plugin, *set.tools);
    }
  }
  return warnings;
}

}  // namespace cartpilot::app

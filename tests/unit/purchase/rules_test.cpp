// What a person's rules say about a purchase: a table of cases, and what is no rule. That no file
// is weaker than a question, rules_property_test.cpp tells.
#include "purchase/rules.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cartpilot/error.h"
#include "cli/purchase_rules.h"

namespace cartpilot::purchase {
namespace {

using host::parse_rules;
using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::SizeIs;

/// Each as the inside of an inline table.
std::string file_of(const std::vector<std::string>& rules) {
  return fmt::format("purchases.rules = [{{ {} }}]\n", fmt::join(rules, " }, { "));
}

PurchaseRules rules_of(const std::vector<std::string>& rules) {
  return {parse_rules(file_of(rules), "config.toml"), "config.toml", false};
}

std::string verdict_text(const RuleVerdict& verdict) {
  return std::string(rule_action_name(verdict.action)) +
         (verdict.rule ? " by " + verdict.rule->name : "");
}

constexpr std::int64_t seconds_at(int hour, int minute) {
  return 1'795'392'000 + hour * 3600 + minute * 60;  // of 2026-11-23, in UTC
}

struct Purchase {
  std::int64_t minor = 1500;
  std::string currency = "USD";
  std::string merchant = "merchant-a";
  std::vector<std::optional<std::string>> categories = {"Electronics > Audio > Headphones"};
  std::int64_t unix_seconds = seconds_at(12, 0);
  std::int64_t uses = 0;  ///< of every rule

  RuleFacts facts() const { return {{minor, currency}, merchant, categories, unix_seconds * 1000}; }
};

std::string judged(const PurchaseRules& rules, const Purchase& purchase) {
  return verdict_text(
      judge(rules, purchase.facts(), [&](const std::string&) { return purchase.uses; }));
}

const std::string kSmall =
    "name='small', action='allow', up_to='15.00:USD', merchants=['merchant-a'], per_day=3";
const std::string kAudio = kSmall + ", categories=['Electronics > Audio']";
const std::string kMore =
    "name='more', action='allow', up_to='50.00:USD', merchants=['merchant-a','merchant-b'], "
    "per_day=10";
const std::string kAskAll = "name='all', action='ask'";
const std::string kDenyAll = "name='none', action='deny'";
const std::string kDenyBig = "name='big', action='deny', above='100.00:USD'";
const std::string kDenyPhones = "name='phones', action='deny', categories=['Electronics > Phones']";
const std::string kDenyNight = "name='night', action='deny', between='22:00-06:00', zone='UTC'";

std::string allowed_between(const std::string& hours, const std::string& zone) {
  return fmt::format("{}, between='{}', zone='{}'", kSmall, hours, zone);
}

std::string denied_between(const std::string& hours, const std::string& zone) {
  return fmt::format("name='hours', action='deny', between='{}', zone='{}'", hours, zone);
}

struct Case {
  std::vector<std::string> rules;
  Purchase purchase;
  std::string verdict;
};

const std::vector<Case>& cases() {
  using Categories = std::vector<std::optional<std::string>>;
  const Categories none = {std::nullopt};
  const Categories phone = {"Electronics > Phones"};
  const Categories mixed = {"Electronics > Audio", "Home > Mugs"};
  const Categories half_known = {"Electronics > Audio", std::nullopt};
  constexpr std::int64_t kSpringBefore = 1'774'744'200;  // 2026-03-29T00:30Z, 01:30 in Paris
  constexpr std::int64_t kSpringAfter = 1'774'747'800;   // one hour later, 03:30 there
  constexpr std::int64_t kAutumnFirst = 1'792'888'200;   // 2026-10-25T00:30Z, 02:30 in Paris
  constexpr std::int64_t kAutumnSecond = 1'792'891'800;  // one hour later, 02:30 again
  constexpr std::int64_t kSummer = 1'782'864'000;        // 2026-07-01T00:00Z
  static const std::vector<Case> all = {
      // Nothing matches: a person is asked.
      {{kSmall}, {.minor = 1501}, "ask"},
      {{kDenyBig}, {}, "ask"},
      {{kDenyPhones, kDenyNight}, {}, "ask"},
      // Amounts, to the cent.
      {{kSmall}, {.minor = 1500}, "allow by small"},
      {{kSmall}, {.minor = 1}, "allow by small"},
      {{kDenyBig}, {.minor = 10'000}, "ask"},
      {{kDenyBig}, {.minor = 10'001}, "deny by big"},
      {{"name='middle', action='ask', above='10.00:USD', up_to='20.00:USD'", kMore},
       {.minor = 1000},
       "allow by more"},
      {{"name='middle', action='ask', above='10.00:USD', up_to='20.00:USD'", kMore},
       {.minor = 1001},
       "ask by middle"},
      {{"name='middle', action='ask', above='10.00:USD', up_to='20.00:USD'", kMore},
       {.minor = 2000},
       "ask by middle"},
      {{"name='middle', action='ask', above='10.00:USD', up_to='20.00:USD'", kMore},
       {.minor = 2001},
       "allow by more"},
      {{"name='yen', action='allow', up_to='5000:JPY', merchants=['merchant-a'], per_day=1"},
       {.minor = 5000, .currency = "JPY"},
       "allow by yen"},
      // Another currency never matches, not even a deny by amount.
      {{kSmall}, {.currency = "EUR"}, "ask"},
      {{kSmall}, {.currency = ""}, "ask"},
      {{kSmall}, {.currency = "usd"}, "ask"},
      {{kDenyBig}, {.minor = 1'000'000, .currency = "EUR"}, "ask"},
      {{"name='euro', action='deny', currency='EUR'"}, {.currency = "EUR"}, "deny by euro"},
      {{"name='euro', action='deny', currency='EUR'"}, {.currency = "USD"}, "ask"},
      {{"name='euro', action='ask', currency='EUR'", kMore}, {}, "allow by more"},
      // Merchants, letter by letter.
      {{kSmall}, {.merchant = "merchant-b"}, "ask"},
      {{kMore}, {.merchant = "merchant-b"}, "allow by more"},
      {{kSmall}, {.merchant = "Merchant-a"}, "ask"},
      {{kSmall}, {.merchant = "merchant-a "}, "ask"},
      {{kSmall}, {.merchant = "merchant-\xd0\xb0"}, "ask"},
      {{kSmall}, {.merchant = ""}, "ask"},
      {{"name='b', action='deny', merchants=['merchant-b']"},
       {.merchant = "merchant-b"},
       "deny by b"},
      {{"name='b', action='deny', merchants=['merchant-b']"}, {}, "ask"},
      // Categories, by whole names.
      {{kAudio}, {}, "allow by small"},
      {{kAudio}, {.categories = {"Electronics > Audio"}}, "allow by small"},
      {{kAudio}, {.categories = {"electronics>AUDIO > Speakers"}}, "allow by small"},
      {{kAudio}, {.categories = {"Electronics > Audio books"}}, "ask"},
      {{kAudio}, {.categories = {"Electronics"}}, "ask"},
      {{kAudio}, {.categories = {"Books > Electronics > Audio"}}, "ask"},
      {{kAudio}, {.categories = mixed}, "ask"},  // every item must lie in it
      {{kDenyPhones, kMore}, {.categories = phone}, "deny by phones"},
      {{kDenyPhones, kMore},
       {.categories = {"Home > Mugs", "Electronics > Phones > Cases"}},
       "deny by phones"},  // one item is enough
      {{kDenyPhones, kMore}, {}, "allow by more"},
      {{"name='guard', action='ask', categories=['Home']", kMore},
       {.categories = mixed},
       "ask by guard"},
      // A category that is not known matches deny only.
      {{kAudio}, {.categories = none}, "ask"},
      {{kAudio}, {.categories = half_known}, "ask"},
      {{kAudio}, {.categories = {}}, "ask"},
      {{kAudio}, {.categories = {""}}, "ask"},
      {{kDenyPhones, kMore}, {.categories = none}, "deny by phones"},
      {{kDenyPhones, kMore}, {.categories = half_known}, "deny by phones"},
      {{"name='guard', action='ask', categories=['Home']", kMore},
       {.categories = none},
       "allow by more"},
      // Time of day: the first minute belongs to it, the last does not.
      {{allowed_between("08:00-22:00", "UTC")},
       {.unix_seconds = seconds_at(8, 0)},
       "allow by small"},
      {{allowed_between("08:00-22:00", "UTC")}, {.unix_seconds = seconds_at(8, 0) - 1}, "ask"},
      {{allowed_between("08:00-22:00", "UTC")},
       {.unix_seconds = seconds_at(22, 0) - 1},
       "allow by small"},
      {{allowed_between("08:00-22:00", "UTC")}, {.unix_seconds = seconds_at(22, 0)}, "ask"},
      {{allowed_between("00:00-24:00", "UTC")},
       {.unix_seconds = seconds_at(23, 59)},
       "allow by small"},
      {{kDenyNight}, {.unix_seconds = seconds_at(22, 0)}, "deny by night"},
      {{kDenyNight}, {.unix_seconds = seconds_at(5, 59)}, "deny by night"},
      {{kDenyNight}, {.unix_seconds = seconds_at(6, 0)}, "ask"},
      // By the clocks of the zone, summer time and quarters of an hour included.
      {{denied_between("12:59-13:01", "Europe/Paris")}, {}, "deny by hours"},
      {{denied_between("02:00-02:01", "Europe/Paris")}, {.unix_seconds = kSummer}, "deny by hours"},
      {{denied_between("17:45-17:46", "Asia/Kathmandu")}, {}, "deny by hours"},
      {{denied_between("07:00-07:01", "America/New_York")}, {}, "deny by hours"},
      {{denied_between("02:00-03:00", "Europe/Paris")}, {.unix_seconds = kSpringBefore}, "ask"},
      {{denied_between("02:00-03:00", "Europe/Paris")}, {.unix_seconds = kSpringAfter}, "ask"},
      {{denied_between("02:30-02:31", "Europe/Paris")},
       {.unix_seconds = kAutumnFirst},
       "deny by hours"},
      {{denied_between("02:30-02:31", "Europe/Paris")},
       {.unix_seconds = kAutumnSecond},
       "deny by hours"},
      // Count of a day.
      {{kSmall}, {.uses = 2}, "allow by small"},
      {{kSmall}, {.uses = 3}, "ask"},
      {{kSmall}, {.uses = 4}, "ask"},
      {{kSmall, kMore}, {.uses = 3}, "allow by more"},
      // Order: any deny wins, else the first that matches.
      {{kSmall, kDenyAll}, {}, "deny by none"},
      {{kAskAll, kDenyAll}, {}, "deny by none"},
      {{kMore, kSmall}, {}, "allow by more"},
      {{kSmall, kMore}, {}, "allow by small"},
      {{kAskAll, kSmall}, {}, "ask by all"},
      {{kSmall, kAskAll}, {}, "allow by small"},
      {{kSmall, kAskAll}, {.minor = 1600}, "ask by all"},
      {{"name='first', action='deny'", kDenyAll}, {}, "deny by first"},
  };
  return all;
}

TEST(PurchaseRules, decide_as_the_table_says) {
  EXPECT_GE(cases().size(), 60U);
  for (const Case& one : cases()) {
    EXPECT_EQ(judged(rules_of(one.rules), one.purchase), one.verdict) << file_of(one.rules);
  }
}

TEST(PurchaseRules, that_are_not_there_ask) { EXPECT_EQ(judged({}, {}), "ask"); }

TEST(PurchaseRules, of_a_run_with_a_flag_of_its_own_only_deny) {
  for (Case one : cases()) {
    PurchaseRules rules = rules_of(one.rules);
    rules.deny_only = true;
    const bool deny = one.verdict.starts_with("deny");
    EXPECT_EQ(judged(rules, one.purchase), deny ? one.verdict : "ask") << file_of(one.rules);
  }
}

TEST(PurchaseRules, follow_the_clock_of_this_machine_without_a_zone) {
  const char* const before = std::getenv("TZ");
  const std::string kept = before == nullptr ? "" : before;
  ::setenv("TZ", "Asia/Kathmandu", 1);
  ::tzset();
  EXPECT_EQ(judged(rules_of({"name='tea', action='deny', between='17:45-17:46'"}), {}),
            "deny by tea");
  EXPECT_EQ(judged(rules_of({"name='tea', action='deny', between='12:00-12:01'"}), {}), "ask");
  if (before == nullptr) {
    ::unsetenv("TZ");
  } else {
    ::setenv("TZ", kept.c_str(), 1);
  }
  ::tzset();
}

// A zone that is gone since the file was read.
TEST(PurchaseRules, whose_time_cannot_be_told_match_only_when_they_deny) {
  PurchaseRules rules = rules_of({allowed_between("00:00-24:00", "UTC"), kDenyNight});
  for (Rule& rule : rules.rules) rule.between->zone = "Nowhere/At_All";
  EXPECT_EQ(judged(rules, {}), "deny by night");
  rules.rules.pop_back();
  EXPECT_EQ(judged(rules, {}), "ask");
}

TEST(PurchaseRules, say_why_they_do_not_match) {
  const auto why = [](const std::string& rule, const Purchase& purchase) {
    return why_no_match(rules_of({rule}).rules.front(), purchase.facts(),
                        [&](const std::string&) { return purchase.uses; })
        .value_or("matches");
  };
  EXPECT_EQ(why(kSmall, {}), "matches");
  EXPECT_EQ(why(kSmall, {.minor = 1501}), "15.01 USD is more than 15.00 USD");
  EXPECT_EQ(why(kDenyBig, {}), "15.00 USD is not more than 100.00 USD");
  EXPECT_EQ(why(kSmall, {.currency = "EUR"}), "the total is in \"EUR\", the rule in USD");
  EXPECT_EQ(why(kSmall, {.merchant = "x"}), "merchant \"x\" is not among merchant-a");
  EXPECT_EQ(why(kAudio, {.categories = {"Home"}}),
            "category \"Home\" is not among Electronics > Audio");
  EXPECT_EQ(why(kAudio, {.categories = {std::nullopt}}), "the category of an item is not known");
  EXPECT_EQ(why(kDenyNight, {}), "it is 12:00 there, not between 22:00 and 06:00");
  EXPECT_EQ(why(kSmall, {.uses = 3}), "it allowed 3 of 3 purchases in 24 hours");
}

TEST(PurchaseRules, are_described_as_they_are_written) {
  const auto text = [](const std::string& rule) {
    return described(rules_of({rule}).rules.front());
  };
  EXPECT_EQ(text(kSmall), "allow up to 15.00 USD at merchant-a, 3 in 24 hours");
  EXPECT_EQ(text(kMore), "allow up to 50.00 USD at merchant-a or merchant-b, 10 in 24 hours");
  EXPECT_EQ(text("name='x', action='ask', above='1:USD', categories=['\xc3\x89lectro', 'Home']"),
            "ask above 1.00 USD for \"\\u00c9lectro\" or \"Home\"");
  EXPECT_EQ(text(denied_between("22:00-06:00", "Europe/Paris")),
            "deny between 22:00 and 06:00 in Europe/Paris");
  EXPECT_EQ(text("name='x', action='deny', currency='EUR'"), "deny in EUR");
  EXPECT_EQ(rule_record(rules_of({kDenyAll}).rules.front()), "policy: rule none (deny)");
}

TEST(PurchaseRules, are_read_in_their_order_with_everything_in_them) {
  const std::vector<Rule> rules = parse_rules(R"(
provider = "gemini"

[[purchases.rules]]
name = "coffee"
action = "allow"
up_to = "15.00:USD"
currency = "USD"
merchants = ["merchant-a", "merchant_B2"]
categories = ["Food > Coffee"]
between = "22:00-06:30"
zone = "Europe/Paris"
per_day = 2

[purchases]
limit_day = "300:USD"

[[purchases.rules]]
name = "big"
action = "deny"
above = "100:USD"
)",
                                              "config.toml");
  Rule coffee;
  coffee.name = "coffee";
  coffee.action = RuleAction::kAllow;
  coffee.up_to = commerce::Money{1500, "USD"};
  coffee.currency = "USD";
  coffee.merchants = {"merchant-a", "merchant_B2"};
  coffee.categories = {"Food > Coffee"};
  coffee.between = RuleHours{22 * 60, 6 * 60 + 30, "Europe/Paris"};
  coffee.per_day = 2;
  coffee.line = 4;
  Rule big;
  big.name = "big";
  big.action = RuleAction::kDeny;
  big.above = commerce::Money{10'000, "USD"};
  big.line = 18;
  EXPECT_EQ(rules, (std::vector{coffee, big}));
  EXPECT_THAT(parse_rules("provider = 'gemini'\n", "config.toml"), SizeIs(0));

  std::vector<Rule> again = parse_rules(host::rules_text(rules), "config.toml");
  ASSERT_THAT(again, SizeIs(2));
  for (std::size_t i = 0; i < again.size(); ++i) again[i].line = rules[i].line;
  EXPECT_EQ(again, rules);
}

TEST(PurchaseRules, that_are_not_understood_are_refused_with_file_rule_and_key) {
  const auto with = [](const std::string& more) { return "name='x', action='ask', " + more; };
  struct Wrong {
    std::string rule;
    std::string says;
  };
  const std::vector<Wrong> wrong = {
      {"action='ask'", "rule 1: name: is missing"},
      {"name='', action='ask'", "rule 1: name: must be a text"},
      {"name=3, action='ask'", "rule 1: name: must be a text"},
      {"name='a b', action='ask'", "rule 1: name: \"a b\" is no name"},
      {"name='a(', action='ask'", "is no name"},
      {"name='" + std::string(41, 'a') + "', action='ask'", "is no name"},
      {"name='x'", "rule x: action: is missing"},
      {"name='x', action='Allow'", "rule x: action: \"Allow\" is not allow, ask or deny"},
      {"name='x', action=['deny']", "rule x: action: must be a text"},
      {with("upto='1:USD'"), "rule x: upto: no key of a rule; did you mean 'up_to'?"},
      {with("weather='fine'"), "weather: no key of a rule; known are name, action"},
      {with("'a b'=1"), "\"a b"},
      {with("up_to='50'"), "rule x: up_to: \"50\": the currency is missing"},
      {with("up_to=50"), "rule x: up_to: must be a text"},
      {with("up_to='50:XXX'"), "is not a currency this program knows"},
      {with("up_to='0:USD'"), "must be above zero"},
      {with("up_to='-1:USD'"), "up_to"},
      {with("up_to='1e3:USD'"), "up_to"},
      {with("up_to='50.001:USD'"), "up_to"},
      {with("up_to='10000.01:USD'"), "may exceed 10000.00 USD"},
      {with("above='x:USD'"), "above"},
      {with("above='50:USD', up_to='50:USD'"), "could never match"},
      {with("above='1:USD', up_to='50:EUR'"), "could never match"},
      {with("currency='EUR', up_to='50:USD'"), "could never match"},
      {with("currency='EUR', above='50:USD'"), "could never match"},
      {with("currency='euro'"), "rule x: currency: \"euro\" is not a currency"},
      {with("merchants=[]"), "rule x: merchants: must be a list"},
      {with("merchants='merchant-a'"), "rule x: merchants: must be a list"},
      {with("merchants=['*']"), "rule x: merchants: \"*\" is no merchant id"},
      {with("merchants=['a', 1]"), "rule x: merchants: must be a text"},
      {with("categories=[]"), "rule x: categories: must be a list"},
      {with("categories=['']"), "rule x: categories: must be a text"},
      {with("categories=['A > > B']"), "is no category"},
      {with("categories=['> B']"), "is no category"},
      {with("categories=['A >']"), "is no category"},
      {with(R"(categories=["A\n"])"), "rule x: categories: holds control characters"},
      {with("between='8-22'"), "is no time of day"},
      {with("between='08:00'"), "is no time of day"},
      {with("between='08:00-08:00'"), "is no time of day"},
      {with("between='08:60-09:00'"), "is no time of day"},
      {with("between='24:00-08:00'"), "is no time of day"},
      {with("between='08:00-24:01'"), "is no time of day"},
      {with("between='08:00 - 09:00'"), "is no time of day"},
      {with("zone='Europe/Paris'"), "rule x: zone: goes with between only"},
      {with("between='08:00-09:00', zone='Europe/Pairs'"),
       "rule x: zone: this machine knows no time zone \"Europe/Pairs\""},
      {with("per_day=1"), "rule x: per_day: goes with action"},
      {"name='x', action='allow', merchants=['a'], per_day=1", "rule x: up_to: is missing"},
      {"name='x', action='allow', above='1:USD', merchants=['a'], per_day=1", "up_to: is missing"},
      {"name='x', action='allow', up_to='1:USD', per_day=1", "rule x: merchants: is missing"},
      {"name='x', action='allow', up_to='1:USD', merchants=['a']", "rule x: per_day: is missing"},
      {"name='x', action='allow', up_to='1:USD', merchants=['a'], per_day=0", "from 1 to 1000"},
      {"name='x', action='allow', up_to='1:USD', merchants=['a'], per_day='1'", "from 1 to 1000"},
      {"name='x', action='allow', up_to='1:USD', merchants=['a'], per_day=1.0", "from 1 to 1000"},
  };
  const auto refusal_of = [](const std::string& text) -> std::string {
    try {
      parse_rules(text, "config.toml");
    } catch (const Error& error) {
      EXPECT_EQ(error.code, ErrorCode::kInvalidArgument);
      return error.what();
    }
    return "accepted";
  };
  for (const Wrong& one : wrong) {
    const std::string said = refusal_of(file_of({one.rule}));
    EXPECT_THAT(said, AllOf(HasSubstr("config.toml, line 1: rule "), HasSubstr(one.says)))
        << one.rule;
    EXPECT_EQ(said.find('\n'), std::string::npos) << said;
  }
  EXPECT_THAT(refusal_of(file_of({kSmall, kSmall})),
              EndsWith("rule small: name: is used in line 1 already"));
  EXPECT_THAT(refusal_of("purchases.rules = ['a']"), HasSubstr("[[purchases.rules]]"));
  EXPECT_THAT(refusal_of("[purchases.rules]\nname = 'x'\n"), HasSubstr("[[purchases.rules]]"));
}

}  // namespace
}  // namespace cartpilot::purchase

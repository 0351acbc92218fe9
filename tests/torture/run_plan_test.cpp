// Casting, the person and the model: the same seed gives the same run, every fault, script and
// behaviour is in play.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

#include "torture/rule_files.h"
#include "torture/run_plan.h"
#include "torture/worst_model.h"

namespace cartpilot::torture {
namespace {

constexpr KillHorizon kHorizon{400, 300};

TEST(RunPlan, same_seed_gives_the_same_scene) {
  for (std::uint64_t seed = 1; seed < 50; ++seed) {
    EXPECT_EQ(describe(cast_scene(seed, true, kHorizon, 30)),
              describe(cast_scene(seed, true, kHorizon, 30)));
  }
}

TEST(RunPlan, two_thousand_seeds_use_every_fault_script_and_behaviour) {
  std::set<std::string> faults;
  std::set<std::string> scripts;
  std::set<Behaviour> people;
  for (std::uint64_t seed = 1; seed <= 2'000; ++seed) {
    const RunPlan plan = cast_scene(seed, false, kHorizon, 30);
    faults.insert(plan.fault_name.substr(0, plan.fault_name.find('+')));
    scripts.insert(plan.script);
    people.insert(plan.person);
    EXPECT_EQ(plan.kill_at, 0);
  }
  for (const std::string& row : fault_menu()) EXPECT_TRUE(faults.contains(row)) << row;
  EXPECT_TRUE(faults.contains("none"));
  EXPECT_EQ(scripts.size(), worst_scripts().size());
  EXPECT_EQ(people.size(), static_cast<std::size_t>(Behaviour::kCount));
}

TEST(RunPlan, with_rules_uses_every_file_killed_and_in_company_too) {
  std::set<std::string> files;
  int killed = 0;
  int company = 0;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    const RunPlan plan = cast_rules(seed, kHorizon, 30);
    ASSERT_NE(rule_file(plan.rules), nullptr);
    files.insert(plan.rules);
    killed += plan.kill_at > 0 ? 1 : 0;
    company += plan.scripts.empty() ? 0 : 1;
    EXPECT_EQ(plan.approve, "ask");
    EXPECT_EQ(plan.merchants, "");
    EXPECT_TRUE(describe(plan).starts_with("seed r"));
  }
  EXPECT_EQ(files.size(), rule_files().size());
  EXPECT_GT(killed, 20);
  EXPECT_GT(company, 20);
}

TEST(RunPlan, kill_points_reach_from_the_first_to_the_last) {
  std::set<std::int64_t> points;
  for (std::uint64_t seed = 1; seed <= 5'000; ++seed) {
    points.insert(cast_scene(seed, true, kHorizon, 30).kill_at);
  }
  EXPECT_EQ(*points.begin(), 1);
  EXPECT_EQ(*points.rbegin(), kHorizon.purchase);
  EXPECT_GT(points.size(), static_cast<std::size_t>(kHorizon.purchase) * 9 / 10);
}

std::string text_of_file(const std::string& path) {
  std::ifstream in(std::string(CARTPILOT_FIXTURES) + "/../" + path);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

TEST(RunPlan, page_about_it_names_every_finding_once_and_every_fault) {
  const std::string page = text_of_file("../docs/torture.md");
  const std::string tests = text_of_file("torture/findings_test.cpp");
  for (int number = 1; number <= 27; ++number) {
    const std::string row = "\n| " + std::to_string(number) + " |";
    const std::size_t found = page.find(row);
    ASSERT_NE(found, std::string::npos) << row;
    EXPECT_EQ(page.find(row, found + 1), std::string::npos) << row;
    EXPECT_NE(tests.find(fmt::format(" finding_{:02}_", number)), std::string::npos) << row;
  }
  const auto first_face = [](int) { return 0; };
  for (const std::string& row : fault_menu()) {
    for (const Fault& fault : faults_of(row, first_face)) {
      EXPECT_NE(page.find("`" + fault.kind + "`"), std::string::npos) << fault.kind;
    }
  }
}

struct Desk {
  explicit Desk(Behaviour behaviour) : person(behaviour, hands()) {}
  Person::Hands hands() {
    return {[this](const std::string& text) { typed += text; }, [this] { closed = true; },
            [this](std::int64_t seconds) { passed += seconds; }, [] { return std::int64_t{7}; },
            [] { return std::size_t{3}; }};
  }
  std::string typed;
  bool closed = false;
  std::int64_t passed = 0;
  Person person;
};

constexpr const char* kQuestion =
    "==== PURCHASE APPROVAL\n Item  1 x Nice. Type the total (0.01) and the code (aaaa)\n TOTAL "
    "86.38 USD\n Type the total (86.38) and the code (kfmq) to buy, Enter alone says no [120 s]: ";

TEST(Person, reads_the_total_where_it_stands_and_types_it_once_the_question_is_whole) {
  Desk desk(Behaviour::kTypesTotal);
  const std::string question = kQuestion;
  desk.person.see(question.substr(0, question.size() - 3));
  EXPECT_EQ(desk.typed, "");
  desk.person.see(question.substr(question.size() - 3));
  EXPECT_EQ(desk.typed, "86.38 kfmq\n");
  ASSERT_EQ(desk.person.questions().size(), 1U);
  EXPECT_TRUE(desk.person.questions()[0].agreed);
  EXPECT_EQ(desk.person.questions()[0].at_ms, 7);
}

TEST(Person, other_behaviours_agree_to_nothing) {
  for (const Behaviour behaviour :
       {Behaviour::kSaysNo, Behaviour::kTypesY, Behaviour::kTypesNothing, Behaviour::kWalksAway,
        Behaviour::kTypesOtherTotal, Behaviour::kTypesEarly, Behaviour::kPastes,
        Behaviour::kClosesTerminal, Behaviour::kInterrupts, Behaviour::kEndsInput}) {
    Desk desk(behaviour);
    desk.person.see(kQuestion);
    EXPECT_FALSE(desk.person.questions().at(0).agreed) << name_of(behaviour);
    EXPECT_NE(desk.typed, "86.38 kfmq\n") << name_of(behaviour);
  }
}

TEST(Person, who_walks_away_stays_away_until_something_happens) {
  Desk desk(Behaviour::kWalksAway);
  desk.person.see(kQuestion);
  desk.person.nothing_happens();
  desk.person.nothing_happens();
  EXPECT_EQ(desk.passed, 260);
  desk.person.see("\n");
  desk.person.nothing_happens();
  EXPECT_EQ(desk.passed, 260);
}

}  // namespace
}  // namespace cartpilot::torture

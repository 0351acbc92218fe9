#include "serve/people.h"

#include <algorithm>
#include <utility>

namespace cartpilot::host {

People::People(app::AppServices& services, Settings settings, OtherOwner other_owner)
    : services_(services), settings_(std::move(settings)), other_owner_(std::move(other_owner)) {}

std::shared_ptr<Person> People::find(const std::string& name) {
  {
    const std::lock_guard lock(mutex_);
    const auto known = people_.find(name);
    if (known != people_.end()) return known->second;
  }
  // Opening a state may take a while, and nobody else waits for it.
  Person::OtherOwner other_owner;
  if (other_owner_) {
    other_owner = [this, name](const std::string& conversation) {
      return other_owner_(name, conversation);
    };
  }
  auto made = std::make_shared<Person>(services_, name, settings_(name), std::move(other_owner));
  const std::lock_guard lock(mutex_);
  if (ending_) made->stop_all();
  const auto gone = std::find_if(people_.begin(), people_.end(), [](const auto& entry) {
    return entry.second.use_count() == 1 && entry.second->running_turns() == 0;
  });
  if (people_.size() >= kMaxPeople && gone != people_.end()) people_.erase(gone);
  return people_.emplace(name, std::move(made)).first->second;
}

std::vector<std::shared_ptr<Person>> People::all() {
  std::vector<std::shared_ptr<Person>> all;
  const std::lock_guard lock(mutex_);
  for (const auto& entry : people_) all.push_back(entry.second);
  return all;
}

void People::moved_away(const std::string& person, const std::string& conversation) {
  std::shared_ptr<Person> found;
  {
    const std::lock_guard lock(mutex_);
    const auto known = people_.find(person);
    if (known == people_.end()) return;
    found = known->second;
  }
  found->moved_away(conversation);
}

void People::rest(std::chrono::seconds idle) {
  for (const auto& person : all()) person->rest(idle);
}

std::size_t People::running_turns() {
  std::size_t running = 0;
  for (const auto& person : all()) running += person->running_turns();
  return running;
}

void People::stop_all() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  for (const auto& person : all()) person->stop_all();
}

void People::abandon_all() {
  for (const auto& person : all()) person->abandon_all();
}

}  // namespace cartpilot::host

// People: everybody who uses this `serve`, each made when they first come.
//
// Any thread.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "serve/person.h"

namespace cartpilot::host {

/// People that are held at once; somebody who does nothing makes room.
constexpr std::size_t kMaxPeople = 5000;

class People {
 public:
  using Settings = std::function<app::SessionSettings(const std::string& name)>;
  using OtherOwner = std::function<std::optional<std::string>(const std::string& person,
                                                              const std::string& conversation)>;

  /// `settings` gives the conversations of a person their state. `other_owner` may be null; see
  /// Person.
  People(app::AppServices& services, Settings settings, OtherOwner other_owner = nullptr);

  /// Throws Error{kUnavailable} when the state cannot be opened.
  std::shared_ptr<Person> find(const std::string& name);

  /// Another process has this conversation; see Person.
  void moved_away(const std::string& person, const std::string& conversation);

  /// See Person::rest(); also lets go of people who are gone.
  void rest(std::chrono::seconds idle);
  std::size_t running_turns();
  void stop_all();
  void abandon_all();

 private:
  std::vector<std::shared_ptr<Person>> all();

  app::AppServices& services_;
  const Settings settings_;
  const OtherOwner other_owner_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Person>> people_;
  bool ending_ = false;
};

}  // namespace cartpilot::host

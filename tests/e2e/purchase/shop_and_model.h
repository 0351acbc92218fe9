// What the tests of the whole program stand on: a CartPilot with a truth ledger on a real port, and
// a model that plays a script.
#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "fakes/shopping_model.h"
#include "loopback_shop.h"
#include "terminal_program.h"

namespace cartpilot::e2e {

using purchase::LoopbackShop;

/// Checkout, quote and request of approval for the `nth` purchase of a fresh shop.
std::vector<fakes::ModelStep> prepare_steps(int nth = 1, const std::string& product = "headphones",
                                            int quantity = 1);
/// The same, then approve, confirm, and "Enjoy!".
std::vector<fakes::ModelStep> buying_steps(int nth = 1, const std::string& product = "headphones",
                                           int quantity = 1);

/// The id of the checkout that the `nth` purchase of a fresh shop makes.
std::string checkout_id(int nth = 1);

/// The script provider with a script of its own: the n-th step for the n-th request of a run; after
/// the last one, "done". Texts come character by character.
class ScriptedModel {
 public:
  explicit ScriptedModel(const std::vector<fakes::ModelStep>& steps);
  /// "chat" with it and that shop, and `more`.
  std::vector<std::string> chat(const std::string& shop,
                                const std::vector<std::string>& more) const;

 private:
  const Home folder_;
};

/// "chat" with the openai provider and that shop, and `more`.
std::vector<std::string> chat_words(const std::string& shop, const std::vector<std::string>& more);

/// Lines for `tools handle --provider openai`: the whole `nth` purchase.
std::string buying_lines(int nth = 1, const std::string& product = "headphones", int quantity = 1);
/// "tools handle" at that shop with a standing permission.
std::vector<std::string> handle_words(const std::string& shop,
                                      const std::vector<std::string>& more = {});

/// Waits until another thread sets `flag`. Throws std::runtime_error after 60 s.
void wait_until_set(const std::atomic<bool>& flag, const char* what);

/// The names of the states of the newest purchase, oldest first.
std::vector<std::string> states_of_newest(const Home& home);
std::filesystem::path state_file(const Home& home);
std::size_t orders_of(LoopbackShop& shop);

}  // namespace cartpilot::e2e

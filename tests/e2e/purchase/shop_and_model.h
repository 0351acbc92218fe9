// What the tests of the whole program stand on: a CartPilot with a truth ledger on a real port, and
// a pretend vendor whose model plays a script.
#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "fakes/openai.h"
#include "loopback_shop.h"
#include "terminal_program.h"

namespace cartpilot::e2e {

using purchase::LoopbackShop;

/// The n-th step for the n-th request; after the last one, "done".
fakes::Model script(std::vector<fakes::ModelStep> steps);

/// Checkout, quote and request of approval for the `nth` purchase of a fresh shop.
std::vector<fakes::ModelStep> prepare_steps(int nth = 1, const std::string& product = "headphones",
                                            int quantity = 1);
/// The same, then approve, confirm, and "Enjoy!".
std::vector<fakes::ModelStep> buying_steps(int nth = 1, const std::string& product = "headphones",
                                           int quantity = 1);

/// The id of the checkout that the `nth` purchase of a fresh shop makes.
std::string checkout_id(int nth = 1);

/// "chat" with that vendor and that shop, and `more`.
std::vector<std::string> chat_words(const std::string& shop, const std::vector<std::string>& more);
Environment chat_environment(const fakes::FakeOpenAi& vendor);

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

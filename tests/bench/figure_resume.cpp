// Figures 6 and 7: what a long conversation costs.

#include <atomic>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

#include <fmt/format.h>

#include "cartpilot/json.h"
#include "child.h"
#include "commerce/tools.h"
#include "figure.h"
#include "long_talk.h"
#include "replay.h"
#include "store/sessions.h"
#include "vendor.h"

namespace cartpilot::bench {
namespace {

constexpr int kTurns = 1000;
constexpr std::size_t kResultBytes = 600;  // 1,000 turns of it are about 1 MB

std::string file_text(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

/// What the shop answers, from a recorded exchange.
Json shop_answer(const Setup& setup, const std::string& exchange) {
  return parse_json(file_text(setup.fixtures / "cartpilot" / exchange)).at("answer").at("body");
}

GenerateRequest request_with(std::vector<Message> messages) {
  GenerateRequest request;
  request.model = "gpt-4o";
  request.system = "You help a person shop.";
  request.tools = commerce::cartpilot_tool_specs();
  request.messages = std::move(messages);
  request.messages.push_back(Message::user("and now?"));
  return request;
}

void measure_encode(const Setup& setup, const std::string& vendor, Figures& figures) {
  const TurnCost small = next_turn(setup, vendor, 10, 8);
  const TurnCost large = next_turn(setup, vendor, kTurns, 8);
  // The request itself has to be written out once and handed over once, whatever the program does.
  const std::string bytes(large.request_bytes, 'x');
  std::vector<double> copies;
  for (int i = 0; i < 20; ++i) {
    const auto begin = Clock::now();
    const std::string once = bytes;
    const std::string twice = once;
    copies.push_back(milliseconds(Clock::now() - begin));
    if (twice.size() != bytes.size()) return;
  }
  figures.push_back({6, fmt::format("{}: turn n+1 after 1 MB, above one after 10 kB", vendor), "ms",
                     "copying the request's bytes twice", median(copies),
                     large.milliseconds - small.milliseconds, 100});
}

}  // namespace

TurnCost next_turn(const Setup& setup, const std::string& vendor, int turns, int runs) {
  ReplayProvider replay(setup.plugins, vendor);
  replay.transport.answer = vendor == "gemini" ? gemini_text("ok") + gemini_end()
                            : vendor == "anthropic"
                                ? anthropic_begin() + anthropic_text("ok") + anthropic_end()
                                : openai_text("ok") + openai_end("stop");
  GenerateRequest request = request_with(long_talk(turns, kResultBytes, vendor));
  if (vendor == "gemini") request.model = "gemini-2.5-flash";
  NullSink sink;
  replay.provider->generate(request, sink, CallContext());
  std::vector<double> times;
  for (int i = 0; i < runs; ++i) {
    for (Message& message : talk_turn(turns + i, kResultBytes, vendor)) {
      request.messages.push_back(std::move(message));
    }
    request.messages.push_back(Message::user("and now?"));
    const auto begin = Clock::now();
    replay.provider->generate(request, sink, CallContext());
    times.push_back(milliseconds(Clock::now() - begin));
  }
  return {median(times), replay.transport.request_bytes};
}

void measure_resume(const Setup& setup, Figures& figures) {
  const std::filesystem::path home = setup.home / "long";
  const std::filesystem::path database = home / "state" / "cartpilot" / "state.db";
  {
    store::StateDb db(database);
    store::SessionStore sessions(db);
    sessions.open("long", "gemini", "gemini-2.5-flash");
    for (const Message& message : long_talk(kTurns, kResultBytes, "gemini")) {
      sessions.append("long", message);
    }
  }
  std::vector<double> limits;
  std::vector<double> times;
  for (int i = 0; i <= setup.runs; ++i) {
    const auto begin = Clock::now();
    const std::string text = file_text(database);
    const double read = milliseconds(Clock::now() - begin);
    Child child(
        {setup.program, "chat", "--provider", "gemini", "--resume", "long", "--approve", "never"},
        environment_of(home, gemini_variables("http://127.0.0.1:9", "http://127.0.0.1:9")),
        Child::Streams::kTerminal);
    const double time = milliseconds(child.wait_for("you> ") - child.started());
    if (i == 0) continue;
    limits.push_back(read);
    times.push_back(time);
  }
  figures.push_back({6, "resuming 1,000 turns, 1 MB, to the prompt", "ms", "reading the file",
                     median(limits), median(times), 80});
  measure_encode(setup, "gemini", figures);
  measure_encode(setup, "openai", figures);
  measure_encode(setup, "anthropic", figures);
}

void measure_memory(const Setup& setup, Figures& figures) {
  const std::string intent = json_answer(dump_json(shop_answer(setup, "create_intent.json")));
  Json many = shop_answer(setup, "get_intent_offers.json");
  while (dump_json(many).size() < 30'000) many["items"].push_back(many["items"][0]);
  const std::string offers = json_answer(dump_json(many));
  Server shop([&](Peer& peer) {
    for (std::string request; !(request = peer.read_request()).empty();) {
      if (!peer.write(request.rfind("POST", 0) == 0 ? intent : offers)) return;
    }
  });
  std::atomic<int> requests{0};
  Server vendor([&](Peer& peer) {
    for (std::string request; !(request = peer.read_request()).empty();) {
      const int step = requests++ % 3;
      std::string answer = stream_head();
      if (step == 0) {
        answer += chunk(gemini_call("create_intent", R"({"query": "wireless headphones"})"));
      } else if (step == 1) {
        answer += chunk(gemini_call("get_intent_offers",
                                    R"({"intent_id": "3f2504e0-4f89-41d3-9a0c-0305e82c3301"})"));
      } else {
        for (int i = 0; i < 40; ++i) answer += chunk(gemini_text("Here is what I found for you. "));
        answer += chunk(gemini_end());
      }
      if (!peer.write(answer + "0\r\n\r\n")) return;
    }
  });
  std::filesystem::remove_all(setup.home / "state");
  Child child(
      {setup.program, "chat", "--provider", "gemini", "--output", "jsonl", "--approve", "never"},
      environment_of(setup.home, gemini_variables(vendor.url(), shop.url())));
  std::size_t first_memory = 0;
  for (int turn = 1; turn <= 20; ++turn) {
    child.write(fmt::format("Wish {}: wireless headphones under $100\n", turn));
    child.wait_for(R"("type":"turn_end")");
    if (turn == 1) first_memory = child.peak_memory();
  }
  const std::size_t memory = child.peak_memory();
  if (child.output().find(R"("ok":false)") != std::string::npos) {
    throw std::runtime_error("a tool call failed:\n" + child.output().substr(0, 4000));
  }
  if (requests != 60) throw std::runtime_error("the 20 turns did not take 60 answers");
  figures.push_back({7, "peak memory of a 20-turn tool chat", "MB", "after its first turn",
                     static_cast<double>(first_memory) / 1e6, static_cast<double>(memory) / 1e6,
                     40});
}

}  // namespace cartpilot::bench

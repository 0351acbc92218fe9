// The shell examples of docs/sandbox.md, run as they stand: each prints what the page says.
#include <Poco/Net/ServerSocket.h>
#include <Poco/Pipe.h>
#include <Poco/PipeStream.h>
#include <Poco/Process.h>
#include <Poco/StreamCopier.h>
#include <gmock/gmock.h>

#include <fstream>
#include <sstream>

#include "unit/sandbox/killable_sandbox.h"

namespace cartpilot::sandbox {
namespace {

struct Example {
  std::string commands;
  std::string output;
};

// Every ```sh block with the ```text block behind it.
std::vector<Example> examples_in(const std::string& path) {
  std::ifstream page(path);
  std::vector<Example> examples;
  std::string* block = nullptr;
  for (std::string line; std::getline(page, line);) {
    if (line == "```sh") {
      examples.emplace_back();
      block = &examples.back().commands;
    } else if (line == "```text") {
      block = &examples.at(examples.size() - 1).output;
    } else if (line == "```") {
      block = nullptr;
    } else if (block != nullptr) {
      *block += line + "\n";
    }
  }
  return examples;
}

std::string free_port() {
  const Poco::Net::ServerSocket socket(Poco::Net::SocketAddress("127.0.0.1", 0));
  return std::to_string(socket.address().port());
}

std::string with(std::string text, const std::string& word, const std::string& replacement) {
  for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at)) {
    text.replace(at, word.size(), replacement);
    at += replacement.size();
  }
  return text;
}

std::string contents(const std::string& path) {
  std::ifstream stream(path);
  std::stringstream text;
  text << stream.rdbuf();
  return text.str();
}

TEST(SandboxPage, prints_what_its_examples_say) {
  const Folder folder;
  const std::vector<Example> examples = examples_in(CARTPILOT_SANDBOX_PAGE);
  ASSERT_GT(examples.size(), 5U);
  // One shell for all of them, since later examples use what earlier ones set; the ports are ours.
  std::string script = "set -u\ntrap 'kill $(jobs -p) 2>/dev/null' EXIT\ncd " + folder.file("") +
                       "\nexport PATH=" + std::string(CARTPILOT_PROGRAM_FOLDER) + ":$PATH" +
                       " XDG_STATE_HOME=$PWD HOME=$PWD\n";
  for (std::size_t i = 0; i < examples.size(); ++i) {
    script += "exec > output-" + std::to_string(i) + "\n" + examples[i].commands;
  }
  script = with(with(script, "8000", free_port()), "8002", free_port());
  Poco::Pipe errors;
  Poco::ProcessHandle shell =
      Poco::Process::launch("/bin/bash", {"-c", script}, nullptr, nullptr, &errors);
  Poco::PipeInputStream stream(errors);
  std::string said;
  Poco::StreamCopier::copyToString(stream, said);
  shell.wait();
  for (std::size_t i = 0; i < examples.size(); ++i) {
    EXPECT_EQ(contents(folder.file("output-" + std::to_string(i))), examples[i].output)
        << examples[i].commands << said;
  }
}

}  // namespace
}  // namespace cartpilot::sandbox

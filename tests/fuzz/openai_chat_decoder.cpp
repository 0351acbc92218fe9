#include "openai/chat_decode.h"

#include "fuzz/openai_stream.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  cartpilot::openai::fuzz::run<cartpilot::openai::ChatDecoder>(data, size);
  return 0;
}

// A server of fixture tools over HTTP on a free port of 127.0.0.1, which it prints. Ends when its
// standard input does.
#include <cstdio>
#include <exception>
#include <iostream>
#include <string>

#include "http/listener.h"
#include "mcp/http_endpoint.h"
#include "mcp_server/fixture_tools.h"

namespace {

int serve() {
  using namespace cartpilot;
  const host::HttpListener::Socket socket("127.0.0.1:0");
  const std::string place = socket.host_and_port();
  mcp::EndpointOptions options;
  options.hosts = {place, "localhost" + place.substr(place.rfind(':'))};
  mcp::HttpEndpoint endpoint(
      {"fixtures", "Fixtures", "1", ""}, [] { return std::make_shared<test::FixtureTools>(); },
      options);
  host::HttpListener listener(socket,
                              [&](const mcp::EndpointRequest& request, mcp::EndpointReply& reply) {
                                endpoint.handle(request, reply);
                              });
  std::cout << "http://" << place << mcp::kEndpointPath << std::endl;
  while (std::cin.get() != std::char_traits<char>::eof()) {
  }
  endpoint.hurry();
  listener.stop();
  return 0;
}

}  // namespace

int main() {
  try {
    return serve();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "mcp_fixture_server: %s\n", error.what());
    return 1;
  }
}

#include "unit/sandbox/raw_http.h"

#include <Poco/Net/NetException.h>

#include <stdexcept>

namespace cartpilot::sandbox {

RawHttp::RawHttp(int port)
    : socket_(Poco::Net::SocketAddress("127.0.0.1", static_cast<Poco::UInt16>(port))),
      host_("127.0.0.1:" + std::to_string(port)) {
  socket_.setReceiveTimeout(Poco::Timespan(30, 0));
  socket_.setNoDelay(true);
}

void RawHttp::write(const std::string& bytes) {
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    sent += static_cast<std::size_t>(
        socket_.sendBytes(bytes.data() + sent, static_cast<int>(bytes.size() - sent)));
  }
}

Answer RawHttp::send(const std::string& method, const std::string& target,
                     const HttpHeaders& headers, const std::string& body) {
  std::string text = method + " " + target + " HTTP/1.1\r\nHost: " + host_ + "\r\n";
  for (const auto& [name, value] : headers) text += name + ": " + value + "\r\n";
  if (!body.empty()) text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  write(text + "\r\n" + body);
  return read(method != "HEAD");
}

Answer RawHttp::read(bool has_body) {
  std::size_t end = std::string::npos;
  while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) read_until(buffer_.size() + 1);
  std::string head = buffer_.substr(0, end + 2);
  buffer_.erase(0, end + 4);
  Answer answer;
  answer.status = std::stoi(head.substr(head.find(' ') + 1));
  for (std::size_t line = head.find("\r\n") + 2; line < head.size();) {
    const std::size_t line_end = head.find("\r\n", line);
    const std::size_t colon = head.find(": ", line);
    answer.headers.emplace_back(head.substr(line, colon - line),
                                head.substr(colon + 2, line_end - colon - 2));
    line = line_end + 2;
  }
  const std::string length = answer.header("Content-Length");
  if (!has_body || length.empty()) return answer;
  read_until(std::stoul(length));
  answer.body = buffer_.substr(0, std::stoul(length));
  buffer_.erase(0, answer.body.size());
  return answer;
}

void RawHttp::read_until(std::size_t length) {
  while (buffer_.size() < length) {
    char bytes[8192];
    const int count = socket_.receiveBytes(bytes, sizeof bytes);
    if (count <= 0) throw std::runtime_error("the sandbox closed the connection");
    buffer_.append(bytes, static_cast<std::size_t>(count));
  }
}

bool RawHttp::closed() {
  if (!buffer_.empty()) return false;
  char byte = 0;
  try {
    return socket_.receiveBytes(&byte, 1) == 0;
  } catch (const Poco::Net::ConnectionResetException&) {
    return true;
  }
}

}  // namespace cartpilot::sandbox

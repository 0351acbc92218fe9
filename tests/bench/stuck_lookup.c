// A name server that never answers, for LD_PRELOAD: every lookup of a name lasts half a minute.
#include <netdb.h>
#include <unistd.h>

int getaddrinfo(const char* node, const char* service, const struct addrinfo* hints,
                struct addrinfo** result) {
  (void)node;
  (void)service;
  (void)hints;
  (void)result;
  sleep(30);
  return EAI_AGAIN;
}

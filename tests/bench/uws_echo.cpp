// uws_echo.cpp: the same work with uWebSockets, as in its example EchoServer, without compression.
// 127.0.0.1. Prints `port=N`; ends on SIGTERM.
#include "App.h"

#include <cstdio>
#include <cstdlib>

namespace {

struct nothing {};

} // namespace

int main() {
    auto message = [](auto *socket, std::string_view bytes, uWS::OpCode code) {
        socket->send(bytes, code);
    };
    uWS::App()
        .ws<nothing>("/*", {.compression = uWS::DISABLED,
                            .maxPayloadLength = 65536,
                            .maxBackpressure = 1024 * 1024,
                            .message = message})
        .listen("127.0.0.1", 0,
                [](auto *listener) {
                    if (listener == nullptr) {
                        std::fprintf(stderr, "uws_echo: cannot listen\n");
                        std::exit(1);
                    }
                    int port =
                        us_socket_local_port(0, reinterpret_cast<struct us_socket_t *>(listener));
                    std::printf("port=%d\n", port);
                    std::fflush(stdout);
                })
        .run();
}

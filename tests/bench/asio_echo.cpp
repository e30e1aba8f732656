/* asio_echo.cpp: the same work with Boost.Asio, as its users write it: a session is kept alive by
 * what is in flight; async_read_some, async_write, one io_context. 127.0.0.1, TCP_NODELAY. Prints
 * `port=N`; ends on SIGTERM.
 *
 *   bench.asio_echo [THREADS]     all run the one io_context; with one thread it takes fewer locks
 */
#include <boost/asio.hpp>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

using boost::asio::ip::tcp;
using boost::system::error_code;

namespace {

class session : public std::enable_shared_from_this<session> {
  public:
    explicit session(tcp::socket socket) : socket_(std::move(socket)) {
    }

    void read() {
        socket_.async_read_some(boost::asio::buffer(bytes_),
                                [self = shared_from_this()](error_code error, std::size_t size) {
                                    if (!error) {
                                        self->write(size);
                                    }
                                });
    }

  private:
    void write(std::size_t size) {
        boost::asio::async_write(socket_, boost::asio::buffer(bytes_, size),
                                 [self = shared_from_this()](error_code error, std::size_t) {
                                     if (!error) {
                                         self->read();
                                     }
                                 });
    }

    tcp::socket socket_;
    std::array<char, 4096> bytes_;
};

void accept(tcp::acceptor &acceptor) {
    acceptor.async_accept([&acceptor](error_code error, tcp::socket socket) {
        if (!error) {
            error_code ignored; /* the peer may have closed; the read will fail */
            socket.set_option(tcp::no_delay(true), ignored);
            std::make_shared<session>(std::move(socket))->read();
        }
        accept(acceptor);
    });
}

} // namespace

int main(int argc, char **argv) {
    const int threads = argc > 1 ? std::atoi(argv[1]) : 1;
    boost::asio::io_context context(threads);
    tcp::acceptor acceptor(context);
    const tcp::endpoint here(boost::asio::ip::address_v4::loopback(), 0);
    acceptor.open(here.protocol());
    acceptor.bind(here);
    acceptor.listen(4096);
    accept(acceptor);
    std::printf("port=%d\n", acceptor.local_endpoint().port());
    std::fflush(stdout);

    std::vector<std::thread> others;
    for (int i = 1; i < threads; i++) {
        others.emplace_back([&context] { context.run(); });
    }
    context.run();
    for (std::thread &other : others) {
        other.join();
    }
    return 0;
}

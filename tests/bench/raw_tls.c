/* raw_tls.c: the floor for TLS, the least that a server with OpenSSL does for the same work. One
 * thread, one level-triggered epoll, OpenSSL directly on the sockets and reading ahead: a readable
 * connection costs one recv and one send. It writes the bytes back in as few records as
 * possible. No frames, no limits. 127.0.0.1, TCP_NODELAY. Prints `port=N`; ends on SIGTERM.
 *
 *   bench.raw_tls CERTIFICATE KEY [--release]
 *
 *   --release    SSL_MODE_RELEASE_BUFFERS, as Portico: an idle connection keeps no record buffers
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS = 512, BATCH_BYTES = 65536, BACKLOG = 4096, PATIENCE_MS = 10000 };

typedef struct peer {
    int fd;
    SSL *tls;
} peer;

static int epoll;
static int listener;
static SSL_CTX *context;

static _Noreturn void fail(const char *what) {
    (void)fprintf(stderr, "raw_tls: %s: %s\n", what, strerror(errno));
    ERR_print_errors_fp(stderr);
    exit(1);
}

static void drop(peer *p) {
    ERR_clear_error();
    SSL_free(p->tls);
    (void)close(p->fd);
    free(p);
}

static void accept_all(void) {
    const int on = 1;
    for (;;) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            return; /* none is waiting, or it has closed again */
        }
        peer *p = calloc(1, sizeof *p);
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = p};
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        if (p == NULL || (p->tls = SSL_new(context)) == NULL || SSL_set_fd(p->tls, fd) != 1) {
            fail("memory");
        }
        p->fd = fd;
        SSL_set_accept_state(p->tls);
        if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0) {
            fail("epoll_ctl");
        }
    }
}

/* Waits here for what the system does not accept at once: the clients of the bench always read. */
static bool write_all(peer *p, const uint8_t *bytes, int size) {
    while (size > 0) {
        int taken = SSL_write(p->tls, bytes, size);
        struct pollfd writable = {.fd = p->fd, .events = POLLOUT};
        if (taken <= 0 && (SSL_get_error(p->tls, taken) != SSL_ERROR_WANT_WRITE ||
                           poll(&writable, 1, PATIENCE_MS) <= 0)) {
            return false;
        }
        bytes += taken > 0 ? taken : 0;
        size -= taken > 0 ? taken : 0;
    }
    return true;
}

/* No ERR_clear_error for each message, which is dear: this thread's queue of errors is emptied when
 * a connection has failed.
 *
 * One recv, unless the records in it are incomplete: then another, which finds nothing. Bytes that
 * remain in the socket make it readable again. */
static void serve(peer *p) {
    static uint8_t bytes[BATCH_BYTES];
    int filled = 0;
    int size = 0;
    do {
        size = SSL_read(p->tls, bytes + filled, BATCH_BYTES - filled);
        filled += size > 0 ? size : 0;
    } while (size > 0 && filled < BATCH_BYTES && SSL_has_pending(p->tls) == 1);
    bool open = size > 0 || SSL_get_error(p->tls, size) == SSL_ERROR_WANT_READ;
    if (!open || !write_all(p, bytes, filled)) {
        drop(p);
    } else if (SSL_has_pending(p->tls) == 1 && size > 0) {
        serve(p); /* the buffer was full */
    }
}

static void begin_tls(const char *certificate, const char *key, bool release) {
    context = SSL_CTX_new(TLS_server_method());
    if (context == NULL || SSL_CTX_use_certificate_chain_file(context, certificate) != 1 ||
        SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1) {
        fail("certificate");
    }
    SSL_CTX_set_read_ahead(context, 1);
    (void)SSL_CTX_set_num_tickets(context, 1);
    (void)SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    if (release) {
        (void)SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    }
}

static void begin_listening(void) {
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof here;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    epoll = epoll_create1(EPOLL_CLOEXEC);
    if (listener < 0 || epoll < 0 ||
        bind(listener, (const struct sockaddr *)&here, sizeof here) != 0 ||
        listen(listener, BACKLOG) != 0 ||
        getsockname(listener, (struct sockaddr *)&here, &size) != 0 ||
        epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event) != 0) {
        fail("listen");
    }
    printf("port=%d\n", ntohs(here.sin_port));
    (void)fflush(stdout);
}

int main(int argc, char **argv) {
    bool release = argc == 4 && strcmp(argv[3], "--release") == 0;
    if (argc != 3 && !release) {
        (void)fputs("usage: raw_tls CERTIFICATE KEY [--release]\n", stderr);
        return 2;
    }
    (void)signal(SIGPIPE, SIG_IGN);
    begin_tls(argv[1], argv[2], release);
    begin_listening();
    for (;;) {
        struct epoll_event events[EVENTS];
        int count = epoll_wait(epoll, events, EVENTS, -1);
        if (count < 0 && errno != EINTR) {
            fail("epoll_wait");
        }
        for (int i = 0; i < count; i++) {
            if (events[i].data.ptr == NULL) {
                accept_all();
            } else {
                serve(events[i].data.ptr);
            }
        }
    }
}

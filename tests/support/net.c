/* net.c: see net.h. */
#if !defined(_WIN32) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE
#endif
#include "support/net.h"

#include "support/check.h"
#include "support/clock.h"

#include <stdlib.h>
#include <string.h>

#if defined(_WIN32)
#include <winsock2.h>
#include <ws2tcpip.h>
typedef int socket_size;
enum { SEND_FLAGS = 0 };
#define poll_sockets(entries, count, timeout) WSAPoll(entries, (ULONG)(count), timeout)
#define close_socket(s) closesocket(s)
#else
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
typedef ssize_t socket_size;
typedef int SOCKET;
enum { SEND_FLAGS = MSG_NOSIGNAL };
#define poll_sockets(entries, count, timeout) poll(entries, (nfds_t)(count), timeout)
#define close_socket(s) close(s)
#endif

#if defined(_WIN32)
static void start_sockets(void) {
    static bool started;
    if (!started) {
        WSADATA data;
        CHECK(WSAStartup(MAKEWORD(2, 2), &data) == 0);
        started = true;
    }
}

static bool would_wait(void) {
    int error = WSAGetLastError();
    return error == WSAEWOULDBLOCK || error == WSAETIMEDOUT;
}

void net_set_timeout(net_socket s, uint32_t timeout_ms) {
    DWORD ms = timeout_ms;
    setsockopt((SOCKET)s, SOL_SOCKET, SO_RCVTIMEO, (const char *)&ms, sizeof ms);
    setsockopt((SOCKET)s, SOL_SOCKET, SO_SNDTIMEO, (const char *)&ms, sizeof ms);
}

void net_set_nonblocking(net_socket s) {
    u_long on = 1;
    CHECK(ioctlsocket((SOCKET)s, (long)FIONBIO, &on) == 0);
}
#else
static void start_sockets(void) {
}

static bool would_wait(void) {
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

void net_set_timeout(net_socket s, uint32_t timeout_ms) {
    struct timeval time = {.tv_sec = timeout_ms / 1000,
                           .tv_usec = (suseconds_t)(timeout_ms % 1000) * 1000};
    setsockopt((SOCKET)s, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
    setsockopt((SOCKET)s, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time);
}

void net_set_nonblocking(net_socket s) {
    CHECK(fcntl((SOCKET)s, F_SETFL, O_NONBLOCK) == 0);
}
#endif

static void set_integer(net_socket s, int level, int option, int value) {
    setsockopt((SOCKET)s, level, option, (const char *)&value, sizeof value);
}

/* Fills `storage` from a numeric address. Returns its size, or 0 if the address is not numeric. */
static int address_make(const char *text, uint16_t port, struct sockaddr_storage *storage) {
    memset(storage, 0, sizeof *storage);
    struct sockaddr_in *v4 = (struct sockaddr_in *)storage;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)storage;
    if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        return (int)sizeof *v4;
    }
    if (inet_pton(AF_INET6, text, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(port);
        return (int)sizeof *v6;
    }
    return 0;
}

/* `from`: the local address; NULL: any. */
static net_socket connect_with(const char *from, const char *address, uint16_t port,
                               int buffer_bytes) {
    start_sockets();
    struct sockaddr_storage to;
    int size = address_make(address, port, &to);
    CHECK(size != 0);
    net_socket s = (net_socket)socket(to.ss_family, SOCK_STREAM, IPPROTO_TCP);
    if (s == NET_NONE) {
        return NET_NONE;
    }
    net_set_timeout(s, NET_TIMEOUT_MS);
    set_integer(s, IPPROTO_TCP, TCP_NODELAY, 1);
    if (buffer_bytes != 0) { /* before connect, which negotiates the window */
        set_integer(s, SOL_SOCKET, SO_RCVBUF, buffer_bytes);
        set_integer(s, SOL_SOCKET, SO_SNDBUF, buffer_bytes);
    }
    if (from != NULL) {
        struct sockaddr_storage local;
        int local_size = address_make(from, 0, &local);
        CHECK(bind((SOCKET)s, (const struct sockaddr *)&local, (socklen_t)local_size) == 0);
    }
    if (connect((SOCKET)s, (const struct sockaddr *)&to, (socklen_t)size) != 0) {
        close_socket((SOCKET)s);
        return NET_NONE;
    }
    return s;
}

net_socket net_try_connect(const char *address, uint16_t port) {
    return connect_with(NULL, address, port, 0);
}

net_socket net_try_connect_from(const char *from, const char *address, uint16_t port) {
    return connect_with(from, address, port, 0);
}

net_socket net_connect(uint16_t port) {
    net_socket s = connect_with(NULL, "127.0.0.1", port, 0);
    CHECK(s != NET_NONE);
    return s;
}

net_socket net_try_connect_narrow(uint16_t port) {
    return connect_with(NULL, "127.0.0.1", port, 8192);
}

net_socket net_connect_narrow(uint16_t port) {
    net_socket s = net_try_connect_narrow(port);
    CHECK(s != NET_NONE);
    return s;
}

int net_send_some(net_socket s, const void *data, size_t size) {
    socket_size sent = send((SOCKET)s, data, (int)size, SEND_FLAGS);
    if (sent >= 0) {
        return (int)sent;
    }
    return would_wait() ? NET_TIMEOUT : NET_BROKEN;
}

bool net_send_all(net_socket s, const void *data, size_t size) {
    const uint8_t *at = data;
    while (size > 0) {
        int sent = net_send_some(s, at, size);
        if (sent <= 0) {
            return false;
        }
        at += sent;
        size -= (size_t)sent;
    }
    return true;
}

bool net_send_urgent(net_socket s, uint8_t byte) {
    return send((SOCKET)s, (const char *)&byte, 1, SEND_FLAGS | MSG_OOB) == 1;
}

static int recv_or_peek(net_socket s, void *data, size_t size, int flags) {
    socket_size got = recv((SOCKET)s, data, (int)size, flags);
    if (got >= 0) {
        return (int)got;
    }
    return would_wait() ? NET_TIMEOUT : NET_BROKEN;
}

int net_recv_some(net_socket s, void *data, size_t size) {
    return recv_or_peek(s, data, size, 0);
}

#if defined(__linux__)
/* Of the system's clock, which SO_TIMESTAMPNS has the time of arrival from. */
static int64_t ago_ns(const struct msghdr *m) {
    struct cmsghdr *c = CMSG_FIRSTHDR(m);
    struct timespec at;
    struct timespec now;
    if (c == NULL || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS) {
        return 0;
    }
    memcpy(&at, CMSG_DATA(c), sizeof at);
    CHECK(clock_gettime(CLOCK_REALTIME, &now) == 0);
    return (int64_t)(now.tv_sec - at.tv_sec) * 1000000000 + (now.tv_nsec - at.tv_nsec);
}

void net_note_arrivals(net_socket s) {
    int on = 1;
    CHECK(setsockopt((SOCKET)s, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) == 0);
}

int net_recv_arrived(net_socket s, void *data, size_t size, uint64_t *ago_us) {
    char control[128];
    struct iovec part = {data, size};
    struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1};
    m.msg_control = control;
    m.msg_controllen = sizeof control;
    ssize_t got = recvmsg((SOCKET)s, &m, 0);
    int64_t ago = got > 0 ? ago_ns(&m) : 0;
    *ago_us = ago > 0 ? (uint64_t)ago / 1000 : 0;
    return got >= 0 ? (int)got : would_wait() ? NET_TIMEOUT : NET_BROKEN;
}
#else
void net_note_arrivals(net_socket s) {
    (void)s;
}

int net_recv_arrived(net_socket s, void *data, size_t size, uint64_t *ago_us) {
    *ago_us = 0;
    return net_recv_some(s, data, size);
}
#endif

int net_peek(net_socket s, void *data, size_t size) {
    return recv_or_peek(s, data, size, MSG_PEEK);
}

bool net_recv_exactly(net_socket s, void *data, size_t size) {
    uint8_t *at = data;
    while (size > 0) {
        int got = net_recv_some(s, at, size);
        if (got <= 0) {
            return false;
        }
        at += got;
        size -= (size_t)got;
    }
    return true;
}

bool net_wait_end(net_socket s, uint32_t timeout_ms) {
    uint64_t end_ms = clock_now_ms() + timeout_ms;
    uint8_t dropped[4096];
    net_set_timeout(s, 50);
    for (;;) {
        int got = net_recv_some(s, dropped, sizeof dropped);
        if (got == NET_END || got == NET_BROKEN) {
            net_set_timeout(s, NET_TIMEOUT_MS);
            return true;
        }
        if (clock_now_ms() >= end_ms) {
            net_set_timeout(s, NET_TIMEOUT_MS);
            return false;
        }
    }
}

void net_wait_ends(const net_socket *sockets, int count) {
    for (int i = 0; i < count; i++) {
        CHECK(net_wait_end(sockets[i], NET_TIMEOUT_MS));
        net_close(sockets[i]);
    }
}

void net_half_close(net_socket s) {
    shutdown((SOCKET)s, 1); /* SHUT_WR, SD_SEND */
}

void net_close(net_socket s) {
    close_socket((SOCKET)s);
}

void net_reset(net_socket s) {
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    setsockopt((SOCKET)s, SOL_SOCKET, SO_LINGER, (const char *)&at_once, sizeof at_once);
    close_socket((SOCKET)s);
}

bool net_has_address(const char *address) {
    start_sockets();
    struct sockaddr_storage at;
    int size = address_make(address, 0, &at);
    CHECK(size != 0);
    net_socket s = (net_socket)socket(at.ss_family, SOCK_STREAM, IPPROTO_TCP);
    if (s == NET_NONE) {
        return false;
    }
    bool has = bind((SOCKET)s, (const struct sockaddr *)&at, (socklen_t)size) == 0;
    close_socket((SOCKET)s);
    return has;
}

bool net_poll(net_poll_entry *entries, size_t count, uint32_t timeout_ms) {
    struct pollfd *polled = calloc(count + 1, sizeof *polled);
    size_t *index = calloc(count + 1, sizeof *index);
    CHECK(polled != NULL && index != NULL);
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        entries[i].can_recv = false;
        entries[i].can_send = false;
        if (entries[i].socket != NET_NONE) {
            polled[used].fd = (SOCKET)entries[i].socket;
            polled[used].events = (short)(POLLIN | (entries[i].want_send ? POLLOUT : 0));
            index[used++] = i;
        }
    }
    int ready = used > 0 ? poll_sockets(polled, used, (int)timeout_ms) : 0;
    for (size_t i = 0; i < used && ready > 0; i++) {
        net_poll_entry *entry = &entries[index[i]];
        entry->can_recv = (polled[i].revents & (POLLIN | POLLHUP | POLLERR)) != 0;
        entry->can_send = (polled[i].revents & POLLOUT) != 0;
    }
    free(polled);
    free(index);
    return ready > 0;
}

/* NET_NONE if the port is taken. */
static net_socket listen_on(uint16_t port) {
    start_sockets();
    net_socket s = (net_socket)socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    CHECK(s != NET_NONE);
#if !defined(_WIN32)
    set_integer(s, SOL_SOCKET, SO_REUSEADDR, 1); /* lets a test reopen its port despite TIME_WAIT */
#endif
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind((SOCKET)s, (const struct sockaddr *)&at, sizeof at) != 0 ||
        listen((SOCKET)s, 64) != 0) {
        net_close(s);
        return NET_NONE;
    }
    return s;
}

net_socket net_listen(uint16_t *port) {
    net_socket s = listen_on(*port);
    CHECK(s != NET_NONE);
    struct sockaddr_in at = {0};
    socklen_t size = sizeof at;
    CHECK(getsockname((SOCKET)s, (struct sockaddr *)&at, &size) == 0);
    *port = ntohs(at.sin_port);
    return s;
}

uint16_t net_free_port(void) {
    enum { FIRST = 20000, COUNT = 10000 };
    uint64_t start = clock_now_us(); /* differs between tests that run at the same time */
    for (uint32_t i = 0;; i++) {
        CHECK(i < COUNT);
        uint16_t port = (uint16_t)(FIRST + (start + i) % COUNT);
        net_socket s = listen_on(port);
        if (s != NET_NONE) {
            net_close(s);
            return port;
        }
    }
}

net_socket net_accept(net_socket listener, uint32_t timeout_ms) {
    net_poll_entry entry = {.socket = listener};
    if (!net_poll(&entry, 1, timeout_ms)) {
        return NET_NONE;
    }
    net_socket s = (net_socket)accept((SOCKET)listener, NULL, NULL);
    if (s != NET_NONE) {
        net_set_timeout(s, NET_TIMEOUT_MS);
    }
    return s;
}

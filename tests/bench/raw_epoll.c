/* raw_epoll.c: the floor of the comparisons, the least that a TCP server does for the same work.
 * Each thread has an epoll of its own, edge-triggered (level-triggered was measured and is not
 * cheaper). A readable connection costs one recv and one send. No frames, no limits, no state.
 * 127.0.0.1, TCP_NODELAY as is Portico's default. Prints `port=N`; ends on SIGTERM.
 *
 *   bench.raw_epoll [--threads N] [--broadcast] [--lie flip|swap|drop|double]
 *
 *   --threads    connections are assigned to them in turn
 *   --broadcast  sends what arrives to all connections, one send each; one thread
 *   --lie        makes one mistake after some reads, to test the client: flips a bit, swaps two
 *                frames of 64 bytes, drops a frame, or sends one twice
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    EVENTS = 512,
    BATCH_BYTES = 65536,
    THREADS_MAX = 64,
    BACKLOG = 4096,
    FRAME = 64,
    LIE_AFTER = 20,
    PATIENCE_MS = 10000
};

static int epolls[THREADS_MAX];
static int thread_count = 1;
static int listener;
static bool broadcasts;
static const char *lie;
static int *members; /* broadcast: all connections, in no order */
static int member_count;
static int member_room;

static _Noreturn void fail(const char *what) {
    (void)fprintf(stderr, "raw_epoll: %s: %s\n", what, strerror(errno));
    exit(1);
}

/* Waits here for what the system does not accept at once: the clients of the bench always read. */
static bool send_all(int fd, const uint8_t *bytes, size_t size) {
    while (size > 0) {
        ssize_t taken = send(fd, bytes, size, MSG_NOSIGNAL);
        struct pollfd writable = {.fd = fd, .events = POLLOUT};
        if (taken < 0 && (errno != EAGAIN || poll(&writable, 1, PATIENCE_MS) <= 0)) {
            return false;
        }
        bytes += taken > 0 ? taken : 0;
        size -= taken > 0 ? (size_t)taken : 0;
    }
    return true;
}

static void member_add(int fd) {
    if (member_count == member_room) {
        member_room = member_room * 2 + 64;
        members = realloc(members, sizeof *members * (size_t)member_room);
        if (members == NULL) {
            fail("memory");
        }
    }
    members[member_count++] = fd;
}

static void member_remove(int fd) {
    for (int i = 0; i < member_count; i++) {
        if (members[i] == fd) {
            members[i] = members[--member_count];
            return;
        }
    }
}

static void accept_all(void) {
    static int next;
    const int on = 1;
    for (;;) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            return; /* none is waiting, or it has closed again */
        }
        struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.fd = fd};
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        if (broadcasts) {
            member_add(fd);
        }
        if (epoll_ctl(epolls[next], EPOLL_CTL_ADD, fd, &event) != 0) {
            fail("epoll_ctl");
        }
        next = (next + 1) % thread_count;
    }
}

static void drop(int fd) {
    if (broadcasts) {
        member_remove(fd);
    }
    (void)close(fd);
}

static size_t tell_lie(uint8_t *bytes, size_t size) {
    static int reads;
    uint8_t frame[FRAME];
    if (++reads < LIE_AFTER || size < 2 * FRAME) {
        return size;
    }
    if (strcmp(lie, "flip") == 0) {
        bytes[FRAME + FRAME / 2] ^= 4;
    } else if (strcmp(lie, "swap") == 0) {
        memcpy(frame, bytes, FRAME);
        memcpy(bytes, bytes + FRAME, FRAME);
        memcpy(bytes + FRAME, frame, FRAME);
    } else if (strcmp(lie, "drop") == 0) {
        size -= FRAME;
    } else if (strcmp(lie, "double") == 0) {
        memcpy(bytes + size, bytes + size - FRAME, FRAME);
        size += FRAME;
    }
    lie = NULL;
    return size;
}

static void serve(int fd) {
    static _Thread_local uint8_t bytes[BATCH_BYTES + FRAME];
    ssize_t size = 0;
    do {
        size = recv(fd, bytes, BATCH_BYTES, 0);
        if (size < 0 && errno == EAGAIN) {
            return;
        }
        if (size <= 0) {
            drop(fd);
            return;
        }
        size_t out = lie != NULL ? tell_lie(bytes, (size_t)size) : (size_t)size;
        for (int i = 0; i < member_count; i++) {
            (void)send_all(members[i], bytes, out); /* a closed one is noticed when it is read */
        }
        if (!broadcasts && !send_all(fd, bytes, out)) {
            drop(fd);
            return;
        }
    } while (size == BATCH_BYTES); /* less: that was all, and more bytes cause a new event */
}

static void *loop(void *arg) {
    int epoll = *(const int *)arg;
    struct epoll_event events[EVENTS];
    for (;;) {
        int count = epoll_wait(epoll, events, EVENTS, -1);
        if (count < 0 && errno != EINTR) {
            fail("epoll_wait");
        }
        for (int i = 0; i < count; i++) {
            if (events[i].data.fd == listener) {
                accept_all();
            } else {
                serve(events[i].data.fd);
            }
        }
    }
    return NULL;
}

static void begin_listening(void) {
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof here;
    listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (listener < 0 || bind(listener, (const struct sockaddr *)&here, sizeof here) != 0 ||
        listen(listener, BACKLOG) != 0 ||
        getsockname(listener, (struct sockaddr *)&here, &size) != 0) {
        fail("listen");
    }
    printf("port=%d\n", ntohs(here.sin_port));
    (void)fflush(stdout);
}

static void usage(void) {
    (void)fputs("usage: raw_epoll [--threads N] [--broadcast] [--lie flip|swap|drop|double]\n",
                stderr);
    exit(2);
}

static void take(int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--broadcast") == 0) {
            broadcasts = true;
        } else if (strcmp(argv[i], "--threads") == 0 && i + 1 < argc) {
            thread_count = (int)strtol(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "--lie") == 0 && i + 1 < argc) {
            lie = argv[++i];
        } else {
            usage();
        }
    }
    if (thread_count < 1 || thread_count > THREADS_MAX ||
        (thread_count > 1 && (broadcasts || lie != NULL))) {
        usage();
    }
}

int main(int argc, char **argv) {
    take(argc, argv);
    for (int i = 0; i < thread_count; i++) {
        epolls[i] = epoll_create1(EPOLL_CLOEXEC);
        if (epolls[i] < 0) {
            fail("epoll_create1");
        }
    }
    begin_listening();
    struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.fd = listener};
    if (epoll_ctl(epolls[0], EPOLL_CTL_ADD, listener, &event) != 0) {
        fail("epoll_ctl");
    }
    for (int i = 1; i < thread_count; i++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, loop, &epolls[i]) != 0) {
            fail("pthread_create");
        }
    }
    (void)loop(&epolls[0]);
    return 0;
}

/* raw_uring.c: the floor of the comparisons on Linux's other interface, io_uring: would a host on
 * it be cheaper? One thread. Each connection's recv is armed once and keeps receiving, into buffers
 * that all share; the call that waits for more also sends what arrived. No frames, no limits, no
 * state. 127.0.0.1, TCP_NODELAY. Prints `port=N`; ends on SIGTERM, or with code 3 where the system
 * has no io_uring of Linux 6.1 or does not permit it.
 *
 * A connection that does not accept all bytes at once is closed: the clients of the bench always
 * read.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/io_uring.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* BUFFER_STRIDE: not a power of two, so that the buffers' first bytes do not share cache lines. */
enum {
    SUBMISSIONS = 1024,
    COMPLETIONS = 65536,
    BUFFERS = 256,
    BUFFER_BYTES = 4096,
    BUFFER_STRIDE = BUFFER_BYTES + 64,
    BACKLOG = 4096,
    NO_URING = 3
};

typedef enum step { ACCEPTED, RECEIVED, SENT } step;

static int ring;
static int listener;
static uint8_t *memory; /* that ring and system share */
static struct io_uring_params params;
static struct io_uring_sqe *submissions;
static unsigned submitted; /* how many of `submissions` the system has seen */
static unsigned prepared;  /* how many we have written */
static alignas(4096) struct io_uring_buf buffer_ring[BUFFERS]; /* page-aligned */
static struct io_uring_buf_ring *const buffers = (struct io_uring_buf_ring *)buffer_ring;
static uint16_t given; /* how often a buffer was given to the system */
static uint8_t bytes[BUFFERS * BUFFER_STRIDE];
static uint16_t being_sent[BUFFERS]; /* buffers of prepared sends */
static unsigned being_sent_count;

static _Noreturn void fail(const char *what, int code) {
    (void)fprintf(stderr, "raw_uring: %s: %s\n", what, strerror(errno));
    exit(code);
}

static _Atomic unsigned *counter(uint32_t offset) {
    return (_Atomic unsigned *)(memory + offset);
}

static void buffer_give(uint16_t number) {
    struct io_uring_buf *b = &buffers->bufs[given % BUFFERS];
    b->addr = (uintptr_t)(bytes + (size_t)number * BUFFER_STRIDE);
    b->len = BUFFER_BYTES;
    b->bid = number;
    given++;
    atomic_store_explicit((_Atomic uint16_t *)&buffers->tail, given, memory_order_release);
}

/* Submits what was prepared and waits for at least `wanted` completions. Sends are done on return,
 * so their buffers are free. */
static void submit(unsigned wanted) {
    unsigned count = prepared - submitted;
    atomic_store_explicit(counter(params.sq_off.tail), prepared, memory_order_release);
    if (syscall(SYS_io_uring_enter, ring, count, wanted, IORING_ENTER_GETEVENTS, NULL, 0) < 0 &&
        errno != EINTR) {
        fail("io_uring_enter", 1);
    }
    submitted = prepared;
    for (unsigned i = 0; i < being_sent_count; i++) {
        buffer_give(being_sent[i]);
    }
    being_sent_count = 0;
}

static struct io_uring_sqe *prepare(uint8_t opcode, int fd, step next) {
    if (prepared - submitted == SUBMISSIONS) {
        submit(0);
    }
    struct io_uring_sqe *s = &submissions[prepared++ % SUBMISSIONS];
    *s = (struct io_uring_sqe){
        .opcode = opcode, .fd = fd, .user_data = (uint64_t)next << 32 | (uint32_t)fd};
    return s;
}

static void prepare_accept(void) {
    struct io_uring_sqe *s = prepare(IORING_OP_ACCEPT, listener, ACCEPTED);
    s->ioprio = IORING_ACCEPT_MULTISHOT;
    s->accept_flags = SOCK_CLOEXEC;
}

static void prepare_recv(int fd) {
    struct io_uring_sqe *s = prepare(IORING_OP_RECV, fd, RECEIVED);
    s->ioprio = IORING_RECV_MULTISHOT;
    s->flags = IOSQE_BUFFER_SELECT;
}

static void prepare_send(int fd, uint16_t number, uint32_t size) {
    struct io_uring_sqe *s = prepare(IORING_OP_SEND, fd, SENT);
    s->addr = (uintptr_t)(bytes + (size_t)number * BUFFER_STRIDE);
    s->len = size;
    s->msg_flags = MSG_NOSIGNAL | MSG_DONTWAIT | MSG_WAITALL;
    s->flags = IOSQE_CQE_SKIP_SUCCESS;
    being_sent[being_sent_count++] = number;
}

static void on_completion(const struct io_uring_cqe *c) {
    int fd = (int)(uint32_t)c->user_data;
    bool more = (c->flags & IORING_CQE_F_MORE) != 0;
    switch ((step)(c->user_data >> 32)) {
    case ACCEPTED:
        if (c->res >= 0) {
            prepare_recv(c->res);
        }
        if (!more) {
            prepare_accept();
        }
        break;
    case RECEIVED:
        if (c->res > 0) {
            prepare_send(fd, (uint16_t)(c->flags >> IORING_CQE_BUFFER_SHIFT), (uint32_t)c->res);
        }
        if (!more && (c->res > 0 || c->res == -ENOBUFS)) {
            prepare_recv(fd);
        } else if (!more) {
            (void)close(fd);
        }
        break;
    case SENT:                         /* only if it failed */
        (void)shutdown(fd, SHUT_RDWR); /* its recv ends, too */
        break;
    }
}

static void loop(void) {
    const struct io_uring_cqe *completions =
        (const struct io_uring_cqe *)(memory + params.cq_off.cqes);
    prepare_accept();
    for (;;) {
        submit(1);
        unsigned head = atomic_load_explicit(counter(params.cq_off.head), memory_order_relaxed);
        unsigned tail = atomic_load_explicit(counter(params.cq_off.tail), memory_order_acquire);
        while (head != tail) {
            on_completion(&completions[head++ % params.cq_entries]);
            atomic_store_explicit(counter(params.cq_off.head), head, memory_order_release);
            if (being_sent_count >= BUFFERS / 2) {
                submit(0);
            }
        }
    }
}

static void ring_open(void) {
    params.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_CQSIZE |
                   IORING_SETUP_SUBMIT_ALL;
    params.cq_entries = COMPLETIONS;
    ring = (int)syscall(SYS_io_uring_setup, SUBMISSIONS, &params);
    if (ring < 0) {
        fail("io_uring_setup", NO_URING);
    }
    size_t size = params.cq_off.cqes + params.cq_entries * sizeof(struct io_uring_cqe);
    size_t array_end = params.sq_off.array + params.sq_entries * sizeof(unsigned);
    size = size > array_end ? size : array_end;
    memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring,
                  IORING_OFF_SQ_RING);
    submissions = mmap(NULL, params.sq_entries * sizeof *submissions, PROT_READ | PROT_WRITE,
                       MAP_SHARED | MAP_POPULATE, ring, IORING_OFF_SQES);
    if (memory == MAP_FAILED || submissions == MAP_FAILED) {
        fail("mmap", 1);
    }
    for (unsigned i = 0; i < params.sq_entries; i++) {
        ((unsigned *)(memory + params.sq_off.array))[i] = i;
    }
    struct io_uring_buf_reg group = {.ring_addr = (uintptr_t)buffers, .ring_entries = BUFFERS};
    if (syscall(SYS_io_uring_register, ring, IORING_REGISTER_PBUF_RING, &group, 1) < 0) {
        fail("buffers for io_uring", NO_URING);
    }
    for (int i = 0; i < BUFFERS; i++) {
        buffer_give((uint16_t)i);
    }
}

int main(void) {
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof here;
    const int on = 1;
    ring_open();
    listener =
        socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0); /* those accepted inherit TCP_NODELAY */
    (void)setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (listener < 0 || bind(listener, (const struct sockaddr *)&here, sizeof here) != 0 ||
        listen(listener, BACKLOG) != 0 ||
        getsockname(listener, (struct sockaddr *)&here, &size) != 0) {
        fail("listen", 1);
    }
    (void)printf("port=%d\n", ntohs(here.sin_port));
    (void)fflush(stdout);
    loop();
}

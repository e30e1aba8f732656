/* faults_leak.c: contained faults cost the host no memory and no handles.
 *
 *     test-integration faults_leak           a short one
 *     test-integration faults_leak FAULTS    the full one: 100000
 *
 * What a module's function has locked or allocated when it faults stays so; these functions have
 * nothing. */
#include "support/check.h"
#include "support/clock.h"
#include "support/faults.h"
#include "support/wire.h"

#include <portico/status.h>

#include <stdio.h>
#include <stdlib.h>

enum { PIECE = 50, FIRST = 2000, ROUNDS = 6, HANDLES = 4 };
enum { GROWTH_BYTES = 1 << 20, GROWTH_BYTES_EACH = 16 };

static host *h;

/* Faults that close nothing: messages to the module, its room, jobs; each in every fifth kind. */
static void faults_in_messages(net_socket s, int count) {
    static const uint32_t kinds[] = {FAULTY_NULL_WRITE, FAULTY_DIVIDE, FAULTY_RECURSION,
                                     FAULTY_ABORT,      FAULTY_EXIT,   FAULTY_HOST_SEND};
    enum { KINDS = sizeof kinds / sizeof kinds[0] };
    for (int done = 0; done < count; done += PIECE) {
        for (int i = 0; i < PIECE; i++) {
            uint32_t to = i % 2 == 0 ? FAULTY_OF_MODULE : FAULTY_OF_ROOM;
            faults_post(s, to, kinds[(uint32_t)(done + i) % KINDS], 0);
        }
        CHECK_INT(faults_run(s, kinds[(uint32_t)done % KINDS]).size, 0);
        (void)faults_echo(s, 1);
        (void)faults_show_whole(s, FAULTY_OF_MODULE); /* after all messages */
    }
}

/* Faults that close a session each. */
static void faults_in_packets(int count) {
    for (int i = 0; i < count; i++) {
        net_socket s = faults_connect(h, "victims", 1);
        faults_send(s, FAULTY_FAULT, i % 2 == 0 ? FAULTY_NULL_READ : FAULTY_ASSERT);
        CHECK(faults_ended(s));
    }
    host_wait_figure(h, "sessions", 1);
}

static void round_of(net_socket s, int count) {
    faults_in_messages(s, count - count / 20);
    faults_in_packets(count / 20);
}

/* Whether the host has grown by no more than `count` faults may cost. */
static bool is_steady(net_socket s, int count) {
    int64_t memory = host_figure(h, "resident_memory_bytes");
    int64_t handles = host_figure(h, "open_fds");
    round_of(s, count);
    int64_t memory_grown = host_figure(h, "resident_memory_bytes") - memory;
    int64_t handles_grown = host_figure(h, "open_fds") - handles;
    printf("%d faults: memory grew by %lld bytes from %lld, handles by %lld from %lld\n", count,
           (long long)memory_grown, (long long)memory, (long long)handles_grown,
           (long long)handles);
    (void)fflush(stdout);
    return handles_grown <= HANDLES &&
           (scale_sanitized() || memory_grown <= GROWTH_BYTES + (int64_t)GROWTH_BYTES_EACH * count);
}

SCENARIO(faults_leak) {
    const char *asked = scenario_argument(0);
    int count = asked != NULL ? atoi(asked) : scale(2000, 200);
    int first = count < FIRST ? count : FIRST;
    const faults_options options = {
        .name = "faults_leak", .module_keys = faults_no_policy, .workers = 2};
    h = faults_host(&options);
    net_socket s = faults_connect(h, "game", 1);
    CHECK_INT(faults_join(s, "hall"), PORTICO_OK);
    round_of(s, first);
    /* Some is reserved once, and the reporter reads symbols some time after the fault. */
    bool steady = false;
    for (int i = 0; i < ROUNDS && !steady; i++) {
        steady = is_steady(s, first);
    }
    CHECK(steady);
    CHECK(count == first || is_steady(s, count));
    net_close(s);
    host_wait_figure(h, "sessions", 0);
    host_stop(h);
}

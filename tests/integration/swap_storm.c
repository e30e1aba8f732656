/* swap_storm.c: a module is swapped again and again, and sometimes rolled back, under full load,
 * and no client notices.
 *
 *     test-integration swap_storm                  a short one
 *     test-integration swap_storm SESSIONS SWAPS   the full one: 1000 1000, on Windows 1000 100
 *
 * Clients in threads keep 16 numbered frames in flight each and check every byte that returns. Half
 * of them are in 100 ticking rooms and move between them; they post messages and have the pool do
 * work. Others connect and disconnect all the time. tests/abi/storm.c checks what the module sees.
 * In the end everything sent was seen once and answered once, no tick is missing, and no image,
 * handle or memory is left. */
#include "support/check.h"
#include "support/clock.h"
#include "support/host.h"
#include "support/load.h"
#include "support/swaps.h"

#include "os/os.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS = 2, IN_FLIGHT = 16, GENERATIONS = 3, ROLLBACK_EVERY = 10 };
enum { FRAME = 1, ACCOUNT = 2, PLACE = 3, ECHO = 4 };
enum { SAMPLES_MAX = 100, SETTLING_SWAPS = 3, GROWTH_BYTES = 4 << 20, GROWTH_BYTES_A_SWAP = 1024 };

/* As in tests/abi/storm.c. */
typedef struct account {
    uint64_t swaps;
    uint64_t sessions;
    uint64_t frames;
    uint64_t served[GENERATIONS];
    uint64_t in_room;
    uint64_t posts;
    uint64_t jobs;
} account;

typedef struct place_account {
    uint64_t position;
    int64_t late;
    uint64_t frames;
    uint64_t joins;
    uint64_t leaves;
} place_account;

typedef struct clients {
    os_thread *thread;
    load *load;
} clients;

/* The host's memory, handles and images at some moment between swaps. */
typedef struct sample {
    int64_t memory_bytes;
    int64_t handles;
    int64_t images;
} sample;

typedef struct swaps {
    int count;
    int rollbacks;
    int images;  /* loaded so far */
    int current; /* the serving generation ... */
    int before;  /* ... and the one that a rollback would bring back */
    double *pauses_ms;
    uint32_t tries;   /* at the gates, in total */
    double waited_ms; /* from command to answer, in total */
} swaps;

static host *h;
static uint16_t port;
static int session_count;
static int swap_count;
static int room_count;
static atomic_bool stop;
static clients all[THREADS];
static _Atomic uint64_t churned;

/* ---- clients --------------------------------------------------------------------------------- */

static void clients_main(void *arg) {
    clients *c = arg;
    while (!atomic_load(&stop)) {
        CHECK(load_step(c->load, 10) != LOAD_FAILED);
    }
    load_stop(c->load);
    CHECK(load_finish(c->load, 60000));
}

static void clients_start(void) {
    for (int t = 0; t < THREADS; t++) {
        const load_options how = {.port = port,
                                  .kind = WIRE_U16,
                                  .connections = session_count / THREADS,
                                  .in_flight = IN_FLIGHT,
                                  .payload_min = 8,
                                  .payload_max = 64,
                                  .seed = 70u + (uint64_t)t,
                                  .opcode = FRAME,
                                  .numbered = true};
        all[t].load = load_create(&how);
        CHECK_INT(os_thread_start(&all[t].thread, "clients", clients_main, &all[t]), PORTICO_OK);
    }
}

/* Connects, says a little or nothing, and disconnects, in order or by a reset. */
static void churn_main(void *arg) {
    uint64_t random = 5;
    (void)arg;
    while (!atomic_load(&stop)) {
        net_socket s = net_connect(port);
        uint64_t how = wire_random(&random) % 4;
        if (how != 0) {
            wire_expect_echo(s, WIRE_U16, ECHO, "only passing by");
        }
        if (how == 1) {
            net_half_close(s);
            CHECK(net_wait_end(s, NET_TIMEOUT_MS));
        }
        if (how == 2) {
            net_reset(s);
        } else {
            net_close(s);
        }
        atomic_fetch_add(&churned, 1);
        clock_sleep_ms(1);
    }
}

/* ---- images ---------------------------------------------------------------------------------- */

/* A copy is deleted when its image is closed; some systems allow it no earlier. */
static int64_t copies_now(void) {
    int count = swaps_copies(h);
    return count > 0 ? count - 1 : 0;
}

/* How many images of the module the host's process has mapped; -1 where that is unknown. */
static int64_t images_mapped(void) {
    char path[64];
    char line[4096];
    char last[4096] = "";
    int64_t count = 0;
    snprintf(path, sizeof path, "/proc/%u/maps", host_process_id(h));
    FILE *maps = strcmp(host_library_suffix, ".so") == 0 ? fopen(path, "r")
                                                         : NULL; /* otherwise another system's */
    if (maps == NULL) {
        return -1;
    }
    while (fgets(line, sizeof line, maps) != NULL) {
        const char *file = strchr(line, '/');
        if (file != NULL && strstr(file, "/copies/") != NULL && strcmp(file, last) != 0) {
            snprintf(last, sizeof last, "%s", file);
            count++;
        }
    }
    fclose(maps);
    return count;
}

static void wait_images(int64_t count) {
    uint64_t end_ms = clock_now_ms() + 20000;
    while (copies_now() != count || (images_mapped() != count && images_mapped() != -1)) {
        if (clock_now_ms() >= end_ms) {
            CHECK_INT(copies_now(), count);
            CHECK_INT(images_mapped(), count);
        }
        clock_sleep_ms(10);
    }
}

/* ---- swaps ----------------------------------------------------------------------------------- */

static double number_after(const char *text, const char *word) {
    const char *at = strstr(text, word);
    CHECK(at != NULL);
    return strtod(at + strlen(word), NULL);
}

static void swap_command(char *command, size_t size, bool back, int image) {
    char name[32];
    char path[1024];
    if (back) {
        snprintf(command, size, "rollback storm");
        return;
    }
    snprintf(name, sizeof name, image % GENERATIONS == 0 ? "storm" : "storm_%d",
             image % GENERATIONS + 1);
    host_module_path(name, path, sizeof path);
    snprintf(command, size, "swap storm %s", path);
}

static void swap_once(swaps *w) {
    char command[1100];
    char answer[2048];
    bool back = w->count % ROLLBACK_EVERY == ROLLBACK_EVERY - 1;
    int next = back ? w->before : w->images + 1;
    uint64_t from_us = clock_now_us();
    swap_command(command, sizeof command, back, w->images);
    host_admin(h, command, answer, sizeof answer);
    w->waited_ms += (double)(clock_now_us() - from_us) / 1000;
    CHECK_INT(number_after(answer, " generation "), next);
    CHECK_INT(number_after(strstr(answer, " replaces "), " generation "), w->current);
    w->pauses_ms[w->count++] = number_after(answer, " paused ");
    w->tries += (uint32_t)number_after(answer, " ms (");
    w->images += !back;
    w->rollbacks += back;
    w->before = w->current;
    w->current = next;
}

static sample sample_now(void) {
    return (sample){host_figure(h, "resident_memory_bytes"), host_figure(h, "open_fds"),
                    copies_now()};
}

/* The means of samples `from` to `to`, exclusive. */
static sample sample_mean(const sample *all_samples, int from, int to) {
    sample mean = {0};
    int count = to > from ? to - from : 1;
    for (int i = from; i < to; i++) {
        mean.memory_bytes += all_samples[i].memory_bytes;
        mean.handles += all_samples[i].handles;
        mean.images += all_samples[i].images;
    }
    mean.memory_bytes /= count;
    mean.handles /= count;
    mean.images /= count;
    return mean;
}

/* The last quarter of the swaps uses no more memory and handles than the second one did. Images go
 * when a thread finds time for it; wait_images is for them. */
static void check_growth(const sample *samples, int count) {
    sample early = sample_mean(samples, count / 4, count / 2);
    sample late = sample_mean(samples, count - count / 4, count);
    int64_t growth = late.memory_bytes - early.memory_bytes;
    printf("second quarter: memory %lld handles %lld images %lld; "
           "last: memory %lld handles %lld images %lld\n",
           (long long)early.memory_bytes, (long long)early.handles, (long long)early.images,
           (long long)late.memory_bytes, (long long)late.handles, (long long)late.images);
    CHECK(scale_sanitized() || growth < GROWTH_BYTES + GROWTH_BYTES_A_SWAP * swap_count / 2);
    CHECK(late.handles <= early.handles + 4); /* by sessions that come and go */
}

static void swap_all(swaps *w) {
    sample samples[SAMPLES_MAX];
    int taken = 0;
    while (w->count < swap_count) {
        swap_once(w);
        if (taken < SAMPLES_MAX && w->count * SAMPLES_MAX >= taken * swap_count) {
            samples[taken++] = sample_now();
        }
    }
    check_growth(samples, taken);
}

static int compare_ms(const void *a, const void *b) {
    double left = *(const double *)a;
    double right = *(const double *)b;
    return (left > right) - (left < right);
}

static void tell(const swaps *w) {
    qsort(w->pauses_ms, (size_t)swap_count, sizeof *w->pauses_ms, compare_ms);
    printf("%d swaps, %d of them rollbacks: %.1f ms each; %u tries at the gate; "
           "pause: half %.3f ms, 90 %% %.3f, 99 %% %.3f, worst %.3f\n",
           swap_count, w->rollbacks, w->waited_ms / w->count, w->tries,
           w->pauses_ms[swap_count / 2], w->pauses_ms[swap_count * 9 / 10],
           w->pauses_ms[swap_count * 99 / 100], w->pauses_ms[swap_count - 1]);
}

/* ---- the account ----------------------------------------------------------------------------- */

/* No tick is missing: once nothing holds the rooms up any more, each reaches its due number. */
static uint64_t check_rooms(net_socket s, uint64_t *moves) {
    uint64_t frames = 0;
    uint64_t end_ms = clock_now_ms() + 20000;
    for (int i = 0; i < room_count; i++) {
        uint32_t number = (uint32_t)i;
        place_account a = {.late = 1};
        while (a.late > 0) {
            CHECK(clock_now_ms() < end_ms);
            CHECK_INT(wire_ask(s, PLACE, &number, sizeof number, &a, sizeof a), sizeof a);
        }
        CHECK(a.position > 0);
        CHECK(a.joins - a.leaves <= 1); /* the asking session may be in there */
        frames += a.frames;
        *moves += a.joins;
    }
    return frames;
}

/* All clients have gone; only one session is left, and it has sent no frames. */
static void check_account(const swaps *w, uint64_t answered) {
    account a = {0};
    uint64_t served = 0;
    uint64_t moves = 0;
    net_socket s = net_connect(port);
    CHECK_INT(wire_ask(s, ACCOUNT, NULL, 0, &a, sizeof a), sizeof a);
    uint64_t frames_in_rooms = check_rooms(s, &moves);
    for (int i = 0; i < GENERATIONS; i++) {
        CHECK(a.served[i] > 0);
        served += a.served[i];
    }
    printf("%llu frames, %llu + %llu + %llu by the generations, %llu of them in rooms; %llu joins, "
           "%llu messages, %llu jobs, %llu sessions came and went\n",
           (unsigned long long)a.frames, (unsigned long long)a.served[0],
           (unsigned long long)a.served[1], (unsigned long long)a.served[2],
           (unsigned long long)a.in_room, (unsigned long long)moves, (unsigned long long)a.posts,
           (unsigned long long)a.jobs, (unsigned long long)atomic_load(&churned));
    CHECK_INT(a.swaps, w->count);
    CHECK_INT(a.sessions, session_count);
    CHECK_INT(a.frames, answered);
    CHECK_INT(served, answered);
    CHECK_INT(a.in_room, frames_in_rooms);
    CHECK(a.in_room > 0 && moves > (uint64_t)session_count / 2 && a.posts > 0 && a.jobs > 0);
    net_close(s);
}

static uint64_t clients_finish(os_thread *churn) {
    uint64_t answered = 0;
    atomic_store(&stop, true);
    os_thread_join(churn);
    for (int t = 0; t < THREADS; t++) {
        os_thread_join(all[t].thread);
        CHECK_INT(load_ended(all[t].load), 0);
        answered += load_answered(all[t].load);
    }
    host_wait_figure(h, "blocking_jobs", 0);
    return answered;
}

static void storm(swaps *w) {
    os_thread *churn = NULL;
    int64_t ops = host_figure(h, "ops_pending");
    clients_start();
    CHECK_INT(os_thread_start(&churn, "churn", churn_main, NULL), PORTICO_OK);
    int64_t packets = host_figure(h, "received_packets");
    uint64_t from_ms = clock_now_ms();
    swap_all(w);
    uint64_t took_ms = clock_now_ms() - from_ms;
    packets = host_figure(h, "received_packets") - packets;
    printf("%llu packets a second during the swaps\n",
           (unsigned long long)packets * 1000 / (took_ms + 1));
    CHECK(packets > (int64_t)session_count * 2);
    uint64_t answered = clients_finish(churn);
    tell(w);
    swap_count +=
        SETTLING_SWAPS; /* a swap begins once every session has had a turn since the previous one */
    while (w->count < swap_count) {
        swap_once(w);
    }
    host_wait_figure(h, "sessions", session_count); /* the churning ones have gone */
    for (int t = 0; t < THREADS; t++) {
        load_destroy(all[t].load);
    }
    host_wait_figure(h, "sessions", 0);
    check_account(w, answered);
    host_wait_figure(h, "sessions", 0);
    host_wait_at_most(h, "ops_pending", ops + 1); /* of the admin connection */
    host_wait_figure(h, "connections_accepted", session_count + 1 + (int64_t)atomic_load(&churned));
    host_wait_figure(h, "connections_closed", session_count + 1 + (int64_t)atomic_load(&churned));
    wait_images(2); /* the serving one and its predecessor */
}

SCENARIO(swap_storm) {
    const char *sessions = scenario_argument(0);
    const char *swaps_wanted = scenario_argument(1);
    session_count = sessions != NULL ? (int)strtol(sessions, NULL, 10) : scale(1000, 60);
    swap_count = swaps_wanted != NULL ? (int)strtol(swaps_wanted, NULL, 10)
                 : scale_sanitized()  ? 60
                                      : scale(120, 16);
    room_count = 100;
    session_count -= session_count % THREADS;
    CHECK(session_count >= THREADS && swap_count >= GENERATIONS);
    host_options options = {
        .name = "swap_storm",
        .modules = "storm",
        .listeners = {{"game", "storm.session", "max_sessions = 20000\nclose_timeout_ms = 1000\n"}},
        .host_keys = "blocking_queue = 10000\n",
    };
    h = host_start(&options);
    port = host_port(h, "game");
    swaps w = {.images = 1,
               .current = 1,
               .pauses_ms = calloc((size_t)swap_count + SETTLING_SWAPS, sizeof *w.pauses_ms)};
    CHECK(w.pauses_ms != NULL);
    storm(&w);
    free(w.pauses_ms);
    host_stop(h);
}

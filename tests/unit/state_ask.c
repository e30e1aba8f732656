/* state_ask.c: asks for an entity's states, which another thread answers, and which the asker ends
 * at any moment: before, while and after they are answered. Nothing is lost or freed twice, and
 * copies are whole. */
#include "module/state_ask.h"

#include "os/os.h"
#include "support/check.h"

enum { ENTITY = 77, OTHER = 78, ROUNDS = 1000, WORDS = 200 };

static generation served;
static state_shape shape = {.size = WORDS * sizeof(uint64_t)};
static atomic_bool stops;
static _Atomic uint32_t told;

static void done(void) {
    atomic_fetch_add(&told, 1);
}

/* The entity: its state changes only between two answers, all words at once. */
static void answer(void *arg) {
    static uint64_t state[WORDS];
    (void)arg;
    for (uint64_t number = 1; !atomic_load(&stops); number++) {
        for (uint32_t i = 0; i < WORDS; i++) {
            state[i] = number;
        }
        state_ask *a = state_ask_take(ENTITY);
        if (a != NULL) {
            state_ask_add(a, &served, "game.session", &shape, state, NULL);
            state_ask_add(a, &served, "game.guest", &shape, NULL, "it is lost");
            state_ask_give(a);
        }
    }
}

static void check_copies(const state_ask *a) {
    const state_copy *copies = NULL;
    CHECK_INT(state_ask_copies(a, &copies), 2);
    const uint64_t *words = copies[0].bytes;
    CHECK(words != NULL && copies[0].why == NULL);
    for (uint32_t i = 1; i < WORDS; i++) {
        CHECK(words[i] == words[0]);
    }
    CHECK(copies[1].bytes == NULL);
    CHECK_TEXT(copies[1].why, "it is lost");
}

static void race(void) {
    os_thread *thread = NULL;
    CHECK_INT(os_thread_start(&thread, "entity", answer, NULL), PORTICO_OK);
    uint32_t answered = 0;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        state_ask *a = state_ask_begin(ENTITY, done);
        CHECK(a != NULL); /* those that were ended do not count */
        bool waits = i % 4 == 0;
        for (uint32_t looks = 0; !state_ask_answered(a) && (waits || looks < i % 50); looks++) {
            if (looks >= 1000) {
                os_sleep(1); /* the other thread may need this processor */
            }
        }
        if (state_ask_answered(a)) {
            answered++;
            check_copies(a);
        }
        state_ask_end(a);
    }
    atomic_store(&stops, true);
    os_thread_join(thread);
    CHECK(answered >= ROUNDS / 4);
    CHECK(atomic_load(&told) >= answered && atomic_load(&told) <= ROUNDS);
    CHECK_INT(atomic_load(&served.holds), 1);
}

static void limit(void) {
    state_ask *all[STATE_ASKS_MAX];
    for (uint32_t i = 0; i < STATE_ASKS_MAX; i++) {
        all[i] = state_ask_begin(OTHER, done);
        CHECK(all[i] != NULL);
    }
    CHECK(state_ask_begin(OTHER, done) == NULL);
    CHECK(state_ask_take(ENTITY) == NULL);
    state_ask *taken = state_ask_take(OTHER);
    CHECK(taken != NULL);
    state_ask_end(taken); /* its entity frees it */
    CHECK(state_ask_begin(OTHER, done) == NULL);
    state_ask_give(taken);
    for (uint32_t i = 0; i < STATE_ASKS_MAX; i++) {
        if (all[i] != taken) {
            state_ask_end(all[i]);
        }
    }
    CHECK(state_ask_take(OTHER) == NULL);
}

/* What is too large is said to be, and what comes after it is still copied if it fits. */
static void too_large(void) {
    static uint8_t large[STATE_COPY_BYTES_MAX];
    const state_shape all = {.size = sizeof large};
    const state_copy *copies = NULL;
    state_ask *a = state_ask_begin(OTHER, done);
    CHECK(state_ask_take(OTHER) == a);
    state_ask_add(a, &served, "one", &shape, large, NULL);
    state_ask_add(a, &served, "two", &all, large, NULL);
    state_ask_add(a, &served, "three", &shape, large, NULL);
    state_ask_give(a);
    CHECK_INT(state_ask_copies(a, &copies), 3);
    CHECK(copies[0].bytes != NULL && copies[2].bytes != NULL);
    CHECK(copies[1].bytes == NULL && strstr(copies[1].why, "too large") != NULL);
    state_ask_end(a);
}

SCENARIO(state_ask) {
    atomic_store(&served.holds, 1);
    race();
    limit();
    too_large();
}

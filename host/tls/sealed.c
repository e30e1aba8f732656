/* sealed.c: see sealed.h.
 *
 * A thread's place is in a table instead of in the thread itself, so that a thread which ends need
 * not free it. Threads may share a place: one that finds it in use does without.
 */
#include "tls/sealed.h"

#include <openssl/crypto.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>

/* KEPT_MOST: larger memory than the ciphertext of one send needs is freed. */
enum { PLACES = 16, KEPT_MOST = 96 * 1024 };

typedef struct place {
    alignas(64) atomic_bool used;
    tls_sealed kept;
} place;

static place places[PLACES];

static place *place_of_thread(void) {
    static atomic_uint threads;
    static _Thread_local place *own;
    if (own == NULL) {
        own = &places[atomic_fetch_add(&threads, 1) % PLACES];
    }
    return own;
}

static bool place_enter(place *p) {
    return !atomic_exchange_explicit(&p->used, true, memory_order_acquire);
}

static void place_leave(place *p) {
    atomic_store_explicit(&p->used, false, memory_order_release);
}

tls_sealed tls_sealed_take(void) {
    place *p = place_of_thread();
    tls_sealed taken = {0};
    if (place_enter(p)) {
        taken = p->kept;
        p->kept = (tls_sealed){0};
        place_leave(p);
    }
    return taken;
}

void tls_sealed_give(tls_sealed *t) {
    place *p = place_of_thread();
    if (t->bytes != NULL && t->room <= KEPT_MOST && place_enter(p)) {
        if (p->kept.room < t->room) {
            tls_sealed smaller = p->kept;
            p->kept = (tls_sealed){.bytes = t->bytes, .room = t->room};
            *t = smaller;
        }
        place_leave(p);
    }
    OPENSSL_free(t->bytes); /* NULL: does nothing */
    *t = (tls_sealed){0};
}

/* layout_race.c: threads take and release the layout of a session type while the control thread
 * publishes others, as sessions do while modules are swapped. A layout is whole, of the version
 * that it comes with, and exists until the last one has released it. */
#include "session/session_type.h"

#include "support/check.h"
#include "support/clock.h"

enum { READERS = 3, CHANGES = 3000, CHANGES_SLOW = 600, OPCODE = 7, PARTS = 2, BUILDS = 2 };

static session_type *type;
static module modules[PARTS];
static generation builds[BUILDS]; /* of module 1 */
static generation owner;
static registered_type *parts[PARTS];
static atomic_bool stop;
static atomic_uint reads[READERS];

static void on_packet(portico_session session, void *state, const portico_packet *packet) {
    (void)session, (void)state, (void)packet;
}

/* In an even version module 1 takes part, in each second one of them as the same build. */
static void check_layout(const layout *l, uint32_t version) {
    const layout_handler *h = layout_find(l, OPCODE);
    CHECK(l->parts[0].module == &modules[0] && l->parts[0].generation == &owner);
    CHECK(h != NULL && h->call == on_packet);
    CHECK_INT(h->part, 0);
    CHECK_INT(l->part_count, version % 2 == 0 ? PARTS : 1);
    if (l->part_count == PARTS) {
        CHECK(l->parts[1].module == &modules[1]);
        CHECK(l->parts[1].generation == &builds[version / 2 % BUILDS]);
    }
}

static void read_layouts(void *arg) {
    atomic_uint *count = arg;
    while (!atomic_load_explicit(&stop, memory_order_relaxed)) {
        uint32_t version = 0;
        layout *l = session_type_layout(type, &version);
        check_layout(l, version);
        layout_release(l);
        atomic_fetch_add_explicit(count, 1, memory_order_relaxed);
    }
}

static void publish(module *m, generation *g, const registered_type *part) {
    layout *l = NULL;
    CHECK_INT(session_type_prepare(type, m, g, part, &l), PORTICO_OK);
    layout_release(session_type_exchange(type, l));
}

static void wait_for_reads(void) {
    for (int i = 0; i < READERS; i++) {
        uint32_t before = atomic_load(&reads[i]);
        while (atomic_load(&reads[i]) == before) {
            clock_sleep_ms(1);
        }
    }
}

static void register_parts(registry *r) {
    const portico_session_type as = {.name = "session"};
    const registered_handler handler = {
        .id = OPCODE, .call = {.packet = on_packet}, .name = "", .size_max = UINT32_MAX};
    const state_shape none = {0};
    parts[0] = registry_add_type(r, "race.session", true, &as, &none);
    parts[1] = registry_add_type(r, "race.session", false, &as, &none);
    CHECK(parts[0] != NULL && parts[1] != NULL);
    CHECK_INT(registry_add_handler(&parts[0]->packets, &handler), PORTICO_OK);
    generation_hold(&owner);
    generation_hold(&builds[0]);
    generation_hold(&builds[1]);
}

SCENARIO(layout_race) {
    os_thread *threads[READERS];
    uint32_t changes = (uint32_t)scale(scale_sanitized() ? CHANGES_SLOW : CHANGES, CHANGES_SLOW);
    registry *r = registry_create();
    type = session_type_get("race.session");
    CHECK(r != NULL && type != NULL);
    register_parts(r);
    publish(&modules[0], &owner, parts[0]);
    for (int i = 0; i < READERS; i++) {
        CHECK_INT(os_thread_start(&threads[i], "reader", read_layouts, &reads[i]), PORTICO_OK);
    }
    for (uint32_t version = 2; version < changes; version++) {
        bool takes_part = version % 2 == 0;
        publish(&modules[1], &builds[version / 2 % BUILDS], takes_part ? parts[1] : NULL);
        if (version % 256 == 0) {
            wait_for_reads();
        }
    }
    wait_for_reads();
    atomic_store(&stop, true);
    for (int i = 0; i < READERS; i++) {
        os_thread_join(threads[i]);
    }
    session_types_fini();
    registry_free(r);
    CHECK_INT(atomic_load(&modules[0].holds) + atomic_load(&modules[1].holds), 0);
    CHECK(generation_is_alone(&owner));
    CHECK(generation_is_alone(&builds[0]) && generation_is_alone(&builds[1]));
}

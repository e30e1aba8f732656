/* fake_host.c: see fake_host.h. */
#include "fake_private.h"

#include "os/os.h"

#include "support/host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

fake_state fake = {.last_work = &fake.first_work, .turn = ROOMS_MAX};

void fake_fail(const char *expected) {
    (void)fprintf(stderr, "expected: %s\n", expected);
    exit(1);
}

void *fake_allocate(size_t size) {
    void *memory = calloc(1, size);
    fake_check(memory != NULL, "the test gets its memory");
    return memory;
}

fake_session *fake_find_session(portico_session id) {
    fake_session *s =
        id >= FIRST_ID && id < FIRST_ID + fake.session_count ? &fake.sessions[id - FIRST_ID] : NULL;
    return s != NULL && s->open && !s->closing ? s : NULL;
}

bool fake_is_refused(void) {
    bool refused = fake.refusals > 0;
    fake.refusals -= refused;
    return refused;
}

void fake_config(const char *key, const char *value) {
    fake_check(fake.pair_count < PAIRS_MAX, "there are not too many keys");
    fake.pairs[fake.pair_count].key = key;
    fake.pairs[fake.pair_count++].value = value;
}

void fake_open_module(const char *name) {
    char path[1024];
    char why[256] = "";
    static os_library *library; /* stays open until the test ends */
    host_module_path(name, path, sizeof path);
    portico_status status = os_library_open(path, &library, why, sizeof why);
    fake_check(status == PORTICO_OK, why);
    void *symbol = os_library_symbol(library, "portico_module");
    fake_check(symbol != NULL, "the library exports portico_module");
    const portico_module_info *(PORTICO_CALL * describe)(void);
    memcpy(&describe, &symbol, sizeof describe); /* ISO C has no cast to a function pointer */
    fake.module = describe();
}

portico_status fake_load(void) {
    memset(&fake.type, 0, sizeof fake.type);
    memset(&fake.room_type, 0, sizeof fake.room_type);
    fake.handler_count = 0;
    fake.message_handler_count = 0;
    fake.table = (portico_host){.struct_size = sizeof fake.table,
                                .abi_major = PORTICO_ABI_MAJOR,
                                .abi_minor = PORTICO_ABI_MINOR};
    fake_offer_sessions(&fake.table);
    fake_offer_rooms(&fake.table);
    fake_offer_timers(&fake.table);
    fake.loading = true;
    portico_status status = fake.module->load(&fake.table, NULL);
    fake.loading = false;
    fake.pair_count = 0;
    return status;
}

portico_session fake_open(portico_status expected) {
    fake_check(fake.session_count < SESSIONS_MAX, "there are not too many sessions");
    portico_session id = FIRST_ID + fake.session_count;
    fake_session *s = &fake.sessions[fake.session_count++];
    s->open = true;
    s->room = ROOMS_MAX;
    s->target = ROOMS_MAX;
    s->state = fake.type.state_size > 0 ? fake_allocate(fake.type.state_size) : NULL;
    portico_status status =
        fake.type.on_open != NULL ? fake.type.on_open(id, s->state) : PORTICO_OK;
    fake_check(status == expected, "on_open returns what is expected");
    s->closing = status != PORTICO_OK;
    fake_settle();
    return id;
}

void fake_packet(portico_session id, uint16_t opcode, const void *data, uint32_t size) {
    fake_session *s = fake_find_session(id);
    fake_check(s != NULL, "the session is open");
    uint8_t *copy = fake_allocate(size + 1u); /* with the zero that portico_packet promises */
    memcpy(copy, data, size);
    const portico_packet packet = {
        .struct_size = sizeof packet, .size = size, .data = copy, .opcode = opcode};
    portico_on_packet call = fake.type.on_packet;
    for (uint32_t i = 0; i < fake.handler_count; i++) {
        call = fake.handlers[i].opcode == opcode ? fake.handlers[i].call : call;
    }
    uint32_t before = fake_enter_turn(s->room);
    call(id, s->state, &packet);
    fake.turn = before;
    free(copy);
    fake_settle();
}

void fake_text(portico_session id, uint16_t opcode, const char *text) {
    fake_packet(id, opcode, text, (uint32_t)strlen(text));
}

void fake_close(portico_session id, portico_status reason) {
    fake_session *s = &fake.sessions[id - FIRST_ID];
    s->closing = true;
    fake_leave_room(id, reason);
    if (fake.type.on_close != NULL) {
        fake.type.on_close(id, s->state, reason);
    }
    for (uint32_t i = 0; i < CHANNELS_MAX; i++) {
        if (fake.channels[i].count > 0) {
            (void)fake.table.channel_leave(fake.channels[i].name, id);
        }
    }
    fake_forget(id);
    free(s->state);
    s->state = NULL;
    s->open = false;
    fake_settle();
}

bool fake_is_closing(portico_session id) {
    return fake.sessions[id - FIRST_ID].closing;
}

static void message_drop(fake_session *s) {
    message *m = s->first;
    s->first = m->next;
    s->last = s->first != NULL ? s->last : NULL;
    free(m);
}

void fake_expect(portico_session id, uint16_t opcode, const void *data, uint32_t size) {
    fake_session *s = &fake.sessions[id - FIRST_ID];
    const message *m = s->first;
    if (m == NULL || m->opcode != opcode || m->size != size || memcmp(m->data, data, size) != 0) {
        (void)fprintf(stderr, "session %llu: expected %u \"%.*s\", got %u \"%.*s\"\n",
                      (unsigned long long)id, (unsigned)opcode, (int)size, (const char *)data,
                      m != NULL ? (unsigned)m->opcode : 0, m != NULL ? (int)m->size : 0,
                      m != NULL ? (const char *)m->data : "");
        exit(1);
    }
    message_drop(s);
}

void fake_expect_text(portico_session id, uint16_t opcode, const char *text) {
    fake_expect(id, opcode, text, (uint32_t)strlen(text));
}

void fake_expect_nothing(portico_session id) {
    if (fake.sessions[id - FIRST_ID].first != NULL) {
        fake_expect_text(id, 0, "(nothing)");
    }
}

void fake_forget(portico_session id) {
    while (fake.sessions[id - FIRST_ID].first != NULL) {
        message_drop(&fake.sessions[id - FIRST_ID]);
    }
}

void fake_watch(bool (*is_fine)(uint16_t opcode, const void *data, uint32_t size)) {
    fake.watch = is_fine;
}

void fake_refuse(portico_status status, uint32_t count) {
    fake.refusal = status;
    fake.refusals = count;
}

/* orders.c: notices when a session's packets overtake each other or when two of its handlers run at
 * once.
 *
 * Each packet begins with its number (uint32, from 0). An optional second uint32 says how many
 * milliseconds the handler stays inside; a third, how long the handler of a message that it posts
 * stays, or until it has met another handler, after logging "inside". Handlers always stay a
 * little, so that another handler of the session would be met. Replies with the packet; `unload`
 * logs what was wrong. */
#include <portico/portico.h>

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum { STAY = 1 };

typedef struct line {
    atomic_uint inside; /* handlers of this session that are running */
    uint32_t next;
} line;

static const portico_host *host;
static atomic_uint packets;
static atomic_uint overtaken;
static atomic_uint together;
static atomic_uint closed;

static void PORTICO_CALL on_packet(portico_session session, void *state,
                                   const portico_packet *packet) {
    line *l = state;
    if (atomic_fetch_add(&l->inside, 1) != 0) {
        atomic_fetch_add(&together, 1);
    }
    uint32_t words[3] = {0, 0, 0};
    memcpy(words, packet->data, packet->size < sizeof words ? packet->size : sizeof words);
    uint32_t number = words[0];
    if (number != l->next) {
        atomic_fetch_add(&overtaken, 1);
    }
    for (volatile uint32_t i = 0; i < (number * 37) % 2000; i++) {
        /* for a while of varying length */
    }
    uint64_t end_ms = host->clock_ms() + words[1];
    while (words[1] != 0 && host->clock_ms() < end_ms) {
        /* until others have had time to come */
    }
    if (words[2] != 0) {
        (void)host->post(session, STAY, &words[2], sizeof words[2]);
    }
    l->next = number + 1;
    (void)host->session_send(session, packet->opcode, packet->data, packet->size);
    atomic_fetch_add(&packets, 1);
    atomic_fetch_sub(&l->inside, 1);
}

static void PORTICO_CALL on_stay(portico_entity session, void *state,
                                 const portico_message *message) {
    (void)session;
    line *l = state;
    uint32_t stay_ms = 0;
    memcpy(&stay_ms, message->data, sizeof stay_ms);
    if (atomic_fetch_add(&l->inside, 1) != 0) {
        atomic_fetch_add(&together, 1);
    }
    host->log(PORTICO_LOG_INFO, "inside");
    uint64_t end_ms = host->clock_ms() + stay_ms;
    uint32_t before = atomic_load(&together);
    while (host->clock_ms() < end_ms && atomic_load(&together) == before) {
        /* a handler that comes now finds it inside */
    }
    atomic_fetch_sub(&l->inside, 1);
}

static void PORTICO_CALL on_close(portico_session session, void *state, portico_status reason) {
    (void)session;
    (void)reason;
    line *l = state;
    if (atomic_fetch_add(&l->inside, 1) != 0) {
        atomic_fetch_add(&together, 1);
    }
    atomic_fetch_add(&closed, 1);
}

static portico_status PORTICO_CALL module_load(const portico_host *from_host, void *state) {
    (void)state;
    host = from_host;
    const portico_session_type type = {
        .struct_size = sizeof type,
        .state_size = sizeof(line),
        .name = "session",
        .on_packet = on_packet,
        .on_close = on_close,
    };
    portico_status status = host->register_session_type(&type);
    return status == PORTICO_OK ? host->register_message("session", STAY, on_stay) : status;
}

static void PORTICO_CALL module_unload(void *state) {
    (void)state;
    char text[120];
    (void)snprintf(text, sizeof text, "packets %u overtaken %u together %u closed %u",
                   atomic_load(&packets), atomic_load(&overtaken), atomic_load(&together),
                   atomic_load(&closed));
    host->log(PORTICO_LOG_INFO, text);
}

static const portico_module_info info = {
    .struct_size = sizeof info,
    .abi_major = PORTICO_ABI_MAJOR,
    .abi_minor = PORTICO_ABI_MINOR,
    .name = "orders",
    .version = "1",
    .load = module_load,
    .unload = module_unload,
};

PORTICO_MODULE(info);

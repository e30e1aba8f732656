/* orders.c: notices when a session's packets overtake each other or when two of its handlers run at
 * once.
 *
 * Each packet begins with its number (uint32, from 0). An optional second uint32 says how many
 * milliseconds the handler stays inside; a third, how long the handler of a message that it posts
 * stays, or until it has met another handler, after logging "inside". Handlers always stay a
 * little, so that another handler of the session would be met. Replies with the packet; `stop`
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

static atomic_uint packets;
static atomic_uint overtaken;
static atomic_uint together;
static atomic_uint closed;

static void on_packet(portico_session session, void *state, const portico_packet *packet) {
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
    uint64_t end_ms = portico->clock_ms() + words[1];
    while (words[1] != 0 && portico->clock_ms() < end_ms) {
        /* until others have had time to come */
    }
    if (words[2] != 0) {
        (void)portico->post(portico_session_entity(session), STAY, &words[2], sizeof words[2]);
    }
    l->next = number + 1;
    (void)portico->session_send(session, packet->opcode, packet->data, packet->size);
    atomic_fetch_add(&packets, 1);
    atomic_fetch_sub(&l->inside, 1);
}

static void on_stay(portico_session session, void *state, const portico_message *message) {
    (void)session;
    line *l = state;
    uint32_t stay_ms = 0;
    memcpy(&stay_ms, message->data, sizeof stay_ms);
    if (atomic_fetch_add(&l->inside, 1) != 0) {
        atomic_fetch_add(&together, 1);
    }
    portico->log(PORTICO_LOG_INFO, "inside");
    uint64_t end_ms = portico->clock_ms() + stay_ms;
    uint32_t before = atomic_load(&together);
    while (portico->clock_ms() < end_ms && atomic_load(&together) == before) {
        /* a handler that comes now finds it inside */
    }
    atomic_fetch_sub(&l->inside, 1);
}

static void on_close(portico_session session, void *state, portico_status reason) {
    (void)session;
    (void)reason;
    line *l = state;
    if (atomic_fetch_add(&l->inside, 1) != 0) {
        atomic_fetch_add(&together, 1);
    }
    atomic_fetch_add(&closed, 1);
}

static void orders_stop(void *state, uint32_t why) {
    (void)state, (void)why;
    char text[120];
    (void)snprintf(text, sizeof text, "packets %u overtaken %u together %u closed %u",
                   atomic_load(&packets), atomic_load(&overtaken), atomic_load(&together),
                   atomic_load(&closed));
    portico->log(PORTICO_LOG_INFO, text);
}

static const portico_session_message messages[] = {PORTICO_MESSAGE(STAY, on_stay)};
static const portico_session_type types[] = {
    {.name = "session",
     .state = PORTICO_STATE_OPAQUE(line, 0),
     .on_packet = on_packet,
     .on_close = on_close,
     .messages = PORTICO_TABLE(messages)},
};

static const portico_module orders = {
    .name = "orders", .version = "1", .session_types = PORTICO_TABLE(types), .stop = orders_stop};

PORTICO_MODULE(orders);

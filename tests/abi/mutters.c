/* mutters.c: posts to itself. `start` fills the module's own queue; the last of these messages then
 * posts itself again and again, until the host refuses it because the module ends. Logs errors. */
#include <portico/portico.h>

#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

enum { NUMBER = 1, WAITING_MAX = 100000, LISTEN_MS = 700 };

static atomic_uint handled;
static atomic_bool started;

static void expect(bool holds, const char *what) {
    if (!holds) {
        portico->log(PORTICO_LOG_ERROR, what);
    }
}

static portico_status post(uint32_t number) {
    return portico->post(portico->self(), NUMBER, &number, sizeof number);
}

static void on_number(portico_entity module, void *state, const portico_message *message) {
    (void)module, (void)state;
    uint32_t number = 0;
    memcpy(&number, message->data, sizeof number);
    uint32_t before = atomic_fetch_add(&handled, 1);
    expect(atomic_load(&started), "a message is handled before `start` has returned");
    expect(number == before || number == WAITING_MAX, "a message is handled out of order");
    if (number >= WAITING_MAX - 1) {
        if (before + 1 == WAITING_MAX) {
            portico->log(PORTICO_LOG_INFO, "all are handled");
        }
        portico_status status = post(WAITING_MAX);
        expect(status == PORTICO_OK || status == PORTICO_E_GONE, "a message is not accepted");
    }
}

static portico_status start(void *state, uint32_t why) {
    (void)state, (void)why;
    portico_status status = PORTICO_OK;
    for (uint32_t i = 0; status == PORTICO_OK && i < WAITING_MAX; i++) {
        status = post(i);
    }
    expect(status == PORTICO_OK, "fewer messages may wait than promised");
    expect(post(WAITING_MAX) == PORTICO_E_BACKLOG, "more messages may wait than promised");
    uint64_t until_ms = portico->clock_ms() + LISTEN_MS;
    while (portico->clock_ms() < until_ms && atomic_load(&handled) == 0) {
        /* a message that does not wait for `start` to return comes now; nor does a sweep start
         * it */
    }
    atomic_store(&started, true);
    return PORTICO_OK;
}

static const portico_module_message messages[] = {PORTICO_MESSAGE(NUMBER, on_number)};

static const portico_module mutters = {
    .name = "mutters", .version = "1", .messages = PORTICO_TABLE(messages), .start = start};

PORTICO_MODULE(mutters);

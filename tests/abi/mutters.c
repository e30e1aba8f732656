/* mutters.c: posts to itself. `load` fills the module's own queue; the last of these messages then
 * posts itself again and again, until the host refuses it because the module ends. Logs errors. */
#include <portico/portico.h>

#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

enum { NUMBER = 1, WAITING_MAX = 100000, LISTEN_MS = 700 };

static const portico_host *host;
static atomic_uint handled;
static atomic_bool loaded;

static void expect(bool holds, const char *what) {
    if (!holds) {
        host->log(PORTICO_LOG_ERROR, what);
    }
}

static portico_status post(uint32_t number) {
    return host->post(host->self(), NUMBER, &number, sizeof number);
}

static void PORTICO_CALL on_number(portico_entity module, void *state,
                                   const portico_message *message) {
    (void)module, (void)state;
    uint32_t number = 0;
    memcpy(&number, message->data, sizeof number);
    uint32_t before = atomic_fetch_add(&handled, 1);
    expect(atomic_load(&loaded), "a message is handled before `load` has returned");
    expect(number == before || number == WAITING_MAX, "a message is handled out of order");
    if (number >= WAITING_MAX - 1) {
        if (before + 1 == WAITING_MAX) {
            host->log(PORTICO_LOG_INFO, "all are handled");
        }
        portico_status status = post(WAITING_MAX);
        expect(status == PORTICO_OK || status == PORTICO_E_GONE, "a message is not accepted");
    }
}

static portico_status PORTICO_CALL load(const portico_host *from_host, void *state) {
    (void)state;
    host = from_host;
    portico_status status = host->register_message(NULL, NUMBER, on_number);
    for (uint32_t i = 0; status == PORTICO_OK && i < WAITING_MAX; i++) {
        status = post(i);
    }
    expect(status == PORTICO_OK, "fewer messages may wait than promised");
    expect(post(WAITING_MAX) == PORTICO_E_BACKLOG, "more messages may wait than promised");
    uint64_t until_ms = host->clock_ms() + LISTEN_MS;
    while (host->clock_ms() < until_ms && atomic_load(&handled) == 0) {
        /* a message that does not wait for `load` to return comes now; nor does a sweep start it */
    }
    atomic_store(&loaded, true);
    return PORTICO_OK;
}

static const portico_module_info info = {PORTICO_MODULE_HEAD, .name = "mutters", .version = "1",
                                         .load = load};

PORTICO_MODULE(info);

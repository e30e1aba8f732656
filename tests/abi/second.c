/* second.c: joins counts.session with a state of its own.
 *
 *   opcode 20  answers how many packets with this opcode have arrived (uint64)
 *
 * Everything in the state is checked: zero at on_open, then untouched by the other module. `unload`
 * logs opened, closed and wrong. */
#include <portico/portico.h>

#include <stdatomic.h>
#include <stdio.h>

enum { MARK = 0x5EC0 };

typedef struct extra {
    uint64_t mark;
    uint64_t packets;
    uint64_t packets_again;
} extra;

static const portico_host *host;
static atomic_uint opened;
static atomic_uint closed;
static atomic_uint wrong;

static portico_status PORTICO_CALL on_open(portico_session session, void *state) {
    (void)session;
    extra *e = state;
    if (e->mark != 0 || e->packets != 0 || e->packets_again != 0) {
        atomic_fetch_add(&wrong, 1);
    }
    e->mark = MARK;
    atomic_fetch_add(&opened, 1);
    return PORTICO_OK;
}

static void PORTICO_CALL on_twenty(portico_session session, void *state,
                                   const portico_packet *packet) {
    extra *e = state;
    if (e->mark != MARK || packet->opcode != 20) {
        atomic_fetch_add(&wrong, 1);
    }
    e->packets++;
    e->packets_again++;
    (void)host->session_send(session, 20, &e->packets, sizeof e->packets);
}

static void PORTICO_CALL on_close(portico_session session, void *state, portico_status reason) {
    (void)session;
    (void)reason;
    extra *e = state;
    if (e->mark != MARK || e->packets != e->packets_again) {
        atomic_fetch_add(&wrong, 1);
    }
    e->mark = 0;
    atomic_fetch_add(&closed, 1);
}

static portico_status PORTICO_CALL module_load(const portico_host *from_host, void *state) {
    (void)state;
    host = from_host;
    const portico_session_type type = {
        .struct_size = sizeof type,
        .state_size = sizeof(extra),
        .state_version = 1,
        .name = "counts.session",
        .on_open = on_open,
        .on_close = on_close,
    };
    portico_status status = host->register_session_type(&type);
    return status == PORTICO_OK ? host->register_handler("counts.session", 20, on_twenty) : status;
}

static void PORTICO_CALL module_unload(void *state) {
    (void)state;
    char text[120];
    (void)snprintf(text, sizeof text, "opened %u closed %u wrong %u", atomic_load(&opened),
                   atomic_load(&closed), atomic_load(&wrong));
    host->log(PORTICO_LOG_INFO, text);
}

static const char *const required[] = {"counts", NULL};

static const portico_module_info info = {
    .struct_size = sizeof info,
    .abi_major = PORTICO_ABI_MAJOR,
    .abi_minor = PORTICO_ABI_MINOR,
    .name = "second",
    .version = "1",
    .required = required,
    .load = module_load,
    .unload = module_unload,
};

PORTICO_MODULE(info);

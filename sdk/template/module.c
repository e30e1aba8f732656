/* module.c: a module to start from. It greets each client and counts its packets.
 *
 * Rename `hello`. The name in `info` is the name of the module, of its file and of its
 * [module NAME] section.
 */
#include <portico/portico.h>

#include <stdio.h>
#include <string.h>

/* What clients send. Document it: whoever writes a client needs it. */
enum { OPCODE_COUNT = 1 /* empty; the answer is a number as text */ };

/* The state of a session, zeroed by the host before on_open. It survives swaps: the host carries
 * the values over by name, so you may add, remove and reorder fields (see the guide on state). */
#define VISITOR(S, FIELD, ARRAY) FIELD(S, uint32_t, packets)
PORTICO_STATE(visitor, VISITOR);

/* Handlers on all threads share statics: write them only in `load`. */
static const portico_host *host;
static const char *greeting;

static portico_status PORTICO_CALL visitor_on_open(portico_session session, void *state) {
    (void)state;
    return host->session_send(session, 0, greeting, (uint32_t)strlen(greeting));
}

static void PORTICO_CALL visitor_on_count(portico_session session, void *state,
                                          const portico_packet *packet) {
    (void)packet;
    visitor *v = state;
    char text[16];
    int size = snprintf(text, sizeof text, "%u", (unsigned)++v->packets);
    (void)host->session_send(session, OPCODE_COUNT, text, (uint32_t)size);
}

static void PORTICO_CALL visitor_on_packet(portico_session session, void *state,
                                           const portico_packet *packet) {
    (void)session;
    (void)packet; /* its opcode has no handler */
    visitor *v = state;
    v->packets++;
}

static void PORTICO_CALL visitor_on_close(portico_session session, void *state,
                                          portico_status reason) {
    (void)session; /* sends to it are refused by now */
    const visitor *v = state;
    char text[80];
    (void)snprintf(text, sizeof text, "a visitor left after %u packets (%d)", (unsigned)v->packets,
                   (int)reason);
    host->log(PORTICO_LOG_INFO, text);
}

static portico_status PORTICO_CALL hello_load(const portico_host *from_host, void *state) {
    (void)state;
    host = from_host;
    greeting = host->config_text("greeting", "hello");

    const portico_session_type type = {
        .struct_size = sizeof type,
        .state_size = sizeof(visitor),
        .state_version = 1,
        .name = "visitor", /* a listener names it: type = hello.visitor */
        .on_open = visitor_on_open,
        .on_packet = visitor_on_packet,
        .on_close = visitor_on_close,
        .state_fields = &visitor_fields,
    };
    portico_status status = host->register_session_type(&type);
    if (status != PORTICO_OK) {
        return status;
    }
    return host->register_handler("visitor", OPCODE_COUNT, visitor_on_count);
}

static const portico_module_info info = {
    .struct_size = sizeof info,
    .abi_major = PORTICO_ABI_MAJOR,
    .abi_minor = PORTICO_ABI_MINOR,
    .name = "hello",
    .version = "0.1.0",
    .description = "Greets, and counts what each client sends.",
    .load = hello_load,
};

PORTICO_MODULE(info);

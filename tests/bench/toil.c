/* toil.c: a handler that uses the processor for [module toil] us microseconds, then answers: work
 * that several workers can share. */
#include <portico/portico.h>

#include <time.h>

static const portico_host *host;
static int64_t toil_us;

static int64_t now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void PORTICO_CALL on_packet(portico_session session, void *state,
                                   const portico_packet *packet) {
    (void)state;
    int64_t until_us = now_us() + toil_us;
    while (now_us() < until_us) {
    }
    (void)host->session_send(session, packet->opcode, packet->data, packet->size);
}

static portico_status PORTICO_CALL module_load(const portico_host *from_host, void *state) {
    (void)state;
    host = from_host;
    const portico_session_type type = {
        .struct_size = sizeof type, .name = "session", .on_packet = on_packet};
    portico_status status = host->config_integer("us", 50, 1, 1000000, &toil_us);
    return status == PORTICO_OK ? host->register_session_type(&type) : status;
}

static const portico_module_info info = {
    .struct_size = sizeof info,
    .abi_major = PORTICO_ABI_MAJOR,
    .abi_minor = PORTICO_ABI_MINOR,
    .name = "toil",
    .version = "1",
    .description = "Takes the processor for some microseconds, and answers.",
    .load = module_load,
};

PORTICO_MODULE(info);

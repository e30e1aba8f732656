/* toil.c: a handler that uses the processor for [module toil] us microseconds, then answers: work
 * that several workers can share. */
#include <portico/portico.h>

#include <time.h>

static uint32_t us; /* [module toil] us */

static int64_t now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void on_packet(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    int64_t until_us = now_us() + us;
    while (now_us() < until_us) {
    }
    (void)portico->session_send(session, packet->opcode, packet->data, packet->size);
}

static const portico_session_type types[] = {{.name = "session", .on_packet = on_packet}};
static const portico_setting settings[] = {
    PORTICO_U32(us, "50", 1, 1000000, "microseconds of work for each packet")};

static const portico_module toil = {
    .name = "toil",
    .version = "1",
    .description = "Takes the processor for some microseconds, and answers.",
    .session_types = PORTICO_TABLE(types),
    .settings = PORTICO_TABLE(settings),
};

PORTICO_MODULE(toil);

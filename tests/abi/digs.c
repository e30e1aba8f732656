/* digs.c: handlers that use as much stack as a packet says. DIG and DIG_IN_A_JOB answer with the
 * KiB that they were asked for, when they have used them. */
#include <portico/portico.h>

#include <string.h>

enum { DIG = 1, DIG_IN_A_JOB = 2, KIB = 1024, JOB = 1 };

static uint32_t kib_of(const uint8_t *data) {
    uint32_t kib;
    memcpy(&kib, data, sizeof kib);
    return kib;
}

/* Writes to that much stack, a little more than 1 KiB a call. */
__attribute__((noinline)) static uint32_t dig(uint32_t kib) {
    volatile uint8_t block[KIB];
    block[kib % KIB] = 1;
    uint32_t dug = kib > 1 ? dig(kib - 1) : 0;
    return dug + block[kib % KIB]; /* so that the call above is no jump */
}

static void on_dig(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    uint32_t dug = dig(kib_of(packet->data));
    (void)portico->session_send(session, packet->opcode, &dug, sizeof dug);
}

static void on_dig_in_a_job(portico_session session, void *state, const portico_packet *packet) {
    (void)state;
    (void)portico->run_job(JOB, packet->data, packet->size, portico_session_entity(session));
}

static uint32_t job(uint32_t id, const void *data, uint32_t size, void *reply, uint32_t capacity) {
    (void)id, (void)size, (void)capacity;
    uint32_t dug = dig(kib_of(data));
    memcpy(reply, &dug, sizeof dug);
    return sizeof dug;
}

static void on_dug(portico_session session, void *state, const portico_message *message) {
    (void)state;
    (void)portico->session_send(session, DIG_IN_A_JOB, message->data, message->size);
}

static const portico_opcode opcodes[] = {
    PORTICO_RAW(DIG, sizeof(uint32_t), sizeof(uint32_t), on_dig),
    PORTICO_RAW(DIG_IN_A_JOB, sizeof(uint32_t), sizeof(uint32_t), on_dig_in_a_job),
};
static const portico_session_message session_messages[] = {PORTICO_MESSAGE(JOB, on_dug)};
static const portico_job jobs[] = {PORTICO_MESSAGE(JOB, job)};

static const portico_session_type session_types[] = {{
    .name = "session",
    .opcodes = PORTICO_TABLE(opcodes),
    .messages = PORTICO_TABLE(session_messages),
}};

static const portico_module digs = {
    .name = "digs",
    .version = "1",
    .session_types = PORTICO_TABLE(session_types),
    .jobs = PORTICO_TABLE(jobs),
};

PORTICO_MODULE(digs);

/* commander.c: see commander.h. */
#include "sim/commander.h"

#include "sim/world.h"

bool commander_receive(commander *by, uint32_t timeout_ms, int32_t *end) {
    uint64_t data[2] = {0};
    uint16_t opcode = 0;
    *end = client_recv_frame(by->c, &opcode, data, sizeof data, timeout_ms);
    if (*end < 0) {
        return false;
    }
    by->take(by, opcode, data, *end);
    return true;
}

void commander_play(commander *by, uint16_t opcode, uint32_t most) {
    int32_t end = CLIENT_TIMEOUT;
    for (uint32_t i = 0; i < most && end == CLIENT_TIMEOUT; i++) {
        if (!client_send_frame(by->c, opcode, &by->commands, sizeof by->commands,
                               COMMANDER_PATIENCE_MS)) {
            return;
        }
        by->commands++;
        uint32_t wait_ms = world_random(3) * world_random(60);
        while (commander_receive(by, wait_ms, &end)) {
            wait_ms /= 2;
        }
    }
}

void commander_stay(commander *by, const bool *finish, int32_t *end) {
    while (!*finish) {
        if (*end == CLIENT_TIMEOUT) {
            (void)commander_receive(by, COMMANDER_STEP_MS, end);
        } else {
            os_sleep(COMMANDER_STEP_MS);
        }
    }
}

int32_t commander_part(commander *by) {
    int32_t end = CLIENT_TIMEOUT;
    client_half_close(by->c);
    while (commander_receive(by, COMMANDER_PATIENCE_MS, &end)) {
    }
    CHECK(end == CLIENT_END || end == CLIENT_BROKEN);
    return end;
}

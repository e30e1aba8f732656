/* fault.c: what the simulation does in place of the real system about faults. Guards are the real
 * ones. Addresses get no names: the real system would run a program to find them. No thread is
 * interrupted, because no seed decides where a real thread is and how soon it answers. */
#include "os/fault.h"
#include "token.h"

void os_places_find(const uintptr_t *frames, uint32_t count, os_place *places) {
    token_call("places_find", count);
    for (uint32_t i = 0; i < count; i++) {
        os_place_quick(frames[i], &places[i]);
    }
}

bool os_guard_interrupt(os_guard_thread *thread, bool end, os_fault *fault, bool *seen) {
    (void)thread;
    (void)fault;
    token_call("guard_interrupt", end);
    *seen = false;
    return false;
}

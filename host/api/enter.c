/* enter.c: see private.h. */
#include "api/private.h"

#include <string.h>

void api_raise(void) {
    if (os_stack_is_low()) {
        os_guard_raise(OS_FAULT_STACK,
                       "it calls a function of the host and has less than 64 KiB of stack left");
    }
    if (running_is_abandoned(&running_now)) {
        os_guard_raise(OS_FAULT_HANG, "nobody waits for this call any more");
    }
}

bool api_writes_info(void *info, uint32_t most) {
    uint32_t size = 0;
    if (info == NULL) {
        return false;
    }
    running_probe(info, sizeof size);
    memcpy(&size, info, sizeof size);
    if (size < sizeof size) {
        return false;
    }
    running_probe_pages(info, size < most ? size : most, true);
    return true;
}

/* machine.h: the part of the seam about what this machine allows a process. Any thread. */
#ifndef PORTICO_OS_MACHINE_H
#define PORTICO_OS_MACHINE_H

#include <stdint.h>

typedef struct os_machine {
    uint64_t memory_bytes; /* that the process may use without swapping; 0: unknown */
    uint64_t handles;      /* that it may have open; 0: any number, or unknown */
} os_machine;

void os_machine_look(os_machine *machine);

#endif

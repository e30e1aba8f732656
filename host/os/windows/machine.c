/* machine.c: see os/machine.h. */
#include "os/machine.h"

#include "private.h"

/* A process may have 16,711,680 handles.
 * https://learn.microsoft.com/windows/win32/sysinfo/kernel-objects */
enum { HANDLES_MOST = 16711680 };

void os_machine_look(os_machine *machine) {
    MEMORYSTATUSEX status = {.dwLength = sizeof status};
    *machine = (os_machine){.handles = HANDLES_MOST};
    if (GlobalMemoryStatusEx(&status)) {
        machine->memory_bytes = status.ullTotalPhys;
    }
}

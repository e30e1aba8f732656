/* child.c: see os/child.h. */
#include "os/child.h"

portico_status os_child_start(const char *const *arguments, os_child_io io, os_child **child) {
    (void)arguments;
    (void)io;
    *child = NULL;
    return PORTICO_E_STATE;
}

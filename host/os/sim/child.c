/* child.c: there are no other processes in the simulation. The rest of child.h is the real one, and
 * is never called. */
#include "real.h"
#include "token.h"

#include "os/child.h"

portico_status os_child_start(const char *const *arguments, os_child_io io, os_child **child) {
    (void)arguments;
    (void)io;
    *child = NULL;
    error_is_real();
    return PORTICO_E_STATE;
}

/* bounds.h: the most memory and handles that a configuration lets a host take. Pure. */
#ifndef PORTICO_BOUNDS_H
#define PORTICO_BOUNDS_H

#include "config/config.h"
#include "config/fault.h"
#include "os/machine.h"

typedef struct bounds {
    uint64_t session_bytes; /* of all sessions, with what they receive and have to send */
    uint64_t module_bytes;  /* of what `modules` modules make the host keep */
    uint64_t other_bytes;   /* jobs, pools of workers, the host itself */
    uint64_t handles;
} bounds;

/* `modules`: how many there are. What modules allocate themselves is not included. */
void bounds_of(const config *c, uint32_t modules, bounds *b);

uint64_t bounds_bytes(const bounds *b);

/* Adds a note with the bounds, and one for each that exceeds what the machine allows. */
void bounds_tell(const bounds *b, const os_machine *machine, config_faults *notes);

#endif

/* visits.h: counts of the admin connections, for `ctl status`. Written by the admin thread, read by
 * it. */
#ifndef PORTICO_VISITS_H
#define PORTICO_VISITS_H

#include "os/os.h"

typedef enum visit_kind {
    VISIT_UNKNOWN, /* over TCP, and has not shown the token */
    VISIT_TRUSTED, /* over TCP, and has */
    VISIT_LOCAL,   /* over the local socket */
    VISIT_HTTP,    /* over HTTP */
    VISIT_KINDS
} visit_kind;

typedef struct visit_counts {
    os_address address;         /* that TCP listens on; no family: nowhere */
    os_address http_address;    /* likewise for HTTP */
    uint32_t open[VISIT_KINDS]; /* connections now */
    uint64_t accepted;          /* ever */
    uint64_t made_way;          /* closed because others needed their place */
    uint64_t wrong_tokens;
} visit_counts;

extern visit_counts visits;

#endif

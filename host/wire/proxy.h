/* proxy.h: the header of the PROXY protocol, by which a balancer says where a connection comes
 * from. Pure, any thread.
 *
 * Sections are those of HAProxy's proxy-protocol.txt. Version 1 is a line of text (2.1), version 2
 * is binary (2.2). A header that does not follow them exactly is refused.
 */
#ifndef PORTICO_WIRE_PROXY_H
#define PORTICO_WIRE_PROXY_H

#include "os/os.h"

enum {
    PROXY_V1 = 1,
    PROXY_V2 = 2,
    PROXY_LINE_MAX = 107,   /* bytes of version 1, CR and LF included */
    PROXY_HEADER_MAX = 4096 /* bytes of version 2 */
};

typedef enum proxy_result { PROXY_MORE, PROXY_DONE, PROXY_REFUSED } proxy_result;

typedef struct proxy_header {
    uint32_t bytes;  /* its size: what follows is not part of it */
    bool has_source; /* False: the connection's own address counts. The balancer itself connects
                      * (LOCAL), or knows no address of TCP (UNKNOWN, UNSPEC, datagrams, Unix) */
    os_address source;
} proxy_header;

/* Reads the header at the start of what has been received, of one of `versions`: PROXY_V1,
 * PROXY_V2, or both of them or-ed.
 *   PROXY_MORE     all of it is valid so far, but more is needed
 *   PROXY_DONE     *header is set
 *   PROXY_REFUSED  *why says what is wrong, a constant */
proxy_result proxy_read(const uint8_t *bytes, uint32_t size, uint32_t versions,
                        proxy_header *header, const char **why);

#endif

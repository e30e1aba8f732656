/* ledger.h: counts what modules ask of the host and get from it; counters.h compares it with what
 * the host has counted.
 *
 * All modules of a scenario call the host by the table `host`. Only one thread runs at a time, so
 * all this is plain variables. */
#ifndef TEST_LEDGER_H
#define TEST_LEDGER_H

#include <portico/portico.h>
#include <stdbool.h>

typedef struct ledger_sums {
    uint64_t packets;    /* that handlers have received */
    uint64_t cut;        /* sessions that have ended before the end of the client's stream */
    uint64_t sends;      /* session_send with PORTICO_OK */
    uint64_t refused;    /* session_send with PORTICO_E_BACKLOG */
    uint64_t calls;      /* channel_send and room_send, */
    uint64_t broadcasts; /* those with at least one recipient, */
    uint64_t recipients; /* and how many they had */
    bool partial;        /* a module does not use this table */
} ledger_sums;

extern ledger_sums ledger;

/* The table that modules use instead of world_host. It calls that one, counts, and fails if a call
 * with the id of something that has ended (ended.h) does not return what the API documents. Calls
 * that are in progress are counted when they return. */
extern const portico_host *const host;

/* A module that does not use that table is loaded: its packets are unknown. */
void ledger_is_partial(void);

/* A handler has received a packet. */
void ledger_packet(void);

/* A session's owner has its on_close called, or never will although it has opened. */
void ledger_closes(portico_status reason);

#endif

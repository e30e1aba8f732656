/* attackers.h: clients that attack a host, in a thread of their own, while others use it. They act
 * at a bounded rate: what others then feel is the host's doing, not a lack of processors.
 *
 * Every attack is one of the table in attackers.c. Clients that the host closes come again. */
#ifndef TEST_ATTACKERS_H
#define TEST_ATTACKERS_H

#include "support/net.h"

#include <stdatomic.h>

typedef enum attack {
    ATTACK_SLOW,       /* ask for much and read nothing */
    ATTACK_DRIBBLE,    /* send frames a byte at a time */
    ATTACK_SILENT,     /* connect and send nothing, or half a header */
    ATTACK_CROWD,      /* open more connections than are allowed */
    ATTACK_FLOOD,      /* send as fast as they may, and read */
    ATTACK_VANISH,     /* close the connection at every stage of it */
    ATTACK_RESET,      /* the same by a reset, also in the middle of frames */
    ATTACK_HALF_CLOSE, /* end their sending direction with questions unanswered */
    ATTACK_URGENT,     /* put TCP urgent data into frames */
    ATTACK_OVERSIZED,  /* send headers with sizes that are too large or too small */
    ATTACK_NOISE,      /* send random bytes */
    ATTACK_GUESS,      /* send wrong tokens to the admin listener */
    ATTACK_HOLD,       /* hold connections to the admin listener, and send no token */
    ATTACK_FAULT,      /* send what makes the module fault */

    /* To a listener of WebSocket: */
    ATTACK_WEB_HALF,      /* send half a request, or nothing */
    ATTACK_WEB_SLOW,      /* send a request a byte at a time */
    ATTACK_WEB_GIANT,     /* send endless heads, and hundreds of headers */
    ATTACK_WEB_SMUGGLE,   /* hide a request in a request, or in a header */
    ATTACK_WEB_BARE,      /* send frames without a mask */
    ATTACK_WEB_PACKED,    /* send what looks compressed */
    ATTACK_WEB_DRIBBLE,   /* send frames a byte at a time */
    ATTACK_WEB_FRAGMENTS, /* send fragments without end */
    ATTACK_WEB_EMPTY,     /* send empty fragments without end */
    ATTACK_WEB_PINGS,     /* send pings and read no pong */
    ATTACKS,
    ATTACK_WEB_FIRST = ATTACK_WEB_HALF
} attack;

typedef struct attackers_options {
    attack kind;
    uint16_t port; /* of a listener of faulty.session with framing u16; GUESS and HOLD: the
                      * admin's; WEB: of one with WebSocket */
    int clients;
    uint32_t rate; /* acts a second, of all together */
} attackers_options;

typedef struct attackers_figures {
    uint64_t acts;
    uint64_t connects; /* that succeeded */
    uint64_t refused;  /* and those that did not */
    uint64_t ends;     /* connections that the host has closed */
} attackers_figures;

/* Adds what others have seen. */
void attackers_add(attackers_figures *total, attackers_figures more);

/* "12 acts, 5 connections, 3 closed by the host" */
void attackers_say(const attackers_figures *seen, char *text, size_t size);

/* Calls `act` for each of the clients in turn, `rate` times a second, until *stop. The first act is
 * at once. Acts that are late by more than 100 ms are left out, so that there is never a burst of
 * more. */
void attackers_pace(uint32_t rate, int clients, const atomic_bool *stop,
                    void (*act)(void *arg, int client), void *arg);

typedef struct attackers attackers;

/* "slow", "dribble" ... */
const char *attack_word(attack kind);

/* "ask for much and read nothing" ... */
const char *attack_sentence(attack kind);

attackers *attackers_start(const attackers_options *options);

/* Disconnects all and frees. */
attackers_figures attackers_stop(attackers *a);

/* Connects and proceeds as far as `stage` says: nothing sent, half a header, a header, half a
 * payload, 50 frames without reading the replies, a frame and the sending direction ended, an
 * answer received. The module answers `opcode`. NET_NONE if the host closed it first. */
enum { ATTACK_STAGES = 7 };
net_socket attack_at_stage(uint16_t port, int stage, uint16_t opcode);

#endif

/* attacker.h: one client of support/attackers.h, for the files that say how clients attack. */
#ifndef TEST_ATTACKER_H
#define TEST_ATTACKER_H

#include "abi/system.h"
#include "support/attackers.h"

#include <stdatomic.h>

typedef struct client {
    net_socket socket; /* NET_NONE before the first act and after the end */
    uint32_t acts;     /* of this connection */
    uint32_t turn;     /* of this client */
} client;

struct attackers {
    attackers_options options;
    client *clients;
    attackers_figures seen;
    uint64_t random;
    system_thread thread;
    atomic_bool stop;
};

/* Sends what the system takes at once. False: the connection has ended. */
bool attacker_send(const client *c, const void *data, size_t size);

/* Reads and discards what is there. False: the connection has ended. */
bool attacker_read_all(const client *c);

/* Acts of attackers_web.c. False: the connection has ended. */
bool act_web_half(attackers *a, client *c);
bool act_web_slow(attackers *a, client *c);
bool act_web_giant(attackers *a, client *c);
bool act_web_smuggle(attackers *a, client *c);
bool act_web_bare(attackers *a, client *c);
bool act_web_packed(attackers *a, client *c);
bool act_web_dribble(attackers *a, client *c);
bool act_web_fragments(attackers *a, client *c);
bool act_web_empty(attackers *a, client *c);
bool act_web_pings(attackers *a, client *c);

#endif

/* provoke_acts.h: the parts of provoke.c. Private to it. */
#ifndef TEST_PROVOKE_ACTS_H
#define TEST_PROVOKE_ACTS_H

#include "support/provoke.h"

typedef struct provoke_act {
    /* Makes the entry fault. Whether all is as promised afterwards. NULL: there is no such. */
    bool (*act)(provoker *p, uint32_t kind);
    bool life;
} provoke_act;

/* By entry. */
extern const provoke_act provoke_acts[FAULTY_ENTRIES];

/* Clients that do not end the test: false if the host does not answer. */
bool provoke_echoes(net_socket s);
bool provoke_show(net_socket s, uint32_t of, faulty_shown *shown);

/* Connects *s if it is not. */
bool provoke_greeted(provoker *p, net_socket *s);
void provoke_drop(net_socket *s);

#endif

/* provoke.h: makes the module faulty fault once, in one kind of entry, and says what came of it.
 * One thread. Only the host's own failures end the test: a provoked host may end at any moment. */
#ifndef TEST_PROVOKE_H
#define TEST_PROVOKE_H

#include "abi/faulty.h"
#include "support/host.h"
#include "support/net.h"

typedef enum provoked {
    PROVOKED_CONTAINED, /* and what clients, states and `ctl` show is as promised */
    PROVOKED_SURVIVED,  /* the system has no such fault, or did not notice it */
    PROVOKED_ENDED,     /* the process has ended */
    PROVOKED_WRONG      /* anything else: see provoker.what */
} provoked;

typedef struct provoker {
    host *host;        /* of faults_host, with the modules faulty and faulty_guest */
    bool with_ctl;     /* `ctl` is run as a process, since the host may end meanwhile */
    net_socket boss;   /* plans and looks */
    net_socket victim; /* what it faults for; NET_NONE once closed */
    uint32_t rooms;
    char what[200]; /* after PROVOKED_WRONG */
} provoker;

void provoker_init(provoker *p, host *h, bool with_ctl);
void provoker_fini(provoker *p);

/* Whether provoke can do it: every entry but those of migrate that sessions and rooms have in their
 * own turns. */
bool provoke_can(uint32_t entry);

/* Whether the entry is one of a module's life, which takes a swap, load or unload. */
bool provoke_is_life(uint32_t entry);

provoked provoke(provoker *p, uint32_t entry, uint32_t kind);

#endif

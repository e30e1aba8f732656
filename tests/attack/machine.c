/* machine.c: a machine without disk, handles or memory, without the standard streams, with a run
 * folder in which others plant files, and with a name server that never answers. Connected clients
 * are served, and afterwards all is as before. What a test cannot set is left out: on Windows only
 * two of these are possible.
 *
 *     test-attack machine                    a short run
 *     test-attack machine SECONDS [ATTACK]   so long for each attack, or for that one */
#include "siege.h"
#include "support/scenario.h"
#include "support/silent_server.h"

static int names; /* the name server */

static int attacks(host *h, siege_attack all[SIEGE_ATTACKS_MAX]) {
    int count = siege_shortages(h, all);
    return count + siege_surroundings(h, names, all + count);
}

SCENARIO(machine) {
    names = silent_server_open();
    siege_scenario(siege_bare_host("machine", names >= 0), attacks);
    silent_server_close(names);
}

/* clients.c: hostile clients cost a bounded amount, and others notice nothing.
 *
 *     test-attack clients                    a short run
 *     test-attack clients SECONDS [ATTACK]   so long for each attack, or for that one */
#include "siege.h"
#include "support/scenario.h"

SCENARIO(clients) {
    siege_scenario(siege_host("clients"), siege_crowds);
}

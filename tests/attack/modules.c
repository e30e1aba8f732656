/* modules.c: modules that are stuck or greedy cost a bounded amount, and the sessions of other
 * modules notice nothing.
 *
 *     test-attack modules                    a short run
 *     test-attack modules SECONDS [ATTACK]   so long for each attack, or for that one */
#include "siege.h"
#include "support/scenario.h"

SCENARIO(modules) {
    siege_scenario(siege_host("modules"), siege_greeds);
}

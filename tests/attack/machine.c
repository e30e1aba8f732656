/* machine.c: a machine without disk, handles or memory. Connected clients are served, and
 * afterwards all is as before. Only where a test can limit a running process.
 *
 *     test-attack machine                    a short run
 *     test-attack machine SECONDS [ATTACK]   so long for each attack, or for that one */
#include "siege.h"
#include "support/scenario.h"

SCENARIO(machine) {
    siege_scenario("machine", siege_shortages);
}

/* web.c: hostile clients of a listener of WebSocket, before, during and after the handshake, cost a
 * bounded amount, and others notice nothing.
 *
 *     test-attack web                    a short run
 *     test-attack web SECONDS [ATTACK]   so long for each attack, or for that one */
#include "siege.h"
#include "support/scenario.h"

SCENARIO(web) {
    siege_scenario(siege_host("web"), siege_web);
}

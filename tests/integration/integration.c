/* integration.c: the runner. It does not call os_init(), because the hosts that tests start would
 * inherit what that sets for the process. */
#include "support/scenario.h"

int main(int argc, char **argv) {
    return scenario_main(argc, argv);
}

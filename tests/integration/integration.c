/* integration.c: the runner. It does not call os_init(): what that sets for a process, the hosts
 * that a test starts would inherit. */
#include "support/scenario.h"

int main(int argc, char **argv) {
    return scenario_main(argc, argv);
}

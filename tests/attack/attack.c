/* attack.c: runs the attack named on the command line. */
#include "support/scenario.h"

int main(int argc, char **argv) {
    return scenario_main(argc, argv);
}

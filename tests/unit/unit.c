/* unit.c: the runner. */
#include "os/os.h"

#include "support/check.h"

int main(int argc, char **argv) {
    CHECK_INT(os_init(&argc, &argv), PORTICO_OK);
    return scenario_main(argc, argv);
}

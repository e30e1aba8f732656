/* swap_back_alone.c: of two modules, one of which joins a type of the other, neither is swapped or
 * rolled back so that the joined type has no owner; not even if the type has gone since the joining
 * generation was loaded. */
#include "support/check.h"
#include "support/host.h"

#include <stdio.h>
#include <string.h>

static host *h;

static bool swap(const char *name, const char *file, char *answer, size_t size) {
    char path[1024];
    char command[1100];
    host_module_path(file, path, sizeof path);
    snprintf(command, sizeof command, "swap %s %s", name, path);
    return host_try_admin(h, command, answer, size);
}

SCENARIO(swap_back_alone) {
    char answer[2048];
    host_options options = {.name = "swap_back_alone",
                            .modules = "sheds clings",
                            .listeners = {{"game", "sheds.goes", NULL}}};
    h = host_start(&options);
    host_expect_error(h, "is not swapped");
    CHECK(!swap("sheds", "sheds_2", answer, sizeof answer));
    CHECK(strstr(answer, "sheds.goes, which the module clings has joined") != NULL);
    CHECK(swap("clings", "clings_2", answer, sizeof answer));
    CHECK(swap("sheds", "sheds_2", answer, sizeof answer));
    CHECK(!host_try_admin(h, "rollback clings", answer, sizeof answer));
    CHECK(strstr(answer, "it joins the session type sheds.goes, which no loaded module has") !=
          NULL);
    host_admin(h, "rollback sheds", answer, sizeof answer);
    host_admin(h, "rollback clings", answer, sizeof answer);
    host_stop(h);
}

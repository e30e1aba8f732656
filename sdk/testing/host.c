/* host.c: the host of a run: it starts, swaps the module and ends. It runs on the thread "control"
 * and those that it starts, the test on the first. */
#include "private.h"

#include "base/stats.h"
#include "config/load.h"
#include "os/sim/real.h"
#include "server.h"

#include <stdlib.h>
#include <string.h>

enum {
    STEP_MS = 1,
    RECOVERY_MS = 60000, /* faults that are not over then would never be */
    TIMEOUT_MS = 600000
};

/* What is wrong with the ini goes where a refused module is reported. */
static void on_config_fault(void *arg, const char *text) {
    char path[2 * TESTING_PATH_BYTES];
    testing_path(arg, path, "host.log");
    FILE *file = real_fopen(path, "ab");
    if (file != NULL) {
        fprintf(file, "%s\n", text);
        (void)fclose(file);
    }
}

static void control_main(void *arg) {
    portico_test *t = arg;
    sim_spare_this_thread(false); /* faults strike the host from its first call on */
    t->code = server_run(t->config);
    t->ended = true;
}

static void on_exit_call(int code) {
    TESTING_FAIL("the host gives up and ends the process with code %d", code);
}

static bool is_ready(const portico_test *t) {
    char path[2 * TESTING_PATH_BYTES];
    os_file_info info;
    testing_path(t, path, "ready");
    return os_file_look(path, &info) == PORTICO_OK;
}

/* One step of a wait for the host. The faults end at last: a host may try again and again until
 * there is memory. */
static void wait_a_step(portico_test *t, uint32_t waited_ms, const char *what) {
    if (waited_ms == RECOVERY_MS) {
        sim_faults_end();
    }
    if (waited_ms >= TIMEOUT_MS) {
        TESTING_FAIL("the host has not %s for %d simulated seconds", what, TIMEOUT_MS / 1000);
    }
    os_sleep(STEP_MS);
    players_settle(t);
}

/* Whether the host has loaded the module under test. */
static bool is_loaded(portico_test *t) {
    const char *answer = NULL;
    size_t size = strlen(t->modules[0].name);
    if (!testing_admin(t, "modules", &answer)) {
        return false;
    }
    for (const char *line = answer; *line != '\0'; line += strcspn(line, "\n") + 1) {
        if (strncmp(line, t->modules[0].name, size) == 0 && line[size] == ' ') {
            return true;
        }
    }
    return false;
}

static bool start(portico_test *t, const char *ini) {
    static char text[TESTING_INI_BYTES];
    char path[2 * TESTING_PATH_BYTES];
    sim_on_exit(on_exit_call);
    testing_ini(t, ini, text);
    testing_file_write(t, "portico.ini", text);
    testing_path(t, path, "portico.ini");
    if (config_load(path, on_config_fault, t, &t->config) != PORTICO_OK) {
        return false;
    }
    if (os_thread_start(&t->control, "control", control_main, t) != PORTICO_OK) {
        TESTING_FAIL("the simulated system starts no thread");
    }
    for (uint32_t waited_ms = 0; !t->ended && !is_ready(t); waited_ms += STEP_MS) {
        wait_a_step(t, waited_ms, "started");
    }
    players_settle(t);
    return !t->ended;
}

bool portico_test_try_start(portico_test *t, const char *ini) {
    if (t->started) {
        TESTING_FAIL("portico_test_start: a run has one host, and this one had its");
    }
    t->started = true;
    for (uint32_t i = 0; i < t->module_count; i++) {
        char name[TESTING_PATH_BYTES];
        const testing_module *m = &t->modules[i];
        (void)snprintf(name, sizeof name, "modules/%s%s", m->name, os_library_suffix);
        if (!testing_file_copy(t, m->path, name)) {
            TESTING_FAIL("%s cannot be read", m->path);
        }
    }
    bool serves = start(t, ini) && is_loaded(t);
    if (!serves && t->config != NULL) {
        t->expects_failure = t->ended;
        testing_end_host(t);
    }
    return serves;
}

void portico_test_start(portico_test *t, const char *ini) {
    if (!portico_test_try_start(t, ini)) {
        TESTING_FAIL("the host does not start, or does not load the module");
    }
}

/* ---- the end ----------------------------------------------------------------------------- */

/* Everything that the host and the clients have made must be gone. */
static void check_nothing_left(const portico_test *t) {
    sim_figures now;
    sim_look(&now);
    if (now.handles != t->before.handles) {
        TESTING_FAIL("the host has ended, and %lld of its sockets, threads, files or libraries are "
                     "left",
                     (long long)(now.handles - t->before.handles));
    }
    if (now.allocations != t->before.allocations) {
        TESTING_FAIL("the host has ended, and %lld of its allocations are left",
                     (long long)(now.allocations - t->before.allocations));
    }
}

void testing_end_host(portico_test *t) {
    const char *answer = NULL;
    bool strict = t->strict;
    if (t->config == NULL) {
        return;
    }
    t->strict = true;
    sim_faults_end();
    for (uint32_t waited_ms = 0; !t->ended; waited_ms += STEP_MS) {
        if (!t->stopping) { /* a second signal would end it at once */
            t->stopping = sim_stop_signal() || testing_admin(t, "stop --no-wait", &answer);
        }
        wait_a_step(t, waited_ms, "stopped");
    }
    os_thread_join(t->control);
    if (t->code != 0 && !t->expects_failure) {
        TESTING_FAIL("the host has ended with exit code %d", t->code);
    }
    if (portico_test_crashes(t) > 0 && !t->crashes) {
        TESTING_FAIL("the module has crashed (%llu times): the log says where",
                     (unsigned long long)portico_test_crashes(t));
    }
    t->expects_failure = false;
    players_settle(t);
    config_free(t->config);
    t->config = NULL;
    t->strict = strict;
}

void portico_test_stop(portico_test *t) {
    if (t->config == NULL) {
        TESTING_FAIL("portico_test_stop: no host runs");
    }
    players_settle(t);
    testing_end_host(t);
}

void testing_finish(portico_test *t) {
    testing_end_host(t);
    t->strict = true;
    players_end(t);
    check_nothing_left(t);
    testing_folder_delete(t->folder);
}

static portico_test *current;

portico_test *testing_current(void) {
    return current;
}

void testing_run(portico_test *t) {
    sim_options options;
    current = t;
    testing_folder(t->folder, real_process_id());
    testing_temper(&options, t->seed, t->options->faults);
    options.trace = t->options->trace ? stderr : NULL;
    sim_begin(&options);
    sim_spare_this_thread(true); /* what it starts for itself has no faults either */
    testing_folder_make(t->folder);
    t->began = true;
    testing_modules_read(t);
    testing_refuse_begin();
    sim_look(&t->before);
    t->test->run(t);
    testing_finish(t);
    current = NULL;
}

/* ---- while it runs ----------------------------------------------------------------------- */

/* The path of a build: named as CMake has, or a path itself. */
static const char *build_path(const portico_test *t, const char *build) {
    size_t size = strlen(build);
    for (uint32_t i = 0; i < t->options->build_count; i++) {
        const char *path = t->options->builds[i];
        const char *name = path;
        for (const char *c = path; *c != '\0'; c++) {
            name = *c == '/' || *c == '\\' ? c + 1 : name;
        }
        if (strncmp(name, build, size) == 0 && (name[size] == '.' || name[size] == '\0')) {
            return path;
        }
    }
    return build;
}

bool portico_test_try_swap(portico_test *t, const char *build) {
    char command[2 * TESTING_PATH_BYTES];
    const char *answer = NULL;
    (void)snprintf(command, sizeof command, "swap --force %s%s%s", t->modules[0].name,
                   build != NULL ? " " : "", build != NULL ? build_path(t, build) : "");
    bool swapped = testing_admin(t, command, &answer);
    players_settle(t);
    return swapped;
}

void portico_test_swap(portico_test *t, const char *build) {
    if (!portico_test_try_swap(t, build)) {
        TESTING_FAIL("the swap to %s is refused", build != NULL ? build : "the same build");
    }
}

void portico_test_settle(portico_test *t) {
    players_settle(t);
}

void portico_test_advance(portico_test *t, uint32_t ms) {
    players_settle(t);
    os_sleep(ms);
    players_settle(t);
}

void portico_test_stall(portico_test *t, uint32_t ms) {
    players_settle(t);
    sim_stall(ms);
    players_settle(t);
}

uint32_t portico_test_random(portico_test *t, uint32_t below) {
    (void)t;
    return (uint32_t)sim_random(SIM_WORLD, below);
}

bool portico_test_has_faults(const portico_test *t) {
    (void)t;
    return testing_faulted();
}

uint64_t portico_test_crashes(const portico_test *t) {
    (void)t; /* a process has one run */
    return stats_sum(STAT_module_faults);
}

void portico_test_allow_crashes(portico_test *t) {
    t->crashes = true;
}

void portico_test_end_faults(portico_test *t) {
    (void)t;
    sim_faults_end();
}

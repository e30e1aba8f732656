/* metrics_locks.c: to read the metrics takes no lock, so nothing that runs a handler waits for it.
 */
#include "metrics/metrics.h"
#include "module/module.h"
#include "os/os.h"
#include "tls/keeper.h"

#include "support/check.h"
#include "support/host.h"
#include "support/tls.h"
#include "support/tls_keys.h"

#include <stdio.h>

void __real_os_mutex_lock(os_mutex *mutex);
void __wrap_os_mutex_lock(os_mutex *mutex);

static _Thread_local uint64_t locks; /* taken by this thread */

void __wrap_os_mutex_lock(os_mutex *mutex) {
    locks++;
    __real_os_mutex_lock(mutex);
}

static uint64_t locks_of(void (*run)(void)) {
    uint64_t before = locks;
    run();
    return locks - before;
}

static void skip_row(void *arg, const metric_row *row) {
    (void)arg, (void)row;
}

static void count_sample(void *arg, const metric_row *row, const metric_sample *s) {
    (void)row, (void)s;
    ++*(uint32_t *)arg;
}

static void walk(void) {
    uint32_t samples = 0;
    const metric_sink sink = {skip_row, count_sample, &samples};
    metrics_walk(&sink);
    CHECK(samples > 10);
}

/* Before Linux 6.2 it has a lock of its own, which no handler takes. */
static void usage(void) {
    os_usage used;
    os_process_usage(&used);
}

static void find_module(void) {
    CHECK(module_find("nowhere") == NULL);
}

static tls_keeper keeper;

static void start_keeper(void) {
    static char certificate_path[1024];
    static char key_path[1024];
    static config_service c = {.name = "game", .tls = {.on = true, .min = CONFIG_TLS_1_2}};
    tls_write_pair("metrics_locks", TLS_KEY_A);
    snprintf(certificate_path, sizeof certificate_path, "%s/metrics_locks/c.pem",
             host_test_folder());
    snprintf(key_path, sizeof key_path, "%s/metrics_locks/k.pem", host_test_folder());
    c.tls.certificate = certificate_path;
    c.tls.key = key_path;
    c.tls.alpn = "";
    CHECK(tls_keeper_start(&keeper, &c));
}

static void read_expiry(void) {
    CHECK(tls_keeper_expires_ms(&keeper) > 0);
}

static void take_context(void) {
    tls_context_release(tls_keeper_take(&keeper));
}

SCENARIO(metrics_locks) {
    CHECK_INT(locks_of(find_module), 1); /* so they are counted */
    CHECK_INT(locks_of(walk), locks_of(usage));
    start_keeper();
    CHECK_INT(locks_of(take_context), 1);
    CHECK_INT(locks_of(read_expiry), 0);
    tls_keeper_stop(&keeper);
}

/* switches.c: logs in `start` and `stop` how often its thread has slept so far, and which one it
 * is. */
#include <portico/portico.h>

#include <stdio.h>

#if !defined(_WIN32)
#include <sys/resource.h>
#include <unistd.h>
#endif

static void tell(const char *when) {
    char text[80];
    long sleeps = 0;
    int thread = 0;
#if !defined(_WIN32)
    struct rusage usage;
    sleeps = getrusage(RUSAGE_THREAD, &usage) == 0 ? usage.ru_nvcsw : 0;
    thread = gettid();
#endif
    (void)snprintf(text, sizeof text, "%s on %d after %ld sleeps", when, thread, sleeps);
    portico->log(PORTICO_LOG_INFO, text);
}

static portico_status switches_start(void *state, uint32_t why) {
    (void)state, (void)why;
    tell("start");
    return PORTICO_OK;
}

static void switches_stop(void *state, uint32_t why) {
    (void)state, (void)why;
    tell("stop");
}

static const portico_module switches = {
    .name = "switches",
    .version = "1",
    .start = switches_start,
    .stop = switches_stop,
};

PORTICO_MODULE(switches);

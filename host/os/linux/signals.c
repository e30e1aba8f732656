/* signals.c: the signals of os_on_signals, taken by a thread of their own. main() calls it before
 * there are other threads. */
#include "error.h"
#include "os/os.h"

#include <pthread.h>
#include <signal.h>

static struct {
    sigset_t set; /* the signals that the thread waits for */
    void (*stop)(void);
    void (*hang_up)(void);
} signals;

static void *signals_main(void *arg) {
    (void)arg;
    for (;;) {
        int number;
        if (sigwait(&signals.set, &number) != 0) {
            continue;
        }
        if (number == SIGHUP) {
            signals.hang_up();
        } else {
            signals.stop();
        }
    }
    return NULL;
}

portico_status os_on_signals(void (*stop)(void), void (*hang_up)(void)) {
    sigset_t before;
    signals.stop = stop;
    signals.hang_up = hang_up;
    sigemptyset(&signals.set);
    sigaddset(&signals.set, SIGINT);
    sigaddset(&signals.set, SIGTERM);
    if (hang_up != NULL) {
        sigaddset(&signals.set, SIGHUP); /* sigwait takes it even if nohup has it ignored */
    }
    int code = pthread_sigmask(SIG_BLOCK, &signals.set, &before);
    if (code != 0) {
        return error_set(code);
    }
    pthread_t thread;
    code = pthread_create(&thread, NULL, signals_main, NULL);
    if (code != 0) {
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        return error_set(code);
    }
    pthread_setname_np(thread, "signals");
    pthread_detach(thread);
    return PORTICO_OK;
}

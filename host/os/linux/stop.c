/* stop.c: the signals that ask the host to stop. os_on_stop is called by main before there are other threads. */
#include "error.h"
#include "os/os.h"

#include <pthread.h>
#include <signal.h>

static void (*stop_callback)(void);

static void stop_signals(sigset_t *set) {
    struct sigaction hang_up;
    sigemptyset(set);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGTERM);
    /* sigwait takes a signal also when it is ignored; who starts us with nohup wants it to be. */
    if (sigaction(SIGHUP, NULL, &hang_up) < 0 || hang_up.sa_handler != SIG_IGN) {
        sigaddset(set, SIGHUP);
    }
}

static void *stop_main(void *arg) {
    (void)arg;
    sigset_t set;
    stop_signals(&set);
    for (;;) {
        int number;
        if (sigwait(&set, &number) == 0) {
            stop_callback();
        }
    }
    return NULL;
}

portico_status os_on_stop(void (*stop)(void)) {
    sigset_t set;
    sigset_t before;
    stop_signals(&set);
    int code = pthread_sigmask(SIG_BLOCK, &set, &before);
    if (code != 0) {
        return error_set(code);
    }
    stop_callback = stop;
    pthread_t thread;
    code = pthread_create(&thread, NULL, stop_main, NULL);
    if (code != 0) {
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        return error_set(code);
    }
    pthread_setname_np(thread, "stop");
    pthread_detach(thread);
    return PORTICO_OK;
}

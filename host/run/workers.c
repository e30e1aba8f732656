/* workers.c: starts the workers and the rescuer, and ends them. [control thread] */
#include "run/worker_state.h"

#include "base/log.h"
#include "base/system_text.h"

#include <stdlib.h>

/* A completion that takes this long takes longer than waking another worker for the next one. */
enum { ALONE_NS = 40000 };

static void worker_on_stop(const os_completion *completion) {
    /* It only ends the wait: worker_run then reads workers.stop. */
    (void)completion;
}

portico_status workers_start(os_port *port, uint32_t count) {
    workers.all = calloc(count + 1, sizeof *workers.all);
    if (workers.all == NULL) {
        return PORTICO_E_NO_MEMORY;
    }
    atomic_store(&workers.stop, false);
    for (uint32_t i = 0; i < count; i++) {
        worker *w = &workers.all[i];
        w->port = port;
        w->number = i + 1;
        w->alone_ns = count > 1 ? ALONE_NS : WORKER_BATCH_NS;
        w->stop_op.done = worker_on_stop;
        w->help_op.done = rescuer_on_help;
        atomic_fetch_add(&workers.running, 1);
        portico_status status = os_thread_start(&w->thread, "worker", worker_run, w);
        if (status != PORTICO_OK) {
            log_error("worker", "cannot start worker %u of %u (%s)", i + 1, count,
                      system_text(os_error()));
            atomic_fetch_sub(&workers.running, 1);
            workers_stop();
            return status;
        }
        workers.count = i + 1;
    }
    portico_status status = rescuer_start(port);
    if (status != PORTICO_OK) {
        log_error("worker", "cannot start the rescuer (%s)", system_text(os_error()));
        workers_stop();
    }
    return status;
}

void workers_stop(void) {
    os_completion late[WORKER_BATCH];
    if (workers.count == 0) {
        free(workers.all);
        workers.all = NULL;
        return;
    }
    os_port *port = workers.all[0].port;
    os_op first = {.done = worker_on_stop};
    atomic_store(&workers.stop, true);
    rescuer_stop();
    while (os_port_post(port, &first) != PORTICO_OK) {
        os_sleep(10);
    }
    for (uint32_t i = 0; i < workers.count; i++) {
        os_thread_join(workers.all[i].thread);
    }
    while (os_port_wait(port, late, WORKER_BATCH, 0) > 0) {
        /* Wakes for workers that had already seen workers.stop. */
    }
    free(workers.all);
    workers.all = NULL;
    workers.count = 0;
}

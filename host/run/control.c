/* control.c: see control.h. */
#include "run/control.h"

#include "run/stop_clock.h"

static struct {
    os_mutex lock;
    os_cond wake;
    control_command *first;
    control_command **last;
    bool end;
} control;

void control_post(control_command *command) {
    os_mutex_lock(&control.lock);
    if (control.first == NULL) {
        control.last = &control.first;
    }
    command->next = NULL;
    *control.last = command;
    control.last = &command->next;
    os_cond_wake_all(&control.wake);
    os_mutex_unlock(&control.lock);
}

void control_end(void) {
    stop_clock_ask();
    os_mutex_lock(&control.lock);
    control.end = true;
    os_cond_wake_all(&control.wake);
    os_mutex_unlock(&control.lock);
}

bool control_ending(void) {
    os_mutex_lock(&control.lock);
    bool end = control.end;
    os_mutex_unlock(&control.lock);
    return end;
}

/* The next command; waits for one unless `drain` is set. NULL: there is none, or control_end was
 * called. */
static control_command *control_next(bool drain) {
    os_mutex_lock(&control.lock);
    while (!drain && !control.end && control.first == NULL) {
        os_cond_wait(&control.wake, &control.lock, UINT32_MAX);
    }
    control_command *command = drain || !control.end ? control.first : NULL;
    if (command != NULL) {
        control.first = command->next;
    }
    os_mutex_unlock(&control.lock);
    return command;
}

void control_run(void) {
    for (control_command *c = control_next(false); c != NULL; c = control_next(false)) {
        c->run(c);
    }
}

void control_drain(void) {
    for (control_command *c = control_next(true); c != NULL; c = control_next(true)) {
        c->run(c);
    }
}

/* control.c: see control.h. */
#include "run/control.h"

#include "run/stop_clock.h"

#include <stdarg.h>
#include <string.h>

static struct {
    os_mutex lock;
    os_cond wake;
    control_command *first;
    control_command **last;
    bool end;
    char what[CONTROL_WHAT_MAX]; /* "": it waits for a command */
    uint64_t since_ms;           /* it has done, or waited */
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

void control_doing(const char *format, ...) {
    char what[CONTROL_WHAT_MAX];
    va_list arguments;
    va_start(arguments, format);
    what[0] = '\0';
    (void)vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    uint64_t now_ms = os_monotonic_ms();
    os_mutex_lock(&control.lock);
    memcpy(control.what, what, sizeof what);
    control.since_ms = now_ms;
    os_mutex_unlock(&control.lock);
}

uint64_t control_look(char what[CONTROL_WHAT_MAX]) {
    uint64_t now_ms = os_monotonic_ms();
    os_mutex_lock(&control.lock);
    memcpy(what, control.what, CONTROL_WHAT_MAX);
    uint64_t since_ms = control.since_ms;
    os_mutex_unlock(&control.lock);
    return now_ms > since_ms ? now_ms - since_ms : 0;
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
    control_doing("%s", "");
    for (control_command *c = control_next(false); c != NULL; c = control_next(false)) {
        control_doing("the host's own work");
        c->run(c);
        control_doing("%s", "");
    }
}

void control_drain(void) {
    for (control_command *c = control_next(true); c != NULL; c = control_next(true)) {
        c->run(c);
    }
}

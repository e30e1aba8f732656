/* executor.h: a thread that runs tasks one after another. It is for calls that may wait many
 * seconds for the system, because a worker must not. The first task starts the thread.
 *
 * Any thread. One lock, which is not held while a task runs.
 */
#ifndef PORTICO_EXECUTOR_H
#define PORTICO_EXECUTOR_H

#include "os/os.h"

/* The first member of a task. */
typedef struct executor_task {
    struct executor_task *next;
} executor_task;

/* Before use, `name` and `run` are set and all other fields are zero. */
typedef struct executor {
    const char *name;                 /* of the thread */
    void (*run)(executor_task *task); /* on the thread; frees the task */
    os_mutex lock;                    /* guards the rest */
    os_cond changed;
    os_thread *thread;
    executor_task *first; /* of those that wait */
    executor_task **last;
    executor_task *running; /* NULL: none */
    bool must_end;          /* set by `run`: the stop has to wait for the task that runs */
    bool stop;
    bool ended;
} executor;

/* Queues a task, which then belongs to the executor. False: no thread could be started, and the
 * task is still the caller's. */
bool executor_add(executor *e, executor_task *task);

/* Takes a task out of the queue. False: it is not there. [lock held] */
bool executor_remove_locked(executor *e, const executor_task *task);

/* Ends the thread, unless a task is waiting for the system and does not return within a moment.
 * False: the thread ends later, and another call may try again. Tasks that wait stay in the queue.
 * [control thread] */
bool executor_stop(executor *e);

/* Takes out all tasks that wait. NULL: none. */
executor_task *executor_take_all(executor *e);

#endif

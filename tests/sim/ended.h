/* ended.h: the ids of sessions, rooms, modules and timers that have ended. They must never reach
 * anything again, however often the host has used their slots since.
 *
 * Only one thread runs at a time, so all this is plain variables. */
#ifndef TEST_ENDED_H
#define TEST_ENDED_H

#include <portico/portico.h>
#include <stdbool.h>

typedef enum ended_kind {
    ENDED_NOT, /* it exists, or never has */
    ENDED_SESSION,
    ENDED_ROOM,
    ENDED_MODULE,
    ENDED_KINDS
} ended_kind;

/* The on_close of the session's or room's owner returns, or the last `stop` of the module does. */
void ended_note(uint64_t id, ended_kind kind);

ended_kind ended_as(uint64_t id);

/* Some id that has ended, of any kind for ENDED_NOT; 0: none has. One in two is among the latest
 * eight, whose slots may just have been used again. */
uint64_t ended_some(ended_kind kind);

/* The timer exists from now on; its id is new. */
void ended_timer_add(uint64_t id);
/* timer_cancel has returned PORTICO_OK. */
void ended_timer_cancelled(uint64_t id);
/* It has. */
bool ended_timer(uint64_t id);
uint64_t ended_some_timer(void);

/* Calls a function of the host with such ids, by the table of ledger.h, which checks what it
 * returns. In a handler or `start`; other threads may run. */
void ended_use(void);

#endif

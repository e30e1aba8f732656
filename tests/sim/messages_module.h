/* messages_module.h: the modules of the scenario `messages`: "messages", with sessions and rooms,
 * and "second", without. Their sessions, rooms and the modules themselves post to each other, start
 * and cancel timers, and run jobs, as chance says. post.h knows what must arrive. */
#ifndef TEST_MESSAGES_MODULE_H
#define TEST_MESSAGES_MODULE_H

#include "sim/mail.h"

#include <portico/portico.h>
#include <stdbool.h>

enum { MESSAGES_JOBS_WAIT = 4 }; /* [host] blocking_queue */

/* Opcodes. A client sends COMMAND with its number, from 0. It receives WELCOME first, with the
 * number of its visitor; every other packet is a PACKET with its number. */
enum { COMMAND = 1, WELCOME = 100, PACKET = 101 };

/* A session. */
typedef struct visitor {
    uint64_t id;
    portico_status reason; /* of on_close; 0: not yet */
    uint32_t commands;
    mail mail;
} visitor;

/* The nth, which exists; and some recent one, or NULL. */
visitor *messages_visitor(uint32_t n);
visitor *messages_some_visitor(void);

/* How many letters, timers and jobs there may be. */
extern uint32_t messages_budget;

/* Fill a room's queue once. */
extern bool messages_flood;

/* Adds the libraries "messages 1", "messages 2", "messages 3" (with another shape of its states)
 * and "second 1". */
void messages_libraries(void);

#endif

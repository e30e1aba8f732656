/* messages_acts.h: what the sessions, rooms and modules of the scenario `messages` do in their
 * handlers. */
#ifndef TEST_MESSAGES_ACTS_H
#define TEST_MESSAGES_ACTS_H

#include "sim/post.h"

/* Messages, by kind; JOB is also the job's id. */
enum {
    LETTER = 1 + POST_LETTER,
    ONCE = 1 + POST_ONCE,
    EVERY = 1 + POST_EVERY,
    JOB = 1 + POST_JOB,
    ASK,
    ANSWER,
    NOBODYS /* has no handler */
};

/* Posts, asks, starts a timer, moves somebody, ..., in a handler of `me`. */
void act(uint64_t me);

/* Replies to an ask that has arrived. */
void act_reply(uint64_t number, uint64_t request);

/* A room of the module "messages", which is created if it does not exist. */
portico_room act_room(void);

/* Posts to the room, in its turn, so that none of it is handled: as many messages are accepted as
 * may wait. */
void act_flood(uint64_t id);

#endif

/* asks.h: what becomes of every request: it arrives at most once, a reply is accepted at most once,
 * and one answer arrives unless the asker ends: with the reply, or because the receiver has ended,
 * has no handler, or lets the time pass.
 *
 * A report fails the run (sim_fail) at the first thing that the host may not do. An ask is known by
 * its number, which is the data of its message and of its reply. Only one thread runs at a time, so
 * all this is plain variables. */
#ifndef TEST_ASKS_H
#define TEST_ASKS_H

#include "sim/post.h"

/* `request` is about to be called in the turn of `from`. `handled`: there is a handler for the
 * message. Returns the number. */
uint64_t asks_begin(uint64_t from, uint64_t to, uint32_t timeout_ms, bool handled);
/* Its result, and the request's number. */
void asks_began(uint64_t number, portico_status status, uint64_t request);

/* The request has arrived in the box. */
void asks_arrives(post_box *b, uint64_t number, const portico_message *message);

/* An ask that has arrived, maybe one that has been answered already; 0: there is none. *request is
 * its request's number. */
uint64_t asks_some(uint64_t *request);
/* `reply` is about to be called, and has returned. */
void asks_replies(uint64_t number);
void asks_replied(uint64_t number, portico_status status);

/* The answer has arrived in the box of the asker. Returns the number. */
uint64_t asks_answered(post_box *b, const portico_message *message);

/* Nothing has been asked for `idle_ms`, and no fault strikes: everything has been answered. */
void asks_settled(uint32_t idle_ms);

uint32_t asks_count(void);

#endif

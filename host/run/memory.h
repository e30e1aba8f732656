/* memory.h: all buffers and waiting messages together, and the most that they may take.
 *
 * Any thread. What is counted: the memory that bytes are received into, that waits to be sent, and
 * the messages that wait for entities; counted where it is allocated and freed, which a packet in
 * passing does not do. Not counted: sessions, rooms and states themselves, and what modules
 * allocate.
 */
#ifndef PORTICO_MEMORY_H
#define PORTICO_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

/* The memory that a worker keeps for its next packets, and about as much in use. */
enum { MEMORY_WORKER_BYTES = 1024 * 1024 };

/* `limit` 0: none. One that is less than MEMORY_WORKER_BYTES for each worker is raised to that, and
 * the log says so: otherwise what they keep could refuse everybody for ever. Called before anything
 * is served. */
void memory_start(uint64_t limit, uint32_t workers);

uint64_t memory_limit(void);

/* The bytes of buffers, of messages, and of both. */
uint64_t memory_buffers(void);
uint64_t memory_messages(void);
uint64_t memory_used(void);

/* Whether there is a limit and more is used: new connections are refused. */
bool memory_is_full(void);

#endif

/* cold.h: marks what hardly ever runs, so that it does not stand between what runs for every packet.
 *
 * The compiler keeps such a function out of its callers, puts it apart from the others, and takes each branch that leads
 * to a call of it for the one that is not gone. A mark is no promise: what is marked is slower, not wrong, if it runs often.
 */
#ifndef PORTICO_COLD_H
#define PORTICO_COLD_H

/* Before a declaration. */
#if defined(__GNUC__)
#define COLD __attribute__((cold, noinline))
#else
#define COLD
#endif

#endif

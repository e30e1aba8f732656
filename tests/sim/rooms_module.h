/* rooms_module.h: the module of the scenario `rooms`: sessions and rooms that do whatever chance
 * says, and check in every handler that the host does what rooms_book.h knows. */
#ifndef TEST_ROOMS_MODULE_H
#define TEST_ROOMS_MODULE_H

#include <portico/portico.h>
#include <stdbool.h>

/* Opcodes. A client sends COMMAND with its number, from 0. It receives WELCOME first, with the
 * number of the packet and of the guest; every other packet is a PACKET with its number. */
enum { COMMAND = 1, WELCOME = 100, PACKET = 101 };

/* Sessions and rooms do nothing of their own any more. */
extern bool rooms_quiet;

/* How often the module is loaded: 0 or 1. */
extern uint32_t rooms_loads;

/* Of the libraries "rooms 1" and "rooms 2". The states of rooms have more fields in the second. */
extern const portico_module rooms_1;
extern const portico_module rooms_2;

#endif

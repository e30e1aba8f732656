/* layers_module.h: the module of layers.c. It sends each message back. Where modules fault
 * (crash.h), it does so anywhere: after it has answered, so that a client that is not dropped
 * misses nothing. */
#ifndef TEST_LAYERS_MODULE_H
#define TEST_LAYERS_MODULE_H

#include <portico/portico.h>
#include <stdbool.h>

enum { LAYERS_MESSAGE_BYTES = 32, LAYERS_OWN_MESSAGES = 5, LAYERS_HANG_MS = 1000 };

/* 2 bytes of an opcode, one of a number, and the address as text. */
typedef struct layers_message {
    uint8_t bytes[LAYERS_MESSAGE_BYTES];
} layers_message;

extern const portico_module layers_1;
extern const portico_module layers_2; /* has another state of the module */
extern bool layers_ticks; /* sessions have a timer, and half of them join a room that has one */
extern bool layers_hangs; /* handlers, and calls of the module's life in a swap, may take long */
extern uint32_t layers_own_back; /* messages that the connector has back */

#endif

/* messages_channel.h: what the module "messages" does with channels, all of it in its own turn: so
 * it knows their members and the order of what they receive. */
#ifndef TEST_MESSAGES_CHANNEL_H
#define TEST_MESSAGES_CHANNEL_H

#include "sim/messages_module.h"

/* Joins, leaves, sends or lists, as chance says. */
void messages_channel_act(void);

#endif

/* system_text.h: a system error as text for the log. Any thread. */
#ifndef PORTICO_SYSTEM_TEXT_H
#define PORTICO_SYSTEM_TEXT_H

#include <stdint.h>

/* "system error 98: Address already in use"; "no system error" for 0. Valid until the thread's next
 * call. */
const char *system_text(int32_t system_error);

#endif

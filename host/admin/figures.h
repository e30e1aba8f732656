/* figures.h: a figure with its name, as text or JSON, and figures that several answers have. Any
 * thread. */
#ifndef PORTICO_FIGURES_H
#define PORTICO_FIGURES_H

#include "admin/lines.h"

#include <stdint.h>

/* The host begins. Called once, before the others. */
void figures_start(void);

void figure_add(lines *to, const char *name, uint64_t value);

/* How long the host has run: uptime_s. */
void figure_add_uptime(lines *to);

/* How many sessions there are, and operations in flight. */
uint64_t figure_sessions(void);
uint64_t figure_ops_pending(void);

#endif

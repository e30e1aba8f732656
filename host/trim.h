/* trim.h: gives memory that the C library keeps unused back to the system once much has ended. */
#ifndef PORTICO_TRIM_H
#define PORTICO_TRIM_H

/* Looks how much of sessions, rooms, messages and buffers there is less than at most since the last
 * time that memory was given back. [sweep] */
void trim_sweep(void);

#endif

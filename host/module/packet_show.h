/* packet_show.h: writes what is in a packet, for people. Pure, any thread; also in a handler of
 * faults.
 */
#ifndef PORTICO_PACKET_SHOW_H
#define PORTICO_PACKET_SHOW_H

#include "base/put.h"
#include "module/packet_layout.h"

/* Writes the fields: "tick = 7, map = "cave", places = [{number = 1, x = 0.5}, ... 30 more]". A
 * packet that does not fit its layout is written as bytes. */
void packet_show(put *p, const packet_layout *l, const uint8_t *data, uint32_t size);

/* Writes one number or bool of a packet or a state, little endian. */
void packet_show_number(put *p, uint32_t kind, uint32_t size, const uint8_t *at);

/* Writes the bytes in hexadecimal: "68 69 00 ... 200 more". */
void packet_show_bytes(put *p, const uint8_t *data, uint32_t size);

#endif

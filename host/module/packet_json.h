/* packet_json.h: writes what is in a packet as JSON. Pure, any thread. */
#ifndef PORTICO_PACKET_JSON_H
#define PORTICO_PACKET_JSON_H

#include "base/json.h"
#include "module/packet_layout.h"

enum { PACKET_JSON_ELEMENTS = 64, PACKET_JSON_BYTES = 1024 };

/* Writes the fields as the members of an object `key`: numbers, texts, booleans, arrays, objects;
 * bytes as a text in hexadecimal. Of an array it writes PACKET_JSON_ELEMENTS elements at most, of a
 * text or bytes PACKET_JSON_BYTES. False: the packet does not fit its layout, and nothing was
 * written. */
bool packet_json(json *j, const char *key, const packet_layout *l, const uint8_t *data,
                 uint32_t size);

/* Writes the bytes as a text in hexadecimal, PACKET_JSON_BYTES at most. */
void packet_json_bytes(json *j, const char *key, const uint8_t *data, uint32_t size);

#endif

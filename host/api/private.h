/* host_api_private.h: what host_api.c and host_api_register.c share. */
#ifndef PORTICO_HOST_API_PRIVATE_H
#define PORTICO_HOST_API_PRIVATE_H

#include <portico/portico.h>

/* See portico_host. */
portico_status PORTICO_CALL api_register_session_type(const portico_session_type *from);
portico_status PORTICO_CALL api_register_handler(const char *type, uint16_t opcode,
                                                 portico_on_packet handler);
portico_status PORTICO_CALL api_register_room_type(const portico_room_type *from);
portico_status PORTICO_CALL api_register_message(const char *type, uint32_t id,
                                                 portico_on_message handler);
portico_status PORTICO_CALL api_register_blocking(uint32_t id, portico_on_blocking handler);

#endif

/* abi_sizes.h: the sizes that the structs a module fills had in the first ABI with them. A shorter
 * struct is refused; fields of today's struct that a module's struct does not have are zero.
 */
#ifndef PORTICO_ABI_SIZES_H
#define PORTICO_ABI_SIZES_H

#include <portico/portico.h>

#define PORTICO_MODULE_INFO_SIZE_0_1 offsetof(portico_module_info, state_fields)
#define PORTICO_SESSION_TYPE_SIZE_0_1 offsetof(portico_session_type, state_fields)
#define PORTICO_ROOM_TYPE_SIZE_0_2 offsetof(portico_room_type, state_fields)
#define PORTICO_STATE_FIELDS_SIZE_0_3 (offsetof(portico_state_fields, fields) + sizeof(void *))
#define PORTICO_FIELD_SIZE_0_3 (offsetof(portico_field, count) + sizeof(uint32_t))

#endif

/* abi_sizes.h: the sizes that structs of portico.h had in the first ABI with them. A row of a table
 * is at least that long; what today's struct has beyond the module's is zero.
 */
#ifndef PORTICO_ABI_SIZES_H
#define PORTICO_ABI_SIZES_H

#include <portico/portico.h>

enum {
    ABI_MINOR_LEAST = 4,     /* that this host loads */
    ABI_ROW_BYTES_MAX = 4096 /* of any table, far above what a struct will grow to */
};

#define PORTICO_MODULE_SIZE_0_4 \
    (offsetof(portico_module, dependency_swaps) + sizeof(void (*)(void)))
#define PORTICO_SESSION_TYPE_SIZE_0_4 \
    (offsetof(portico_session_type, sends) + sizeof(portico_table))
#define PORTICO_ROOM_TYPE_SIZE_0_4 (offsetof(portico_room_type, reserved) + sizeof(uint32_t))
#define PORTICO_OPCODE_SIZE_0_4 (offsetof(portico_opcode, state_size) + sizeof(uint32_t))
#define PORTICO_MESSAGE_SIZE_0_4 (offsetof(portico_session_message, reserved) + sizeof(uint32_t))
#define PORTICO_JOB_SIZE_0_4 (offsetof(portico_job, reserved) + sizeof(uint32_t))
#define PORTICO_SETTING_SIZE_0_4 (offsetof(portico_setting, reserved) + sizeof(uint32_t))
#define PORTICO_FIELD_SIZE_0_4 (offsetof(portico_field, reserved) + sizeof(uint32_t))

#endif

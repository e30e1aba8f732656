/* table.h: uthash, set up so that out of memory does not end the process, and that clients cannot
 * choose keys that collide.
 *
 * `item->hh.tbl == NULL` after a HASH_ADD: out of memory, and the item was not added
 * (HASH_NONFATAL_OOM in uthash's manual). The owner of each table says which lock guards it.
 */
#ifndef PORTICO_TABLE_H
#define PORTICO_TABLE_H

#include "base/hash.h"

#define HASH_NONFATAL_OOM 1
#define HASH_FUNCTION(bytes, size, result) ((result) = (unsigned)hash_bytes(bytes, size))
#include <uthash.h>

#endif

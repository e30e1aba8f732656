/* table.h: uthash as the host uses it: out of memory is a status, not an exit.
 *
 * After a HASH_ADD, `item->hh.tbl == NULL` means that it was not added (HASH_NONFATAL_OOM in uthash's manual).
 * Every table has an owner that says which lock guards it.
 */
#ifndef PORTICO_TABLE_H
#define PORTICO_TABLE_H

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#endif

/* fault_text.h: a fault in words, for the log, its file and `ctl faults`. Pure, any thread; also in
 * a handler of faults.
 */
#ifndef PORTICO_FAULT_TEXT_H
#define PORTICO_FAULT_TEXT_H

#include "base/put.h"
#include "module/fault_record.h"

/* Room for any report. */
enum { FAULT_TEXT_MAX = 24 * 1024 };

/* Writes what has happened, in one line without its place: "bad address (reads 0x8) in opcode 7
 * (move) of arena 1.2.0, generation 3". */
void fault_headline(put *p, const fault_record *r);

/* Writes a place: "move_player (arena.c:142)", or if the function is not known
 * "arena.so+0x1a2f". */
void fault_place(put *p, const os_place *place);

/* Writes the frames and the registers, in lines. */
void fault_backtrace(put *p, const os_fault *fault, const os_place *places);

/* One or two words: "rolled back". */
const char *fault_verdict_word(fault_verdict verdict);

/* Writes the whole report, the most useful lines first. `places` are those of the record's frames.
 * `path` is where the report is kept; "": nowhere. */
void fault_text(put *p, const fault_record *r, const os_place *places, const char *path);

/* Writes a number in groups of three digits. */
void fault_put_count(put *p, uint64_t count);

#endif

/* tables_hpp.h: the packets of tables_hpp.cpp, for the module and for the client of the test.
 *
 *   1 ECHO    text                   the same
 *   2 STEP    i16 dx, dy             a place: i32 x, y, the sum of all steps
 *   3 COUNT   empty                  u32 packets so far
 *   4 ENTER   the name of a hall     ENTERED i32 status, u32 what the hall was opened with
 *   5 SAY     1 to 20 bytes          to the others in the hall, by 7 HEARD
 *   6 WORK    u32 n                  u64 n * n, from a job
 *   8 ASK     u32 n                  u32 n + 1, from the module itself
 *   9 RENAME  text                   i32 status of set_label, and the label
 *   10 KEYS   empty                  u32 how many different ids sets of ids have
 *   other     anything               u16 opcode
 */
#ifndef TABLES_HPP_H
#define TABLES_HPP_H

enum {
    ECHO = 1,
    STEP = 2,
    COUNT = 3,
    ENTER = 4,
    SAY = 5,
    WORK = 6,
    HEARD = 7,
    ASK = 8,
    RENAME = 9,
    KEYS = 10,
    OTHER = 11,
    ENTERED = 12
};

#endif

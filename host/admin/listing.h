/* listing.h: the answers to `sessions` and `rooms`, whose argument "[N] [SORT] [FILTER]" says which
 * rows are shown, and in which order. One owner, no lock.
 *
 * N is how many at most, SORT a column, with a '-' before it for the largest first, and FILTER a
 * text that the row contains in any case of letters. A row is only its id and what it is sorted by,
 * so that ten thousand take little memory; the caller looks the shown ones up by their ids.
 */
#ifndef PORTICO_LISTING_H
#define PORTICO_LISTING_H

#include "admin/lines.h"

#include <stdint.h>

enum { LISTING_FILTER_MAX = 128, LISTING_TEXT_MAX = 64 };

typedef struct listing_row {
    uint64_t id;
    uint64_t number;             /* the rows are sorted by it ... */
    char text[LISTING_TEXT_MAX]; /* ... and then by this, which may be cut */
} listing_row;

/* All bytes zero but `most`: all rows, by their ids. */
typedef struct listing {
    uint32_t most;   /* to show */
    uint32_t column; /* the index of SORT among the columns; their number: none */
    bool descending;
    bool only_ids; /* all rows match, and are sorted by the first column, the id */
    char filter[LISTING_FILTER_MAX]; /* in lower case; "": all rows match */
    listing_row *rows;
    uint32_t count;
    uint32_t capacity;
    bool failed; /* there is no memory for all of them */
} listing;

/* Reads the argument of a command whose columns have these names, `id` first, NULL at the end.
 * False: the filter is too long. */
bool listing_parse(listing *l, const char *argument, const char *const *columns);

/* Whether the row contains the filter. */
bool listing_matches(const listing *l, const char *row);

void listing_add(listing *l, uint64_t id, uint64_t number, const char *text);

/* Sorts the rows. Returns how many to show. */
uint32_t listing_sort(listing *l);

void listing_fini(listing *l);

/* A list that can be asked for. */
typedef struct listing_kind {
    const char *name;                     /* "rooms", also of the array */
    const char *const *columns;           /* as for listing_parse */
    void (*add_all)(listing *l);          /* all that match */
    void (*show)(lines *to, uint64_t id); /* one, unless it has just ended */
} listing_kind;

/* Answers the command with these rows, and ends the answer. */
void listing_answer(lines *to, const char *argument, const listing_kind *kind);

/* Takes N, a number of at most six digits, from the start of *text, and the blanks after it.
 * False: there is none. */
bool listing_take_most(const char **text, uint32_t *most);

#endif

/* listing.c: see listing.h. */
#include "admin/listing.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DIGITS_MAX = 6 }; /* of N: what has more is an id to look for */

/* Takes a word of `size` bytes, and the blanks after it. */
static void skip_word(const char **text, size_t size) {
    *text += size;
    *text += strspn(*text, " ");
}

bool listing_take_most(const char **text, uint32_t *most) {
    size_t size = strspn(*text, "0123456789");
    if (size == 0 || size > DIGITS_MAX || ((*text)[size] != ' ' && (*text)[size] != '\0')) {
        return false;
    }
    *most = (uint32_t)strtoul(*text, NULL, 10);
    skip_word(text, size);
    return true;
}

static void take_column(listing *l, const char **text, const char *const *columns) {
    bool descending = (*text)[0] == '-';
    const char *word = *text + descending;
    size_t size = strcspn(word, " ");
    for (l->column = 0; columns[l->column] != NULL; l->column++) {
        if (strlen(columns[l->column]) == size && strncmp(columns[l->column], word, size) == 0) {
            l->descending = descending;
            skip_word(text, size + descending);
            return;
        }
    }
}

bool listing_parse(listing *l, const char *argument, const char *const *columns) {
    *l = (listing){.most = UINT32_MAX};
    (void)listing_take_most(&argument, &l->most);
    take_column(l, &argument, columns);
    size_t size = strlen(argument);
    for (size_t i = 0; i < size && i < sizeof l->filter; i++) {
        l->filter[i] = text_lower(argument[i]);
    }
    l->only_ids = size == 0 && (l->column == 0 || columns[l->column] == NULL);
    return size < sizeof l->filter;
}

bool listing_matches(const listing *l, const char *row) {
    size_t size = strlen(l->filter);
    for (; size > 0 && *row != '\0'; row++) {
        size_t same = 0;
        while (same < size && text_lower(row[same]) == l->filter[same]) {
            same++;
        }
        if (same == size) {
            return true;
        }
    }
    return size == 0;
}

void listing_add(listing *l, uint64_t id, uint64_t number, const char *text) {
    if (l->count == l->capacity) {
        uint32_t capacity = l->capacity == 0 ? 256 : 2 * l->capacity;
        listing_row *rows = realloc(l->rows, capacity * sizeof *rows);
        if (rows == NULL) {
            l->failed = true;
            return;
        }
        l->rows = rows;
        l->capacity = capacity;
    }
    listing_row *row = &l->rows[l->count++];
    row->id = id;
    row->number = number;
    snprintf(row->text, sizeof row->text, "%s", text);
}

static int ascending(const void *a, const void *b) {
    const listing_row *first = a;
    const listing_row *second = b;
    if (first->number != second->number) {
        return first->number < second->number ? -1 : 1;
    }
    int order = strcmp(first->text, second->text);
    return order != 0 ? order : (first->id > second->id) - (first->id < second->id);
}

static int descending(const void *a, const void *b) {
    return ascending(b, a);
}

uint32_t listing_sort(listing *l) {
    if (l->count > 1) {
        qsort(l->rows, l->count, sizeof *l->rows, l->descending ? descending : ascending);
    }
    return l->count < l->most ? l->count : l->most;
}

void listing_fini(listing *l) {
    free(l->rows);
    *l = (listing){0};
}

static void show_rows(lines *to, listing *l, const listing_kind *kind) {
    json *j = lines_object(to);
    uint32_t shown = listing_sort(l);
    lines_list(to, kind->name);
    for (uint32_t i = 0; i < shown; i++) {
        kind->show(to, l->rows[i].id);
    }
    lines_list_end(to);
    if (j != NULL) {
        json_number(j, "matching", l->count);
    } else if (shown < l->count) {
        lines_add(to, "%u of %u %s", shown, l->count, kind->name);
    }
}

void listing_answer(lines *to, const char *argument, const listing_kind *kind) {
    listing l;
    if (!listing_parse(&l, argument, kind->columns)) {
        lines_end(to, PORTICO_E_INVALID, "the filter is too long: allowed are 127 bytes");
        return;
    }
    kind->add_all(&l);
    if (l.failed) {
        lines_end(to, PORTICO_E_NO_MEMORY, "");
    } else {
        show_rows(to, &l, kind);
        lines_end(to, PORTICO_OK, "");
    }
    listing_fini(&l);
}

/* history_report.c: see history_report.h. */
#include "admin/history_report.h"

#include "admin/listing.h"
#include "base/log.h"
#include "base/log_line.h"
#include "base/log_tail.h"
#include "base/text.h"
#include "loader/swap_log.h"
#include "module/fault_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SWAPS_SHOWN = 10, LINES_SHOWN = 50, TEXT_MAX = 2048 };

static uint64_t us(uint64_t ns) {
    return ns / 1000;
}

/* ---- swaps ----------------------------------------------------------------------------------- */

/* When its last step ended. */
static uint64_t ended_ns(const swap_record *r) {
    uint64_t last_ns = r->begun_ns;
    for (int i = 0; i < SWAP_STEP_COUNT; i++) {
        last_ns = r->step_ns[i] > last_ns ? r->step_ns[i] : last_ns;
    }
    return last_ns;
}

static void add_generation(json *j, const char *key, uint32_t number) {
    if (number != 0) {
        json_number(j, key, number);
    } else {
        json_text(j, key, NULL);
    }
}

/* A step lasts from the end of the one before it that was reached. */
static void add_steps(lines *to, const swap_record *r) {
    json *j = lines_object(to);
    uint64_t before_ns = r->begun_ns;
    for (int i = 0; i < SWAP_STEP_COUNT; i++) {
        if (r->step_ns[i] < before_ns) {
            continue; /* it was not reached, at least at the last try */
        }
        uint64_t at_us = us(before_ns - r->begun_ns);
        uint64_t step_us = us(r->step_ns[i] - before_ns);
        before_ns = r->step_ns[i];
        if (j == NULL) {
            lines_add(to, "  %s at_us %llu us %llu: %s", swap_step_name((swap_step)i),
                      (unsigned long long)at_us, (unsigned long long)step_us,
                      swap_step_text((swap_step)i));
            continue;
        }
        json_begin(j, NULL, '{');
        json_text(j, "name", swap_step_name((swap_step)i));
        json_text(j, "text", swap_step_text((swap_step)i));
        json_number(j, "at_us", (int64_t)at_us);
        json_number(j, "us", (int64_t)step_us);
        json_end(j, '}');
    }
}

static void add_swap_json(lines *to, json *j, const swap_record *r) {
    json_begin(j, NULL, '{');
    json_number(j, "number", (int64_t)r->number);
    json_time(j, "time", r->wall_ms);
    json_text(j, "module", r->module);
    json_text(j, "result", module_swap_name(r->result));
    add_generation(j, "from", r->from);
    add_generation(j, "to", r->to);
    json_text(j, "version", r->version[0] != '\0' ? r->version : NULL);
    json_number(j, "tries", r->tries);
    json_number(j, "pause_us", (int64_t)us(r->pause_ns));
    json_number(j, "total_us", (int64_t)us(ended_ns(r) - r->begun_ns));
    json_text(j, "text", r->text);
    json_begin(j, "steps", '[');
    add_steps(to, r);
    json_end(j, ']');
    json_end(j, '}');
}

static void add_swap_text(lines *to, const swap_record *r) {
    char time[TEXT_TIME];
    text_time(r->wall_ms, 'T', time);
    lines_add(to, "%llu %s %s %s from %u to %u tries %u pause_us %llu total_us %llu",
              (unsigned long long)r->number, time, r->module, module_swap_name(r->result), r->from,
              r->to, r->tries, (unsigned long long)us(r->pause_ns),
              (unsigned long long)us(ended_ns(r) - r->begun_ns));
    lines_add(to, "  %s", r->text);
    add_steps(to, r);
}

void report_swaps(lines *to, const char *argument) {
    uint32_t most = argument[0] != '\0' ? (uint32_t)strtoul(argument, NULL, 10) : SWAPS_SHOWN;
    swap_record *records = malloc(SWAP_LOG_MAX * sizeof *records);
    if (records == NULL) {
        lines_end(to, PORTICO_E_NO_MEMORY, "");
        return;
    }
    uint32_t count = swap_log_copy(records, most < SWAP_LOG_MAX ? most : SWAP_LOG_MAX);
    json *j = lines_object(to);
    lines_list(to, "swaps");
    for (uint32_t i = 0; i < count; i++) {
        if (j != NULL) {
            add_swap_json(to, j, &records[i]);
        } else {
            add_swap_text(to, &records[i]);
        }
    }
    lines_list_end(to);
    free(records);
    lines_end(to, PORTICO_OK, "");
}

/* ---- the log --------------------------------------------------------------------------------- */

typedef struct log_query {
    uint32_t most;
    int level;
    const char *source; /* "": any */
} log_query;

static bool is_word(const char *text, const char *word) {
    size_t size = strlen(word);
    return strncmp(text, word, size) == 0 && (text[size] == ' ' || text[size] == '\0');
}

static void skip_word(const char **text) {
    *text += strcspn(*text, " ");
    *text += strspn(*text, " ");
}

static log_query read_query(const char *argument) {
    log_query q = {.most = LINES_SHOWN, .level = LOG_DEBUG};
    (void)listing_take_most(&argument, &q.most);
    for (int i = LOG_ERROR; i <= LOG_DEBUG; i++) {
        if (is_word(argument, log_level_name((log_level)i))) {
            q.level = i;
            skip_word(&argument);
            break;
        }
    }
    q.source = argument;
    return q;
}

static bool fits(const log_query *q, const log_record *r) {
    return r->level <= q->level &&
           (q->source[0] == '\0' || strcmp(q->source, log_record_source(r)) == 0);
}

static void add_line(lines *to, const log_record *r, uint64_t number) {
    json *j = lines_object(to);
    char time[TEXT_TIME];
    char text[LOG_LINE_MAX];
    snprintf(text, sizeof text, "%s", log_record_text(r));
    text_make_plain(text);
    if (j != NULL) {
        json_begin(j, NULL, '{');
        json_number(j, "seq", (int64_t)number);
        json_time(j, "time", r->wall_ms);
        json_text(j, "level", log_level_name((log_level)r->level));
        json_text(j, "source", log_record_source(r));
        json_text(j, "text", text);
        json_end(j, '}');
    } else {
        text_time(r->wall_ms, 'T', time);
        lines_add(to, "%llu %s %-5s %s %s", (unsigned long long)number, time,
                  log_level_name((log_level)r->level), log_record_source(r), text);
    }
}

/* Adds the last lines that fit. Returns the number of the last line of all. */
static uint64_t add_lines(lines *to, const log_query *q, const log_tail *t) {
    log_ring ring = t->ring;
    const log_record *r = NULL;
    uint32_t fitting = 0;
    uint64_t number = t->first;
    for (; (r = log_ring_first(&ring)) != NULL; log_ring_drop(&ring)) {
        fitting += fits(q, r);
    }
    for (ring = t->ring; (r = log_ring_first(&ring)) != NULL; log_ring_drop(&ring), number++) {
        if (fits(q, r) && fitting-- <= q->most) {
            add_line(to, r, number);
        }
    }
    return number - 1;
}

void report_log(lines *to, const char *argument) {
    log_query q = read_query(argument);
    log_tail t;
    if (!log_tail_copy(&t)) {
        lines_end(to, PORTICO_E_NO_MEMORY, "");
        return;
    }
    json *j = lines_object(to);
    lines_list(to, "log");
    uint64_t last = add_lines(to, &q, &t);
    lines_list_end(to);
    if (j != NULL) {
        json_number(j, "last_seq", (int64_t)last);
    }
    log_tail_free(&t);
    lines_end(to, PORTICO_OK, "");
}

/* ---- a report of a fault --------------------------------------------------------------------- */

static void add_report_line(void *arg, const char *line) {
    lines_add(arg, "%s", line);
}

void report_fault(lines *to, const char *name) {
    json *j = lines_object(to);
    if (j != NULL) {
        json_text(j, "file", name);
    }
    portico_status status = fault_files_read(name, add_report_line, to);
    lines_end(to, status,
              status == PORTICO_E_INVALID     ? "that is no name of a report: see `faults`"
              : status == PORTICO_E_NOT_FOUND ? "there is no such report: see `faults`"
                                              : "");
}

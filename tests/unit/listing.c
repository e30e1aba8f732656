/* listing.c: how many sessions or rooms are listed, in which order, and which of them. */
#include "admin/listing.h"

#include "support/check.h"

static const char *const columns[] = {"id", "name", "age", NULL};
enum { ID, NAME, AGE, NONE };

static listing l;

static bool parse(const char *argument) {
    return listing_parse(&l, argument, columns);
}

static void is(uint32_t most, uint32_t column, bool descending, const char *filter) {
    CHECK_INT(l.most, most);
    CHECK_INT(l.column, column);
    CHECK_INT(l.descending, descending);
    CHECK_TEXT(l.filter, filter);
}

static void arguments(void) {
    char filter[LISTING_FILTER_MAX + 1];
    CHECK(parse(""));
    is(UINT32_MAX, NONE, false, "");
    CHECK(parse("20 -age Arena Field"));
    is(20, AGE, true, "arena field");
    CHECK(parse("name"));
    is(UINT32_MAX, NAME, false, "");
    CHECK(parse("0  id   x"));
    is(0, ID, false, "x");
    CHECK(parse("4294967297")); /* no number of lines: an id */
    is(UINT32_MAX, NONE, false, "4294967297");
    CHECK(parse("12ab"));
    is(UINT32_MAX, NONE, false, "12ab");
    CHECK(parse("-nothing"));
    is(UINT32_MAX, NONE, false, "-nothing");
    memset(filter, 'x', sizeof filter);
    filter[LISTING_FILTER_MAX - 1] = '\0';
    CHECK(parse(filter));
    filter[LISTING_FILTER_MAX - 1] = 'x';
    filter[LISTING_FILTER_MAX] = '\0';
    CHECK(!parse(filter));
}

static void matches(void) {
    CHECK(parse("ABa"));
    CHECK(listing_matches(&l, "xaabA"));
    CHECK(!listing_matches(&l, "abb ab"));
    CHECK(!listing_matches(&l, ""));
    CHECK(parse(""));
    CHECK(listing_matches(&l, ""));
}

static void order(void) {
    CHECK(parse("2 -age"));
    for (uint32_t i = 0; i < 1000; i++) {
        listing_add(&l, i, i * 7 % 1000, "");
    }
    CHECK_INT(listing_sort(&l), 2);
    CHECK_INT(l.rows[0].number, 999);
    CHECK_INT(l.rows[1].number, 998);
    CHECK_INT(l.count, 1000);
    listing_fini(&l);
    CHECK(parse("name"));
    listing_add(&l, 3, 0, "b");
    listing_add(&l, 2, 0, "a");
    listing_add(&l, 1, 0, "b");
    CHECK_INT(listing_sort(&l), 3);
    CHECK_INT(l.rows[0].id, 2);
    CHECK_INT(l.rows[1].id, 1);
    CHECK_INT(l.rows[2].id, 3);
    listing_fini(&l);
}

SCENARIO(listing) {
    arguments();
    matches();
    order();
}

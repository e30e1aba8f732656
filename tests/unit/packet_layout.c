/* packet_layout.c: a description that breaks any rule is refused with the words for it, and a good
 * one is copied. */
#include "module/packet_layout.h"

#include "support/check.h"

enum { ROWS_MAX = 4 };

/* A good description of two fields, and what it is changed to. */
typedef struct sample {
    portico_field rows[ROWS_MAX];
    portico_field inner_rows[1];
    portico_fields inner;
    portico_fields fields;
} sample;

static void sample_make(sample *s) {
    *s = (sample){
        .rows = {{"a", NULL, PORTICO_KIND_UNSIGNED, 0, 4, 1, PORTICO_PART_FIXED, 0},
                 {"b", &s->inner, PORTICO_KIND_STRUCT, 8, 4, 2, PORTICO_PART_FIXED, 0},
                 {"c", NULL, PORTICO_KIND_CHAR, 16, 1, 100, PORTICO_PART_TEXT, 0}},
        .inner_rows = {{"x", NULL, PORTICO_KIND_SIGNED, 0, 2, 1, PORTICO_PART_FIXED, 0}},
        .inner = {"inner", s->inner_rows, 1, sizeof(portico_field), 4, 0},
        .fields = {"p", s->rows, 3, sizeof(portico_field), 32, 0},
    };
}

static void refused(const sample *s, const char *right) {
    char why[PACKET_WHY_MAX] = "";
    packet_layout *layout = (packet_layout *)why;
    CHECK_INT(packet_layout_create(&layout, &s->fields, why, sizeof why), PORTICO_E_INVALID);
    CHECK(layout == NULL);
    CHECK_TEXT(why, right);
}

#define REFUSED(change, right) \
    do {                       \
        sample s;              \
        sample_make(&s);       \
        change;                \
        refused(&s, right);    \
    } while (0)

static void wrong_structs(void) {
    REFUSED(s.fields.name = NULL, "the name of a packet is NULL: allowed are 1 to 63 bytes of text "
                                  "without blanks");
    REFUSED(s.fields.name = "a b", "the name of a packet is not allowed: allowed are 1 to 63 bytes "
                                   "of text without blanks");
    REFUSED(s.fields.field_size = 39,
            "packet p: field_size is 39, allowed are 40 to 4096: set it to sizeof");
    REFUSED(s.fields.field_size = 4097,
            "packet p: field_size is 4097, allowed are 40 to 4096: set it to sizeof");
    REFUSED(s.fields.field_count = 0, "packet p: field_count is 0, allowed are 1 to 1024");
    REFUSED(s.fields.field_count = 1025, "packet p: field_count is 1025, allowed are 1 to 1024");
    REFUSED(s.fields.fields = NULL, "packet p: fields is NULL, but field_count is 3");
    REFUSED(s.inner.field_count = 0, "packet inner: field_count is 0, allowed are 1 to 1024");
    REFUSED(s.rows[1].fields = NULL, "packet p: field b is a struct and has no fields");
    REFUSED(s.inner.size = 2, "packet p: field b has size 4, but inner has 2");
    REFUSED((s.inner_rows[0].part = PORTICO_PART_NUMBERS),
            "packet p: field b is inner, which has a part of variable size");
}

static void wrong_fields(void) {
    REFUSED(s.rows[1].name = NULL, "packet p: the name of field 1 is NULL: allowed are 1 to 63 "
                                   "bytes of text without blanks");
    REFUSED(s.rows[1].name = "",
            "packet p: the name of field 1 is not allowed: allowed are 1 to 63 "
            "bytes of text without blanks");
    REFUSED(s.rows[1].name = "a", "packet p: two fields are called a");
    REFUSED(s.rows[1].offset = 3, "packet p: fields a and b share bytes");
    REFUSED(s.rows[0].part = 5, "packet p: field a has part 5, allowed are 0 to 4");
    REFUSED(s.rows[0].count = 0, "packet p: field a has count 0, allowed are 1 or more");
    REFUSED(s.rows[0].kind = PORTICO_KIND_BYTES,
            "packet p: field a has part 0, kind 1 and size 4, which do not go together");
    REFUSED(s.rows[0].size = 3,
            "packet p: field a has part 0, kind 3 and size 3, which do not go together");
    REFUSED(s.rows[0].kind = PORTICO_KIND_BOOL,
            "packet p: field a has part 0, kind 5 and size 4, which do not go together");
    REFUSED((s.rows[0].kind = PORTICO_KIND_FLOAT, s.rows[0].size = 2),
            "packet p: field a has part 0, kind 4 and size 2, which do not go together");
    REFUSED(s.rows[2].kind = PORTICO_KIND_UNSIGNED,
            "packet p: field c has part 1, kind 3 and size 1, which do not go together");
    REFUSED(s.rows[2].part = PORTICO_PART_ROWS,
            "packet p: field c has part 4, kind 6 and size 1, which do not go together");
    REFUSED((s.rows[0].kind = PORTICO_KIND_CHAR, s.rows[0].size = 1),
            "packet p: field a is a text of 1 byte: it has room for a zero only");
    REFUSED(s.rows[0].part = PORTICO_PART_NUMBERS,
            "packet p: field a has a variable size, but is not the last");
    REFUSED(s.rows[2].offset = 25, "packet p: field c with offset 25, size 1, count 100 is not "
                                   "inside the struct of 32 bytes");
    REFUSED(s.rows[1].offset = UINT32_MAX,
            "packet p: field b with offset 4294967295, size 4, count "
            "2 is not inside the struct of 32 bytes");
    REFUSED(s.rows[2].count = 65529, "packet p: with field c it has 65537 bytes, allowed are up to "
                                     "65536");
    REFUSED(s.rows[2].count = UINT32_MAX, "packet p: with field c it has 4294967303 bytes, allowed "
                                          "are up to 65536");
}

/* A struct that contains itself. */
static void endless(void) {
    REFUSED((s.inner_rows[0].kind = PORTICO_KIND_STRUCT, s.inner_rows[0].fields = &s.inner,
             s.inner_rows[0].size = 4),
            "packet inner: field x is a struct inside of 8 others, allowed are 7");
}

enum { LEVELS = PACKET_DEPTH_MAX + 1 };

/* Structs within each other, `width` on each level. */
typedef struct tower {
    portico_field rows[LEVELS][3];
    portico_fields levels[LEVELS];
} tower;

static void tower_make(tower *t, uint32_t height, uint32_t width) {
    static const char *const names[] = {"a", "b", "c"};
    uint32_t size = 1;
    for (uint32_t i = height; i-- > 0;) {
        bool last = i == height - 1;
        for (uint32_t k = 0; k < width; k++) {
            /* cppcheck-suppress uninitvar ; it is filled here */
            portico_field *f = &t->rows[i][k];
            *f = (portico_field){.name = names[k], .offset = k * size, .size = size, .count = 1};
            f->kind = last ? PORTICO_KIND_UNSIGNED : PORTICO_KIND_STRUCT;
            f->fields = last ? NULL : &t->levels[i + 1];
        }
        size *= width;
        t->levels[i] = (portico_fields){"l", t->rows[i], width, sizeof(portico_field), size, 0};
    }
}

static void towers(void) {
    tower t;
    tower_make(&t, PACKET_DEPTH_MAX, 1);
    char text[256] = "";
    packet_layout *l = NULL;
    CHECK_INT(packet_layout_create(&l, &t.levels[0], text, sizeof text), PORTICO_OK);
    packet_layout_text(l, text, sizeof text);
    CHECK_TEXT(text, "l a {l a {l a {l a {l a {l a {l a {u8 a}}}}}}}");
    packet_layout_free(l);
    tower_make(&t, PACKET_DEPTH_MAX + 1, 1);
    sample s = {.fields = t.levels[0]};
    refused(&s, "packet l: field a is a struct inside of 8 others, allowed are 7");
    tower_make(&t, PACKET_DEPTH_MAX, 3); /* 3 to the power of 8 numbers */
    s.fields = t.levels[0];
    refused(&s, "packet l: with field c and those of all structs there are more than 1024 fields");
}

static void copied(void) {
    sample s;
    sample_make(&s);
    char why[PACKET_WHY_MAX] = "";
    packet_layout *l = NULL;
    CHECK_INT(packet_layout_create(&l, &s.fields, why, sizeof why), PORTICO_OK);
    memset(&s, 0xA5, sizeof s);
    CHECK_TEXT(l->name, "p");
    CHECK_INT(l->field_count, 3);
    CHECK_INT(packet_layout_min(l), 8);
    CHECK_INT(packet_layout_max(l), 108);
    CHECK(packet_layout_needs_check(l));
    CHECK_TEXT(l->fields[1].name, "b");
    CHECK_TEXT(packet_field_type(&l->fields[1]), "inner");
    CHECK_INT(l->fields[1].size, 2);
    CHECK_INT(l->fields[1].offset, 4);
    CHECK_TEXT(l->fields[1].fields->fields[0].name, "x");
    CHECK_TEXT(packet_field_type(&l->fields[2]), "text");
    CHECK_INT(l->fields[2].count, 100);
    packet_layout_free(l);
    packet_layout_free(NULL);
}

/* Rows of a later SDK may be longer, and the order in memory may differ from that on the wire. */
static void longer_rows(void) {
    struct {
        portico_field field;
        uint64_t later;
    } rows[2] = {{{"a", NULL, PORTICO_KIND_BOOL, 8, 1, 1, PORTICO_PART_FIXED, 0}, 9},
                 {{"b", NULL, PORTICO_KIND_FLOAT, 0, 8, 1, PORTICO_PART_FIXED, 0}, 9}};
    const portico_fields fields = {"p", &rows[0].field, 2, sizeof rows[0], 16, 0};
    char text[64] = "";
    packet_layout *l = NULL;
    CHECK_INT(packet_layout_create(&l, &fields, text, sizeof text), PORTICO_OK);
    packet_layout_text(l, text, sizeof text);
    CHECK_TEXT(text, "bool a, f64 b");
    packet_layout_free(l);
}

SCENARIO(packet_layout) {
    wrong_structs();
    wrong_fields();
    endless();
    towers();
    copied();
    longer_rows();
}

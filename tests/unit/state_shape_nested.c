/* state_shape_nested.c: structs with declared fields within a state: each row is carried over by
 * the names of its fields, at any depth; what cannot be is named by its path. */
#include "module/state_shape.h"

#include "support/check.h"

#define OLD_GEM(S, F)            \
    F(S, FIELD, uint8_t, colour) \
    F(S, FIELD, uint16_t, carat)
PORTICO_STATE(old_gem, OLD_GEM);
#define OLD_ITEM(S, F)          \
    F(S, FIELD, uint16_t, kind) \
    F(S, FIELD, uint32_t, gone) \
    F(S, ARRAY, char, label, 4) \
    F(S, STRUCTS, old_gem, gems, 2)
PORTICO_STATE(old_item, OLD_ITEM);
#define OLD_HERO(S, F)              \
    F(S, FIELD, uint32_t, score)    \
    F(S, STRUCT, old_item, hand)    \
    F(S, STRUCTS, old_item, bag, 3) \
    F(S, STRUCT, old_gem, ring)
PORTICO_STATE(old_hero, OLD_HERO);

/* The same, with wider numbers, longer arrays, another order, a field more and one fewer, at every
 * depth. */
#define NEW_GEM(S, F)           \
    F(S, FIELD, int64_t, carat) \
    F(S, FIELD, uint8_t, cut)   \
    F(S, FIELD, uint8_t, colour)
PORTICO_STATE(new_gem, NEW_GEM);
#define NEW_ITEM(S, F)              \
    F(S, STRUCTS, new_gem, gems, 3) \
    F(S, FIELD, float, weight)      \
    F(S, ARRAY, char, label, 8)     \
    F(S, FIELD, int32_t, kind)
PORTICO_STATE(new_item, NEW_ITEM);
#define NEW_HERO(S, F)              \
    F(S, STRUCTS, new_item, bag, 4) \
    F(S, STRUCT, new_item, hand)    \
    F(S, STRUCT, old_gem, ring)     \
    F(S, FIELD, uint64_t, score)    \
    F(S, STRUCT, new_gem, crown)
PORTICO_STATE(new_hero, NEW_HERO);

static char why[SHAPE_WHY_MAX];

static state_shape shape_of(uint32_t size, const portico_fields *fields) {
    state_shape s;
    why[0] = '\0';
    portico_status status = shape_init(&s, size, 1, fields, why, sizeof why);
    CHECK_TEXT(why, "");
    CHECK_INT(status, PORTICO_OK);
    return s;
}

static old_item item_of(uint32_t number) {
    old_item item = {.kind = (uint16_t)(65000 + number),
                     .gone = 99,
                     .gems = {{(uint8_t)number, (uint16_t)(40000 + number)}, {7, 8}}};
    memcpy(item.label, "abcd", 4);
    return item;
}

static void item_is(const new_item *item, uint32_t number) {
    CHECK_INT(item->kind, 65000 + number);
    CHECK(memcmp(item->label, "abcd\0\0\0\0", 8) == 0);
    CHECK(item->weight == 0);
    CHECK_INT(item->gems[0].colour, number);
    CHECK_INT(item->gems[0].carat, 40000 + number);
    CHECK_INT(item->gems[0].cut, 0);
    CHECK_INT(item->gems[1].colour, 7);
    CHECK_INT(item->gems[1].carat, 8);
    CHECK_INT(item->gems[2].colour, 0);
    CHECK_INT(item->gems[2].carat, 0);
}

static void changes_are(const state_shape *from, const state_shape *to, const char *right) {
    char text[512];
    shape_changes_text(from, to, text, sizeof text);
    CHECK_TEXT(text, right);
}

static void row_by_row(void) {
    old_hero old = {.score = 5, .hand = item_of(1), .ring = {9, 10}};
    new_hero fresh;
    memset(&fresh, 0, sizeof fresh);
    for (uint32_t i = 0; i < 3; i++) {
        old.bag[i] = item_of(2 + i);
    }
    state_shape from = shape_of(sizeof old, &old_hero_fields);
    state_shape to = shape_of(sizeof fresh, &new_hero_fields);
    CHECK(!shape_equal(&from, &to) && shape_equal(&from, &from) && shape_equal(&to, &to));
    CHECK_INT(shape_check(&from, &to, why, sizeof why), PORTICO_OK);
    shape_convert(&from, &old, &to, &fresh);
    CHECK_INT(fresh.score, 5);
    item_is(&fresh.hand, 1);
    for (uint32_t i = 0; i < 3; i++) {
        item_is(&fresh.bag[i], 2 + i);
    }
    CHECK(fresh.bag[3].kind == 0 && fresh.bag[3].weight == 0 && fresh.bag[3].gems[0].carat == 0);
    CHECK_INT(fresh.ring.colour, 9);
    CHECK_INT(fresh.ring.carat, 10);
    CHECK_INT(fresh.crown.carat, 0);
    changes_are(
        &from, &to,
        "added bag[].gems[].cut, bag[].weight, hand.gems[].cut, hand.weight, crown; dropped "
        "hand.gone, bag[].gone; widened bag, bag[].gems, bag[].gems[].carat, bag[].label, "
        "bag[].kind, hand.gems, hand.gems[].carat, hand.label, hand.kind, score");
    CHECK_INT(shape_check(&to, &from, why, sizeof why), PORTICO_E_INVALID);
    CHECK_TEXT(why,
               "field score was unsigned 64 bits and is unsigned 32 bits: values could be lost");
    shape_fini(&from);
    shape_fini(&to);
}

/* ---- what does not fit ---------------------------------------------------------------------- */

#define NARROW_GEM(S, F)         \
    F(S, FIELD, uint8_t, colour) \
    F(S, FIELD, uint8_t, carat)
PORTICO_STATE(narrow_gem, NARROW_GEM);
#define NARROW_ITEM(S, F)              \
    F(S, STRUCTS, narrow_gem, gems, 2) \
    F(S, FIELD, uint16_t, kind)
PORTICO_STATE(narrow_item, NARROW_ITEM);
#define NARROW_HERO(S, F)              \
    F(S, STRUCTS, narrow_item, bag, 3) \
    F(S, FIELD, uint32_t, score)
PORTICO_STATE(narrow_hero, NARROW_HERO);

/* The field is named by its path, and a migrate finds the others carried over. */
static void unfit_deep_inside(void) {
    old_hero old = {.score = 5, .bag = {item_of(1), item_of(2), item_of(3)}};
    narrow_hero fresh;
    memset(&fresh, 0, sizeof fresh);
    state_shape from = shape_of(sizeof old, &old_hero_fields);
    state_shape to = shape_of(sizeof fresh, &narrow_hero_fields);
    CHECK_INT(shape_check(&from, &to, why, sizeof why), PORTICO_E_INVALID);
    CHECK_TEXT(why, "field bag[].gems[].carat was unsigned 16 bits and is unsigned 8 bits: values "
                    "could be lost");
    changes_are(&from, &to,
                "dropped hand, bag[].gone, bag[].label, ring; changed bag[].gems[].carat");
    shape_convert(&from, &old, &to, &fresh);
    CHECK_INT(fresh.score, 5);
    CHECK_INT(fresh.bag[2].kind, 65003);
    CHECK_INT(fresh.bag[2].gems[0].colour, 3);
    CHECK_INT(fresh.bag[2].gems[1].colour, 7);
    CHECK_INT(fresh.bag[2].gems[0].carat, 0);
    shape_fini(&from);
    shape_fini(&to);
}

typedef struct gem_struct {
    uint8_t colour;
    uint16_t carat;
} gem_struct;
#define OPAQUE(S, F)                 \
    F(S, ARRAY, gem_struct, gems, 2) \
    F(S, FIELD, uint32_t, score)
PORTICO_STATE(opaque, OPAQUE);
#define DECLARED(S, F)           \
    F(S, FIELD, uint32_t, score) \
    F(S, STRUCTS, old_gem, gems, 3)
PORTICO_STATE(declared, DECLARED);
#define OTHER_SIZE(S, F)         \
    F(S, FIELD, uint32_t, score) \
    F(S, STRUCTS, new_gem, gems, 3)
PORTICO_STATE(other_size, OTHER_SIZE);
#define FEWER(S, F)              \
    F(S, FIELD, uint32_t, score) \
    F(S, STRUCT, old_gem, gems)
PORTICO_STATE(fewer, FEWER);
#define NO_STRUCT(S, F)          \
    F(S, FIELD, uint32_t, score) \
    F(S, ARRAY, uint32_t, gems, 3)
PORTICO_STATE(no_struct, NO_STRUCT);

/* A module that begins to declare the fields of a struct, or ends it. */
static void opaque_structs(void) {
    const opaque old = {.gems = {{1, 2}, {3, 4}}, .score = 5};
    declared fresh;
    opaque back;
    memset(&fresh, 0, sizeof fresh);
    memset(&back, 0, sizeof back);
    state_shape from = shape_of(sizeof old, &opaque_fields);
    state_shape to = shape_of(sizeof fresh, &declared_fields);
    state_shape other = shape_of(sizeof(other_size), &other_size_fields);
    state_shape one = shape_of(sizeof(fewer), &fewer_fields);
    state_shape numbers = shape_of(sizeof(no_struct), &no_struct_fields);
    CHECK_INT(shape_check(&from, &to, why, sizeof why), PORTICO_OK);
    changes_are(&from, &to, "widened gems");
    shape_convert(&from, &old, &to, &fresh);
    CHECK(fresh.score == 5 && fresh.gems[0].carat == 2 && fresh.gems[1].colour == 3);
    CHECK_INT(fresh.gems[1].carat, 4);
    CHECK_INT(fresh.gems[2].carat, 0);
    CHECK_INT(shape_check(&to, &from, why, sizeof why), PORTICO_E_INVALID);
    CHECK_TEXT(why,
               "field gems was 3 x struct old_gem of 4 bytes and is 2 x 4 opaque bytes: values "
               "could be lost");
    CHECK_INT(shape_check(&from, &other, why, sizeof why), PORTICO_E_INVALID);
    CHECK_TEXT(why, "field gems was 2 x 4 opaque bytes and is 3 x struct new_gem of 16 bytes: the "
                    "contents of one are not declared");
    CHECK_INT(shape_check(&to, &one, why, sizeof why), PORTICO_E_INVALID);
    CHECK_TEXT(why,
               "field gems was 3 x struct old_gem of 4 bytes and is struct old_gem of 4 bytes: "
               "values could be lost");
    CHECK_INT(shape_check(&to, &numbers, why, sizeof why), PORTICO_E_INVALID);
    CHECK_TEXT(why, "field gems was 3 x struct old_gem of 4 bytes and is 3 x unsigned 32 bits: the "
                    "kinds differ");
    changes_are(&to, &numbers, "changed gems");
    shape_fini(&from);
    shape_fini(&to);
    shape_fini(&other);
    shape_fini(&one);
    shape_fini(&numbers);
}

/* Two states of one size whose only difference is deep inside. */
static void differ_deep_inside(void) {
    /* cppcheck-suppress nullPointer ; inside sizeof */
    portico_field gem[] = {PORTICO_FIELD(old_gem, colour), PORTICO_FIELD(old_gem, carat)};
    portico_fields gem_fields = {"old_gem", gem, 2, sizeof gem[0], sizeof(old_gem), 0};
    portico_field item[] = {PORTICO_STRUCTS(old_item, old_gem, gems)};
    portico_fields item_fields = {"old_item", item, 1, sizeof item[0], sizeof(old_item), 0};
    const old_item old = item_of(3);
    old_item fresh;
    memset(&fresh, 0, sizeof fresh);
    item[0].fields = &gem_fields;
    state_shape from = shape_of(sizeof old, &item_fields);
    state_shape same = shape_of(sizeof old, &item_fields);
    gem[0].name = "hue";
    state_shape to = shape_of(sizeof old, &item_fields);
    CHECK(shape_equal(&from, &same) && !shape_equal(&from, &to));
    changes_are(&from, &to, "added gems[].hue; dropped gems[].colour");
    shape_convert(&from, &old, &to, &fresh);
    CHECK_INT(fresh.gems[0].colour, 0);
    CHECK_INT(fresh.gems[0].carat, 40003);
    shape_fini(&from);
    shape_fini(&same);
    shape_fini(&to);
}

/* ---- words ---------------------------------------------------------------------------------- */

static void field_is(const state_shape *s, size_t offset, const char *right,
                     uint32_t right_within) {
    char path[SHAPE_PATH_MAX] = "";
    uint32_t within = 99;
    CHECK(shape_field_at(s, (uint32_t)offset, path, &within));
    CHECK_TEXT(path, right);
    CHECK_INT(within, right_within);
}

static void words(void) {
    char text[SHAPE_TEXT_MAX];
    state_shape s = shape_of(sizeof(old_hero), &old_hero_fields);
    CHECK_TEXT(s.name, "old_hero");
    shape_field_text(shape_find(&s, "bag"), text, sizeof text);
    CHECK_TEXT(text, "3 x struct old_item of 20 bytes");
    shape_field_text(shape_find(&s, "ring"), text, sizeof text);
    CHECK_TEXT(text, "struct old_gem of 4 bytes");
    field_is(&s, offsetof(old_hero, hand.gone) + 1, "hand.gone", 1);
    field_is(&s, offsetof(old_hero, bag[2].label[3]), "bag[2].label", 3);
    field_is(&s, offsetof(old_hero, bag[1].gems[1].carat), "bag[1].gems[1].carat", 0);
    field_is(&s, offsetof(old_hero, bag[1].gems[1].colour) + 1, "bag[1].gems[1]", 1); /* padding */
    shape_fini(&s);
}

/* ---- tables that no compiler made ------------------------------------------------------------ */

static void refused(const portico_fields *t, const char *right) {
    state_shape s;
    why[0] = '\0';
    CHECK_INT(shape_init(&s, t->size, 1, t, why, sizeof why), PORTICO_E_INVALID);
    CHECK_TEXT(why, right);
    shape_fini(&s);
}

static void bad_structs(void) {
    /* cppcheck-suppress nullPointer ; inside sizeof */
    portico_field gem[] = {PORTICO_FIELD(old_gem, colour), PORTICO_FIELD(old_gem, carat)};
    portico_fields gem_fields = {"old_gem", gem, 2, sizeof gem[0], sizeof(old_gem), 0};
    portico_field item[] = {PORTICO_STRUCTS(old_item, old_gem, gems)};
    const portico_fields item_fields = {"old_item", item, 1, sizeof item[0], sizeof(old_item), 0};
    item[0].fields = NULL;
    refused(&item_fields, "field gems is a struct and its fields are NULL: use PORTICO_STRUCT");
    item[0].fields = &gem_fields;
    gem[1].kind = 99;
    refused(&item_fields, "field gems[].carat has kind 99, allowed are 1 to 7");
    gem[1].kind = PORTICO_KIND_UNSIGNED;
    gem[1].offset = 3;
    refused(&item_fields,
            "field gems[].carat with offset 3, size 2, count 1 is not inside the struct "
            "of 4 bytes");
    gem[1].offset = 0;
    refused(&item_fields, "fields gems[].carat and gems[].colour share bytes");
    gem[1].offset = 2;
    gem[1].name = "colour";
    refused(&item_fields, "two fields are called gems[].colour");
    gem[1].name = NULL;
    refused(&item_fields,
            "field gems[]: the name of field 1 is NULL: allowed are 1 to 63 bytes of text "
            "without blanks");
    gem[1].name = "carat";
    gem_fields.size = 5;
    refused(&item_fields,
            "field gems[]: old_gem_fields is of a struct of 5 bytes, and the field has 4: name "
            "its own fields");
    gem_fields.size = 4;
    gem_fields.field_count = 0;
    refused(&item_fields,
            "field gems[]: old_gem_fields names no field of 4 bytes: leave it NULL, or name the "
            "fields");
    gem_fields.field_count = 1024;
    refused(&item_fields,
            "field gems[]: old_gem_fields has field_count 1024: a state has up to 1024, structs "
            "within included");
}

/* A struct that contains itself, and structs that are too deep by one. */
static void too_deep(void) {
    portico_field field = {"x", NULL, PORTICO_KIND_STRUCT, 0, 4, 1, PORTICO_PART_FIXED, 0};
    portico_fields endless = {"endless", &field, 1, sizeof field, 4, 0};
    field.fields = &endless;
    refused(&endless, "field x.x.x.x.x.x.x.x is a struct within 8 others: allowed are up to 7");

    portico_field rows[SHAPE_DEPTH_MAX];
    portico_fields tables[SHAPE_DEPTH_MAX];
    for (uint32_t i = 0; i < SHAPE_DEPTH_MAX; i++) {
        bool last = i + 1 == SHAPE_DEPTH_MAX;
        rows[i] = field;
        rows[i].kind = last ? PORTICO_KIND_UNSIGNED : PORTICO_KIND_STRUCT;
        rows[i].fields = last ? NULL : &tables[i + 1];
        tables[i] = (portico_fields){"s", &rows[i], 1, sizeof field, 4, 0};
    }
    state_shape s = shape_of(4, &tables[0]);
    field_is(&s, 3, "x.x.x.x.x.x.x.x", 3);
    shape_fini(&s);
}

/* Names of the greatest length at the greatest depth are cut where a text ends. */
static void long_paths(void) {
    char name[FIELD_NAME_MAX];
    portico_field rows[SHAPE_DEPTH_MAX];
    portico_fields tables[SHAPE_DEPTH_MAX];
    portico_fields narrow[SHAPE_DEPTH_MAX];
    portico_field narrow_rows[SHAPE_DEPTH_MAX];
    char path[SHAPE_PATH_MAX] = "";
    uint32_t within = 0;
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    for (uint32_t i = 0; i < SHAPE_DEPTH_MAX; i++) {
        bool last = i + 1 == SHAPE_DEPTH_MAX;
        rows[i] = (portico_field){name,
                                  last ? NULL : &tables[i + 1],
                                  last ? PORTICO_KIND_UNSIGNED : PORTICO_KIND_STRUCT,
                                  0,
                                  4,
                                  1,
                                  0,
                                  0};
        tables[i] = (portico_fields){name, &rows[i], 1, sizeof rows[i], 4, 0};
        narrow_rows[i] = rows[i];
        narrow_rows[i].fields = last ? NULL : &narrow[i + 1];
        narrow_rows[i].size = last ? 2 : 4;
        narrow[i] = (portico_fields){name, &narrow_rows[i], 1, sizeof rows[i], 4, 0};
    }
    state_shape from = shape_of(4, &tables[0]);
    state_shape to = shape_of(4, &narrow[0]);
    CHECK_INT(shape_check(&from, &to, why, sizeof why), PORTICO_E_INVALID);
    CHECK(strstr(why, "nn was unsigned 32 bits and is unsigned 16 bits: values could be lost") !=
          NULL);
    CHECK(shape_field_at(&from, 1, path, &within));
    CHECK_INT(strlen(path), SHAPE_PATH_MAX - 1);
    char text[64];
    shape_changes_text(&from, &to, text, sizeof text);
    CHECK_TEXT(text, " and 1 more");
    rows[SHAPE_DEPTH_MAX - 1].count = 0;
    state_shape s;
    CHECK_INT(shape_init(&s, 4, 1, &tables[0], why, sizeof why), PORTICO_E_INVALID);
    shape_fini(&from);
    shape_fini(&to);
}

SCENARIO(state_shape_nested) {
    row_by_row();
    unfit_deep_inside();
    opaque_structs();
    differ_deep_inside();
    words();
    bad_structs();
    too_deep();
    long_paths();
}

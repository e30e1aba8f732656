/* copies.c: the names that a host finds in run_dir/copies, which other hosts have left there. Only
 * those that a host gives may be taken for copies, as these are deleted.
 *
 * Reaches the static functions of copy_folder.c by including it. Input: the name.
 *
 * Covers: module/copy_folder.c */
#include "fuzz.h"

#include "module/copy_folder.c"

static size_t digits(const char *text) {
    size_t count = 0;
    while (text[count] >= '0' && text[count] <= '9') {
        count++;
    }
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    input in = {data, size};
    char set[SET_NAME_MAX + 1];
    char again[SET_NAME_MAX + 8];
    char *name = input_rest(&in);
    memset(set, 0x7F, sizeof set);
    const char *rest = split_name(name, set);
    CHECK(set[SET_NAME_MAX] == 0x7F);
    /* "PID.N", "PID.live", "PID-N.N" or "PID-N.live" */
    size_t at = digits(name);
    if (at > 0 && name[at] == '-') {
        at += 1 + digits(name + at + 1);
    }
    bool right = at > 0 && at < SET_NAME_MAX && name[at] == '.';
    const char *tail = right ? name + at + 1 : "";
    right =
        right && (strcmp(tail, "live") == 0 || (tail[0] != '\0' && digits(tail) == strlen(tail)));
    CHECK_INT(rest != NULL, right);
    if (rest != NULL) {
        CHECK(rest == tail);
        (void)snprintf(again, sizeof again, "%s.", set);
        CHECK(strncmp(again, name, strlen(again)) == 0 && strlen(again) == at + 1);
    }
    free(name);
    return 0;
}

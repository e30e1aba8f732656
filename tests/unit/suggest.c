/* suggest.c: which names are near enough to suggest, and which of several is chosen. */
#include "base/suggest.h"

#include "support/check.h"

static const char *nearest(const char *word) {
    static const char *const names[] = {
        "port", "type", "address", "max_sessions", "max_per_address", "backlog"};
    suggest s = suggest_begin(word);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        suggest_offer(&s, names[i]);
    }
    return suggest_result(&s);
}

static void distances(void) {
    CHECK_INT(suggest_distance("", ""), 0);
    CHECK_INT(suggest_distance("", "abc"), 3);
    CHECK_INT(suggest_distance("abc", ""), 3);
    CHECK_INT(suggest_distance("port", "port"), 0);
    CHECK_INT(suggest_distance("prot", "port"), 1);
    CHECK_INT(suggest_distance("port", "ports"), 1);
    CHECK_INT(suggest_distance("pot", "port"), 1);
    CHECK_INT(suggest_distance("part", "port"), 1);
    CHECK_INT(suggest_distance("kitten", "sitting"), 3);
    CHECK_INT(suggest_distance("Max-Sessions", "max_sessions"), 0);
    char a[SUGGEST_WORD_MAX + 2];
    memset(a, 'a', sizeof a);
    a[sizeof a - 1] = '\0';
    CHECK(suggest_distance(a, "a") == SIZE_MAX);
    a[SUGGEST_WORD_MAX] = '\0';
    CHECK_INT(suggest_distance(a, "b"), SUGGEST_WORD_MAX);
    CHECK_INT(suggest_distance(a, a), 0);
}

SCENARIO(suggest) {
    distances();
    CHECK_TEXT(nearest("max_sesions"), "max_sessions");
    CHECK_TEXT(nearest("MaxSessions"), "max_sessions");
    CHECK_TEXT(nearest("prot"), "port");
    CHECK_TEXT(nearest("typ"), "type");
    CHECK_TEXT(nearest("adress"), "address");
    CHECK_TEXT(nearest("xyz"), NULL);
    CHECK_TEXT(nearest(""), NULL);
    CHECK_TEXT(nearest("a word that nobody would ever take for a key of this host's configuration"),
               NULL);
}

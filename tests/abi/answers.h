/* answers.h: how an entity answers what it is asked, for asks.c and oracle.c. The request's data is
 * an answer_wish: what to do.
 *   n   reply now, with "now GENERATION"
 *   t   the same twice; the second reply must fail, or the log has an error
 *   l   reply in LATER_MS, with "later GENERATION"; logs what `reply` returned, if it fails
 *   x   do not reply
 *   e   end without a reply
 *   u   an id that nobody handles */
#ifndef PORTICO_TEST_ANSWERS_H
#define PORTICO_TEST_ANSWERS_H

#include <portico/portico.h>

#include <string.h>

#ifndef GENERATION
#define GENERATION 1
#endif

enum { ANSWER_ASKED = 70, ANSWER_LATER = 71, ANSWER_UNKNOWN = 72, LATER_MS = 200 };
enum { ANSWER_END = 1 };

typedef struct answer_wish {
    uint32_t what;
} answer_wish;

static inline uint32_t answer_id(uint32_t what) {
    return what == 'u' ? ANSWER_UNKNOWN : ANSWER_ASKED;
}

static inline portico_status answer_text(uint64_t request, const char *word) {
    char text[32];
    int size = snprintf(text, sizeof text, "%s %d", word, GENERATION);
    return portico->reply(request, text, (uint32_t)size);
}

/* Returns ANSWER_END if the entity is to end. */
static inline int answer(portico_entity self, const portico_message *message) {
    answer_wish wish = {0};
    if (message->request == 0 || message->from.id == 0 || message->size != sizeof wish) {
        portico->log(PORTICO_LOG_ERROR, "it is no request");
        return 0;
    }
    memcpy(&wish, message->data, sizeof wish);
    switch (wish.what) {
    case 'n': (void)answer_text(message->request, "now"); break;
    case 't':
        if (answer_text(message->request, "now") != PORTICO_OK ||
            answer_text(message->request, "again") != PORTICO_E_GONE) {
            portico->log(PORTICO_LOG_ERROR, "it can be answered twice");
        }
        break;
    case 'l':
        (void)portico->post_after(self, ANSWER_LATER, &message->request, sizeof message->request,
                                  LATER_MS, NULL);
        break;
    case 'e': return ANSWER_END;
    default: break;
    }
    return 0;
}

static inline void answer_later(const portico_message *message) {
    uint64_t request = 0;
    memcpy(&request, message->data, sizeof request);
    portico_status status = answer_text(request, "later");
    if (status != PORTICO_OK) {
        portico_logf(PORTICO_LOG_INFO, "the late reply: %d", status);
    }
}

#endif

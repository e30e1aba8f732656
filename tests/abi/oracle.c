/* oracle.c: a module that can be asked, in two generations: see answers.h. */
#include "answers.h"

static void on_asked(portico_entity module, void *state, const portico_message *message) {
    (void)state;
    (void)answer(module, message);
}

static void on_later(portico_entity module, void *state, const portico_message *message) {
    (void)module, (void)state;
    answer_later(message);
}

static const portico_module_message messages[] = {PORTICO_MESSAGE(ANSWER_ASKED, on_asked),
                                                  PORTICO_MESSAGE(ANSWER_LATER, on_later)};

static const portico_module oracle = {
    .name = "oracle",
    .version = "1",
    .messages = PORTICO_TABLE(messages),
};

PORTICO_MODULE(oracle);

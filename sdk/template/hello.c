/* hello.c: a module for Portico. It counts the lines that each visitor sends. */
#include <portico/packet.h>

#include <stdio.h>
#include <string.h>

/* A packet: one line of text. With the framing `line` every packet has the opcode 0. */
enum { SAY = 0 };
#define SAY(S, F) F(S, TEXT, text, 200)
PORTICO_PACKET(say, SAY);

/* The state of a session, zero at first. It survives when this code is swapped, by the names of its
 * fields: you may add, remove and reorder them while visitors are connected. */
#define VISITOR(S, F) F(S, FIELD, uint32_t, lines)
PORTICO_STATE(visitor, VISITOR);

/* A setting: a key of [module hello]. The host writes it before it calls anything here. */
static const char *greeting;
static const portico_setting settings[] = {
    PORTICO_TEXT(greeting, "welcome", 1, 100, "what a visitor receives first"),
};

static void visitor_tell(portico_session session, const char *text) {
    const say s = {text, (uint32_t)strlen(text)};
    (void)say_send(session, SAY, &s); /* fails if the visitor has gone */
}

static portico_status visitor_on_open(portico_session session, void *state) {
    (void)state;
    visitor_tell(session, greeting);
    return PORTICO_OK;
}

static void visitor_on_say(portico_session session, visitor *v, const say *s) {
    (void)s; /* what they have said: s->text */
    char text[64];
    (void)snprintf(text, sizeof text, "that was line %u", (unsigned)++v->lines);
    visitor_tell(session, text);
}

#define VISITOR_OPCODES(S, ON) ON(S, PACKET, SAY, say, visitor_on_say)
PORTICO_OPCODES(visitor_opcodes, visitor, VISITOR_OPCODES);

static const portico_session_type session_types[] = {{
    .name = "visitor", /* a listener names it: type = hello.visitor */
    .state = PORTICO_STATE_OF(visitor, 1),
    .on_open = visitor_on_open,
    .opcodes = PORTICO_TABLE(visitor_opcodes),
}};

static const portico_module this_module = {
    .name = "hello",
    .version = "0.1.0",
    .description = "Counts the lines that each visitor sends.",
    .session_types = PORTICO_TABLE(session_types),
    .settings = PORTICO_TABLE(settings),
};
PORTICO_MODULE(this_module);

/* hostile_names.c: a module that calls its packets, fields and opcodes what would break the code
 * that `portico inspect --client` makes of it, or become part of it. */
#include <portico/portico.h>

#define U16(name, offset) \
    { (name), NULL, PORTICO_KIND_UNSIGNED, (offset), 2, 1, PORTICO_PART_FIXED, 0 }
#define TABLE(name, rows, size) \
    { (name), (rows), sizeof(rows) / sizeof(rows)[0], sizeof(portico_field), (size), 0 }

static const portico_field words_rows[] = {
    U16("class", 0),
    U16("class_", 2),
    U16("constructor", 4),
    U16("__proto__", 6),
    U16("a*/b", 8),
    U16("a_/b", 10),
    U16("\";import('os');\"", 12),
    U16("\\", 14),
    U16("\xC3\xA9t\xC3\xA9", 16),
    U16("9lives", 18),
    U16("linux", 20),
    U16("self", 22),
    U16("_layout", 24),
    U16("encode", 26),
    U16("?\?/", 28),
    U16("--", 30),
    U16("`${x}`", 32),
    U16("default", 34),
    U16("text_size", 36),
    {"text", NULL, PORTICO_KIND_CHAR, 40, 1, 8, PORTICO_PART_TEXT, 0}};
static const portico_fields words = TABLE("int", words_rows, 64);

static const portico_field twice_rows[] = {
    {"inner", NULL, PORTICO_KIND_UNSIGNED, 0, 4, 1, PORTICO_PART_FIXED, 0}};
static const portico_fields twice = TABLE("class", twice_rows, 4);
static const portico_fields same_name = TABLE("int", twice_rows, 4);
static const portico_fields derived = TABLE("class_encode", twice_rows, 4);
static const portico_fields outside = TABLE("Uint8Array", twice_rows, 4);

static void on_packet(portico_session session, void *state, const portico_packet *packet) {
    (void)session, (void)state, (void)packet;
}

#define ROW(packet, name, opcode) \
    { on_packet, (packet), (name), 0, 0, (opcode), 0, 0 }
static const portico_opcode opcodes[] = {
    ROW(&words, "*/ int main(void) { return 1; } /*", 1),
    ROW(&twice, "\"\"\"", 2),
    ROW(&same_name, "", 3),
    ROW(&derived, "True", 4),
    ROW(&outside, "int", 5),
    ROW(NULL, "// \xE2\x82\xAC", 6),
    ROW(NULL, "class", 7),
    ROW(NULL, "class", 8),
    ROW(NULL, "`;process.exit(1)//", 9),
    ROW(NULL, "?\?/", 10),
};
static const portico_session_type session_types[] = {
    {.name = "session", .opcodes = PORTICO_TABLE(opcodes)}};

static const portico_module hostile_names = {.name = "hostile_names",
                                             .version = "1 */ \"\"\" \\",
                                             .description = "*/ \"\"\" `",
                                             .session_types = PORTICO_TABLE(session_types)};
PORTICO_MODULE(hostile_names);

/* client_code.c: see client_code.h. */
#include "loader/client_code.h"

#include "loader/client_languages.h"

#include <string.h>

bool client_code_knows(const char *language) {
    static const char *const languages[] = {"c", "js", "python", "ts"};
    for (size_t i = 0; i < sizeof languages / sizeof languages[0]; i++) {
        if (strcmp(languages[i], language) == 0) {
            return true;
        }
    }
    return false;
}

/* The version is text of the module's; what could end a remark is left out. */
static void write_head(const generation *g, const char *language, const char *begin, FILE *to) {
    char version[64];
    size_t size = 0;
    for (const char *v = g->version; *v != '\0' && size < sizeof version - 1; v++) {
        bool plain = (*v >= '0' && *v <= '9') || (*v >= 'a' && *v <= 'z') ||
                     (*v >= 'A' && *v <= 'Z') || strchr(".+-_", *v) != NULL;
        if (plain) {
            version[size++] = *v;
        }
    }
    version[size] = '\0';
    fprintf(to, "%sThe packets of the module %s %s, made by `portico inspect --client %s`.", begin,
            g->name, version, language);
}

portico_status client_code_write(const generation *g, const char *language, FILE *to) {
    client_packets c;
    portico_status status = client_packets_collect(&c, g);
    if (status != PORTICO_OK) {
        return status;
    }
    if (strcmp(language, "python") == 0) {
        write_head(g, language, "\"\"\"", to);
        fprintf(to, "\"\"\"\n");
        client_python_write(&c, to);
    } else {
        write_head(g, language, "/* ", to);
        fprintf(to, " */\n");
        if (strcmp(language, "c") == 0) {
            client_c_write(&c, g->name, to);
        } else {
            client_js_write(&c, strcmp(language, "ts") == 0, to);
        }
    }
    client_packets_free(&c);
    return PORTICO_OK;
}

/* siege.h: one attack after another on a host, next to honest clients, each as a row of a table.
 *
 * For each attack, quiet and attacked windows take turns. In all of them the host must answer
 * `ctl status`, which also shows its memory, and the honest clients must get every answer. What the
 * attack did to their latency is the median of the ratios of an attacked window to the quiet one
 * before it. In a run of given SECONDS, the attacks and the looks at the host leave the processors
 * to the host and the honest clients (aside.h). One thread, and one aside for the time of a window.
 * Any failure ends the test. */
#ifndef TEST_SIEGE_H
#define TEST_SIEGE_H

#include "support/honest.h"
#include "support/host.h"

typedef struct siege_options {
    host *host;
    uint16_t port;    /* of the honest clients: a listener of faulty.session */
    uint32_t clients; /* honest ones */
    uint32_t rate;    /* packets a second of each */
    uint32_t each_ms; /* of each attack */
    uint32_t rounds;  /* pairs of windows in that time */
} siege_options;

typedef struct siege siege;

typedef struct siege_attack {
    const char *word;
    const char *sentence;
    const char *by; /* "clients", "module", "machine" */
    int64_t bound;  /* bytes that it may cost the host; 0: not known */
    void *arg;

    void (*begin)(void *arg);

    /* Every few ms between begin and end. NULL: nothing to do. */
    void (*step)(void *arg);

    /* Ends the attack. */
    void (*end)(void *arg);

    /* After the end of all attacks: waits until the host is as before, and writes how often it has
     * been done so far. */
    void (*settle)(void *arg, char *often, size_t size);
} siege_attack;

/* Attacks on the host, whose honest clients are connected already: by crowds.c, greeds.c,
 * shortages.c and surroundings.c. Return how many; of shortages there are none where a host cannot
 * be limited.
 */
enum { SIEGE_ATTACKS_MAX = 16 };
int siege_crowds(host *h, siege_attack attacks[SIEGE_ATTACKS_MAX]);
int siege_web(host *h, siege_attack attacks[SIEGE_ATTACKS_MAX]); /* to the listener "web" */
int siege_greeds(host *h, siege_attack attacks[SIEGE_ATTACKS_MAX]);
int siege_shortages(host *h, siege_attack attacks[SIEGE_ATTACKS_MAX]);

/* These need a host of siege_bare_host. `names`: a silent_server.h; -1: there is none. */
int siege_surroundings(host *h, int names, siege_attack attacks[SIEGE_ATTACKS_MAX]);

/* A host with the modules faulty, where nothing is rolled back or frozen, and glutton, with low
 * limits. Listeners: "game" and "victims" of faulty.session, "web" of the same over WebSocket,
 * "glutton" of glutton.session. */
host *siege_host(const char *name);

/* The same, started without descriptors 0 to 2; with a name in its ini, if it can be asked for. */
host *siege_bare_host(const char *name, bool names);

/* The host's memory after it has given back what the C library keeps (`ctl memory --trim`). */
typedef struct siege_memory {
    int64_t resident;
    int64_t allocated; /* without buffers; 0: the system does not report it */
    int64_t buffers;
} siege_memory;

siege_memory siege_look_at_memory(host *h);

/* The usual options: a short run, or `seconds` for each attack. */
siege_options siege_of(host *h, const char *seconds);

/* Starts the honest clients and prints the head of the table. */
siege *siege_begin(const siege_options *options);

/* Carries out the attack and prints its row. */
void siege_against(siege *s, const siege_attack *a);

/* Expects that the honest clients have missed nothing, prints the last line and frees. The host
 * remains. */
void siege_end(siege *s);

/* A whole scenario: these attacks on the host, which it stops and frees. The scenario's arguments
 * are SECONDS for each attack, and the word of the only one; without them the run is short. */
void siege_scenario(host *h, int (*attacks)(host *h, siege_attack attacks[SIEGE_ATTACKS_MAX]));

#endif

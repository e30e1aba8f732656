/* attackers.c: see attackers.h. */
#include "support/attacker.h"

#include "abi/faulty.h"
#include "support/aside.h"
#include "support/check.h"
#include "support/clock.h"
#include "support/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FRAME = 1000, STAGE_FRAMES = 50, ASKED_BYTES = 200 << 10, BURST_MS = 100 };

net_socket attack_at_stage(uint16_t port, int stage, uint16_t opcode) {
    static const uint8_t payload[FRAME];
    uint8_t frame[FRAME + WIRE_U16];
    uint8_t answer[256];
    size_t size = wire_frame(WIRE_U16, frame, opcode, payload, FRAME);
    net_socket s = net_try_connect("127.0.0.1", port);
    bool well = s != NET_NONE;
    switch (well ? stage : 0) {
    case 0: break;
    case 1: well = net_send_all(s, frame, 2); break;
    case 2: well = net_send_all(s, frame, WIRE_U16); break;
    case 3: well = net_send_all(s, frame, size / 2); break;
    case 4:
        for (int i = 0; i < STAGE_FRAMES && well; i++) {
            well = net_send_all(s, frame, size);
        }
        break;
    case 5:
        well = net_send_all(s, frame, size);
        net_half_close(s);
        break;
    default:
        well = net_send_all(s, frame, size) && net_recv_some(s, answer, sizeof answer) > 0;
        break;
    }
    if (!well && s != NET_NONE) {
        net_close(s);
        return NET_NONE;
    }
    return s;
}

/* ---- one act of one client: false if its connection has ended ------------------------------ */

bool attacker_send(const client *c, const void *data, size_t size) {
    return net_send_some(c->socket, data, size) != NET_BROKEN;
}

static bool send_number(const client *c, uint16_t opcode, uint32_t number) {
    uint8_t frame[16];
    return attacker_send(c, frame, wire_frame(WIRE_U16, frame, opcode, &number, sizeof number));
}

bool attacker_read_all(const client *c) {
    uint8_t dropped[8192];
    int got = 0;
    do {
        got = net_recv_some(c->socket, dropped, sizeof dropped);
    } while (got > 0);
    return got == NET_TIMEOUT;
}

static bool act_slow(attackers *a, client *c) {
    (void)a;
    return send_number(c, FAULTY_FLOOD, ASKED_BYTES);
}

static bool act_dribble(attackers *a, client *c) {
    static const uint32_t number;
    uint8_t frame[16];
    (void)a;
    size_t size = wire_frame(WIRE_U16, frame, FAULTY_ECHO, &number, sizeof number);
    return attacker_send(c, frame + c->acts % size, 1) && attacker_read_all(c);
}

static bool act_silent(attackers *a, client *c) {
    static const uint8_t half[2] = {100, 0};
    bool is_half = (c - a->clients) % 2 != 0;
    return (c->acts > 0 || !is_half || attacker_send(c, half, sizeof half)) && attacker_read_all(c);
}

static bool act_crowd(attackers *a, client *c) {
    (void)a;
    return attacker_read_all(c);
}

static bool act_flood(attackers *a, client *c) {
    (void)a;
    return send_number(c, FAULTY_ECHO, c->acts) && attacker_read_all(c);
}

static bool act_half_close(attackers *a, client *c) {
    (void)a;
    if (c->acts == 0) {
        bool well = send_number(c, FAULTY_ECHO, 1) && send_number(c, FAULTY_ECHO, 2);
        net_half_close(c->socket);
        return well;
    }
    return attacker_read_all(c);
}

static bool act_urgent(attackers *a, client *c) {
    static const uint32_t number;
    uint8_t frame[16];
    (void)a;
    size_t size = wire_frame(WIRE_U16, frame, FAULTY_ECHO, &number, sizeof number);
    size_t part = 1 + c->acts % (size - 1);
    return attacker_send(c, frame, part) && net_send_urgent(c->socket, '!') &&
           attacker_send(c, frame + part, size - part) && attacker_read_all(c);
}

static bool act_oversized(attackers *a, client *c) {
    uint8_t header[WIRE_U16];
    (void)a;
    if (c->acts == 0) {
        wire_header(WIRE_U16, header, c->turn % 2 == 0 ? 65535 : c->turn % WIRE_U16, FAULTY_ECHO);
        return attacker_send(c, header, sizeof header);
    }
    return attacker_read_all(c);
}

static bool act_noise(attackers *a, client *c) {
    uint8_t bytes[256];
    wire_random_bytes(&a->random, bytes, sizeof bytes);
    return attacker_send(c, bytes, sizeof bytes) && attacker_read_all(c);
}

static bool act_guess(attackers *a, client *c) {
    char line[64];
    int size = snprintf(line, sizeof line, "token guess-%016llx\nstop\n",
                        (unsigned long long)wire_random(&a->random));
    return (c->acts > 0 || attacker_send(c, line, (size_t)size)) && attacker_read_all(c);
}

static bool act_fault(attackers *a, client *c) {
    static const uint32_t kinds[] = {FAULTY_NULL_READ, FAULTY_DIVIDE, FAULTY_RECURSION,
                                     FAULTY_ABORT,     FAULTY_EXIT,   FAULTY_HOST_SEND};
    uint32_t kind = kinds[c->turn % (sizeof kinds / sizeof kinds[0])];
    (void)a;
    return (c->acts > 0 || send_number(c, FAULTY_FAULT, kind)) && attacker_read_all(c);
}

/* These need no connection that lasts. */
static bool act_vanish(attackers *a, client *c) {
    net_socket s = attack_at_stage(a->options.port, (int)(c->turn % ATTACK_STAGES), FAULTY_ODD);
    a->seen.connects += s != NET_NONE;
    a->seen.refused += s == NET_NONE;
    if (s != NET_NONE && a->options.kind == ATTACK_RESET) {
        net_reset(s);
    } else if (s != NET_NONE) {
        net_close(s);
    }
    return true;
}

static const struct {
    const char *word;
    const char *sentence;
    bool (*act)(attackers *a, client *c);
    bool narrow; /* small buffers on this side */
} table[ATTACKS] = {
    [ATTACK_SLOW] = {"slow", "ask for much and read nothing", act_slow, true},
    [ATTACK_DRIBBLE] = {"dribbling", "send frames a byte at a time", act_dribble, false},
    [ATTACK_SILENT] = {"silent", "send nothing, or half a header", act_silent, false},
    [ATTACK_CROWD] = {"crowd", "open more connections than are allowed", act_crowd, false},
    [ATTACK_FLOOD] = {"flooding", "send as fast as they may", act_flood, false},
    [ATTACK_VANISH] = {"vanishing", "close the connection at every stage", act_vanish, false},
    [ATTACK_RESET] = {"resetting", "reset it at every stage, inside frames too", act_vanish, false},
    [ATTACK_HALF_CLOSE] = {"half-closing", "end the sending direction", act_half_close, false},
    [ATTACK_URGENT] = {"urgent", "put TCP urgent data into frames", act_urgent, false},
    [ATTACK_OVERSIZED] = {"oversized", "send headers with impossible sizes", act_oversized, false},
    [ATTACK_NOISE] = {"noise", "send random bytes", act_noise, false},
    [ATTACK_GUESS] = {"guessing", "send wrong admin tokens", act_guess, false},
    [ATTACK_HOLD] = {"holding", "hold the admin listener without a token", act_silent, false},
    [ATTACK_FAULT] = {"faults", "send what makes the module fault", act_fault, false},
    [ATTACK_WEB_HALF] = {"half", "send half a request, or nothing", act_web_half, false},
    [ATTACK_WEB_SLOW] = {"slowly", "send a request a byte at a time", act_web_slow, false},
    [ATTACK_WEB_GIANT] = {"giant", "send endless heads, and hundreds of headers", act_web_giant,
                          false},
    [ATTACK_WEB_SMUGGLE] = {"smuggling", "hide a request in a request, or in a header",
                            act_web_smuggle, false},
    [ATTACK_WEB_BARE] = {"unmasked", "send frames without a mask", act_web_bare, false},
    [ATTACK_WEB_PACKED] = {"compressed", "send what looks compressed, though that was refused",
                           act_web_packed, false},
    [ATTACK_WEB_DRIBBLE] = {"dripping", "send frames a byte at a time", act_web_dribble, false},
    [ATTACK_WEB_FRAGMENTS] = {"fragments", "send fragments without end", act_web_fragments, false},
    [ATTACK_WEB_EMPTY] = {"empty", "send empty fragments without end", act_web_empty, false},
    [ATTACK_WEB_PINGS] = {"pings", "send pings and read no pong", act_web_pings, true},
};

const char *attack_word(attack kind) {
    return table[kind].word;
}

const char *attack_sentence(attack kind) {
    return table[kind].sentence;
}

void attackers_add(attackers_figures *total, attackers_figures more) {
    total->acts += more.acts;
    total->connects += more.connects;
    total->refused += more.refused;
    total->ends += more.ends;
}

void attackers_say(const attackers_figures *seen, char *text, size_t size) {
    (void)snprintf(text, size, "%llu acts, %llu connections, %llu closed by the host",
                   (unsigned long long)seen->acts, (unsigned long long)seen->connects,
                   (unsigned long long)seen->ends);
}

/* ---- all of them --------------------------------------------------------------------------- */

static bool is_brief(const attackers *a) {
    return table[a->options.kind].act == act_vanish;
}

/* Guesses come from another address, since the host slows all tokens from that one. */
static bool client_connect(attackers *a, client *c) {
    uint16_t port = a->options.port;
    if (table[a->options.kind].narrow) {
        c->socket = net_try_connect_narrow(port);
    } else if (a->options.kind == ATTACK_GUESS) {
        c->socket = net_try_connect_from("127.0.0.2", "127.0.0.1", port);
    } else {
        c->socket = net_try_connect("127.0.0.1", port);
    }
    c->acts = 0;
    if (c->socket == NET_NONE) {
        a->seen.refused++;
        return false;
    }
    net_set_nonblocking(c->socket);
    a->seen.connects++;
    return true;
}

static void client_act(void *arg, int index) {
    attackers *a = arg;
    client *c = &a->clients[index];
    bool lasts = !is_brief(a);
    a->seen.acts++;
    if (lasts && c->socket == NET_NONE && !client_connect(a, c)) {
        return;
    }
    if (!table[a->options.kind].act(a, c)) {
        a->seen.ends++;
        net_close(c->socket);
        c->socket = NET_NONE;
        c->turn++;
    }
    c->acts++;
    c->turn += !lasts;
}

void attackers_pace(uint32_t rate, int clients, const atomic_bool *stop,
                    void (*act)(void *arg, int client), void *arg) {
    uint64_t began_us = clock_now_us();
    uint64_t done = 0;
    while (!atomic_load(stop)) {
        uint64_t due = (clock_now_us() - began_us) * rate / 1000000 + 1;
        uint64_t burst = rate * (uint64_t)BURST_MS / 1000 + 1;
        done = due > done + burst ? due - burst : done;
        for (; done < due && !atomic_load(stop); done++) {
            act(arg, (int)(done % (uint64_t)clients));
        }
        clock_sleep_ms(1);
    }
}

static system_thread_result SYSTEM_THREAD_CALL run(void *arg) {
    attackers *a = arg;
    aside_enter();
    attackers_pace(a->options.rate, a->options.clients, &a->stop, client_act, a);
    return 0;
}

attackers *attackers_start(const attackers_options *options) {
    attackers *a = calloc(1, sizeof *a);
    CHECK(a != NULL);
    a->options = *options;
    a->random = 1;
    a->clients = calloc((size_t)options->clients, sizeof *a->clients);
    CHECK(a->clients != NULL);
    for (int i = 0; i < options->clients; i++) {
        a->clients[i].socket = NET_NONE;
        a->clients[i].turn = (uint32_t)i;
    }
    CHECK(system_thread_start(&a->thread, run, a));
    return a;
}

attackers_figures attackers_stop(attackers *a) {
    atomic_store(&a->stop, true);
    system_thread_join(a->thread);
    for (int i = 0; i < a->options.clients; i++) {
        if (a->clients[i].socket != NET_NONE) {
            net_reset(a->clients[i].socket); /* leaves no port in TIME_WAIT */
        }
    }
    attackers_figures seen = a->seen;
    free(a->clients);
    free(a);
    return seen;
}

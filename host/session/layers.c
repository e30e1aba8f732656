/* layers.c: which layers a service has. See handshake.h. */
#include "session/handshake.h"
#include "session/proxy.h"
#include "session/secure.h"
#include "session/websocket.h"

enum { WEB = 1, SECURE = 2, PROXY = 4, LAYERS_MAX = 3 };

/* In the order of the bytes. */
static const handshake_layer *const layers[][LAYERS_MAX + 1] = {
    [WEB] = {&websocket_layer},
    [SECURE] = {&secure_layer},
    [SECURE | WEB] = {&secure_layer, &websocket_layer},
    [PROXY] = {&proxy_layer},
    [PROXY | WEB] = {&proxy_layer, &websocket_layer},
    [PROXY | SECURE] = {&proxy_layer, &secure_layer},
    [PROXY | SECURE | WEB] = {&proxy_layer, &secure_layer, &websocket_layer}};

const handshake_layer *const *handshake_of(const config_service *settings) {
    uint32_t which = settings->transport == CONFIG_TRANSPORT_WEBSOCKET ? WEB : 0;
    which |= settings->tls.on ? SECURE : 0;
    which |= settings->proxy_protocol != CONFIG_PROXY_NO ? PROXY : 0;
    return which != 0 ? layers[which] : NULL;
}

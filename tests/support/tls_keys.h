/* tls_keys.h: private keys for tests. They protect nothing: everybody can read them here. */
#ifndef TEST_TLS_KEYS_H
#define TEST_TLS_KEYS_H

enum { TLS_KEY_RSA, TLS_KEY_A, TLS_KEY_B, TLS_KEY_C, TLS_KEYS };

static const char *const tls_keys[TLS_KEYS] = {
    "-----BEGIN PRIVATE KEY-----\n"
    "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQCHuaHdROAWdtBf\n"
    "1YQ4jj0Drs2OS/I4m97sgN+JHJ87jKtkN0HUTu8MiMPtvZHyGdTYKaO/dfrKVDyO\n"
    "punRWm4xT22kz2Ff+M1BaGGsr6/FwCEFw2YdW7UiB6xW9YtUR/6zj45AgVn7d5wM\n"
    "TIMkraKdFsOK85yhPz0nZrj2P+NX8GaOw/Wm70yVyU7fakieYPCW19w7jzrlMuLA\n"
    "GGOIM1/qQetq5EFSXDHyKJWjkcmGRCHr5mbZkYl6F1dPpaU5kxsHVMwTQ77TqDoT\n"
    "e2mLMibvMIp+dz3D/WarevuUpOtxtySG/Tq//KyiMGWFLSsl6Kf/G7RD3I4CiXu5\n"
    "0tRtNLT5AgMBAAECggEAAOsKje/3VsTlp/WjzVYjp4YOh0CQROhuW582OTvjqogg\n"
    "aK8kV4apK1E0MhmEMTpngYbWlWb7k/7PN2UoU8LkLUU3nVPMeX+6CQ/nCT9Zqwwf\n"
    "rRBN/TOE8tP7yyLMwdHdho1uuD+nwixkS9kAp3DdQWl0AoP0sp/g5AatMvfqVnVG\n"
    "rAvmeO2YNr+4tY5KF047ry9SllyJpHX2ErnnOZfNFjddOkb5/z3Rj05Py0xTYYAV\n"
    "o6x5Dz3pnJ5OFE1f49Jtgs6ne3X5g8tCr6rvd2eDdWqoGR20ZHgB9KIYWbpAKbr6\n"
    "hyAfWhHKxtuxMmN+OBn7mHI3ekuR6j6oDdysHTazAQKBgQC7QdoR54hurdS389QY\n"
    "qA3T9bvZyw4dTQXzlqlQWGZQHCBsjYcVXfVQBlc0VT+J+4L4AvCC6tmURIQCOXME\n"
    "qFw6+YGSoFVGTAZMiqFnmjHtbWxwjzYUKLBUSho99aQVSgVjHsN+Vr+9jIiJ9Uoj\n"
    "wZadjFkwhq14FpUscqLtZqUL0QKBgQC5jN8yL8WtlmF2OxULPVsCZysnlAqLgIlm\n"
    "34jlSDsnRyIznn9GZCW/AprZo7a3XaM/m4SsRxVlT80PDtBZ0Cor8shHPbw/TdNP\n"
    "jIjlQgwLi1LRTtbPz2zHU9/67rpznZqCNpMoFvcm6eJXFpw603U/U00lIKtOnj80\n"
    "apGyWgNoqQKBgCg2mhgiOsBaAEaIzFGHNYEBUpgQ7TUJp2+KOU4RzdcCU0w8kHfc\n"
    "N6Q52FxaukxtgNC2AOR8fsFCfX7ky3iCl1vq3RKZ7/YquWeSldrj2Dj+uLzrZFer\n"
    "7UIMr9oCeHxB6ypAHwdwpbiVB3VpAcTv++JVk4nCQlp5rwteivKkimkhAoGAN/zQ\n"
    "0DToAfPxXpp/RA/0aSo2NFAQSn2zeA4VIZIE/1oQcODvaI8JcLRZgzhKBtRDUQsd\n"
    "IlqkkxhcOKHwrlkIkJBGbHCtX7CdBVDTcdHXDpiwmaWfXb8qBI9Dc1Ubf41btNTA\n"
    "3ITpeJ10BXE2HO33X+9DxOMxrZxEWA2b/uP4SVkCgYEAo8ZGz8Nn+u5R/hx1c0pH\n"
    "Aq1433J6lBfRxqX2RFkSdph/jirfg3NBNJNN4gaWMEZ7944hzIQPA2+Aufa/qqfy\n"
    "JVighIfNtlsPpQVHrlLPSky+EKKOdT3YY5hQHVTmJfju6HdR1qDCRK6jXEx7zxrq\n"
    "ZX8cFti6eRp/HH7176rOx8Q=\n"
    "-----END PRIVATE KEY-----\n",

    "-----BEGIN PRIVATE KEY-----\n"
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgH3RF1Y6i63Tx0KJn\n"
    "4d/mWNQxWOqO72e+Ejjk3R3zOV6hRANCAATWcozma9bjUUMKM2+38MRff67OsX5b\n"
    "ofEvRGb9QuYwNZfCDiyoX3bPUToXvqVvsdcv3jwBQN1Xm7Vzy1uevZz7\n"
    "-----END PRIVATE KEY-----\n",

    "-----BEGIN PRIVATE KEY-----\n"
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgQ4aAHZSUpIbEIri0\n"
    "TUAQy30tImCHk5PvU/gPqC5ss6ChRANCAARM3VB2A8rTj75IU846GGeYei0Q9WQY\n"
    "f+N42pb5NEjT6GIF6NJStZl7n91t/DN7yixzwXjnns5aBXwH0DILvSuA\n"
    "-----END PRIVATE KEY-----\n",

    "-----BEGIN PRIVATE KEY-----\n"
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg7/mX/U1Y92dVNZZB\n"
    "U3/XUrDE5QtxIXVIMm805QT3ntWhRANCAATIujv8SylpbUoKHX5IzshEaiYiM6js\n"
    "UsAvmXyEpjpjNzXCX8r3Vz1jvPmgB2vd9MjvbvqHvsO9Yt9nJUlWIZ1f\n"
    "-----END PRIVATE KEY-----\n"};

#endif

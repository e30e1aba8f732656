/* layers_keys.h: the certificate of layers.c, for the key TLS_KEY_RSA, valid from 2020 to 2049. It
 * is the same in each run, and so are the lengths of signatures by an RSA key. */
#ifndef TEST_LAYERS_KEYS_H
#define TEST_LAYERS_KEYS_H

static const char *const layers_certificate =
    "-----BEGIN CERTIFICATE-----\n"
    "MIICnDCCAYQCAQEwDQYJKoZIhvcNAQELBQAwFDESMBAGA1UEAwwJZ2FtZS50ZXN0\n"
    "MB4XDTIwMDEwMTAwMDAwMFoXDTQ5MDEwMTAwMDAwMFowFDESMBAGA1UEAwwJZ2Ft\n"
    "ZS50ZXN0MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAh7mh3UTgFnbQ\n"
    "X9WEOI49A67NjkvyOJve7IDfiRyfO4yrZDdB1E7vDIjD7b2R8hnU2Cmjv3X6ylQ8\n"
    "jqbp0VpuMU9tpM9hX/jNQWhhrK+vxcAhBcNmHVu1IgesVvWLVEf+s4+OQIFZ+3ec\n"
    "DEyDJK2inRbDivOcoT89J2a49j/jV/BmjsP1pu9MlclO32pInmDwltfcO4865TLi\n"
    "wBhjiDNf6kHrauRBUlwx8iiVo5HJhkQh6+Zm2ZGJehdXT6WlOZMbB1TME0O+06g6\n"
    "E3tpizIm7zCKfnc9w/1mq3r7lKTrcbckhv06v/ysojBlhS0rJein/xu0Q9yOAol7\n"
    "udLUbTS0+QIDAQABMA0GCSqGSIb3DQEBCwUAA4IBAQBniSx057wyuzgw5rfkU+bh\n"
    "WHUbsMcic/2+ZLiSycgVpx3lwAduk7EIyYctOJqlm1CxITLcfxxKNu9ljabS+AN5\n"
    "rfEojGD8AyuGS8Oz2pYw+gd5QeyT79enAI8OjEkntAEOgGTs6hKS2ApDvAbISpfc\n"
    "3W+Hp9wrN945wHA/E4wYSAjIJmJBd/1WoEAkg6kjSWqlnTMBJmrKdCjqC7Lv8g62\n"
    "OvPYm/1cv1ZTFADR1OtJpUK+xZXmcaR83NSjYORWXmmmBuVXAASto8WrNC6ou7ih\n"
    "5HphGpKgiDetci4p6vwz/x7OGnWBPVILoHbX9JW0cGm5iUMJEyMF4TI9weKpNvyo\n"
    "-----END CERTIFICATE-----\n";

#endif

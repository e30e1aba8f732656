"""check.py: what the generated packets of tests/abi/typed.c make of some values, in hexadecimal; the
same in check.mjs and check.c. Exits with 1 if they do not decode what they encode."""

import random
import sys

import typed_packets as typed

PACKETS = [
    (typed.EVERY, typed.everything(i8=-5, u64=2**64 - 2, ready=True, f64=0.1, i16=[1, -2, -32768],
                                   name="caf\u00e9", home=typed.spot(7, 1.5, True),
                                   away=[typed.spot(8, -1.5, False), typed.spot(9, 0.0, True)])),
    (typed.SAY, typed.saying(mood=1, text="twenty bytes of text")),
    (typed.BLOB, typed.blob(data=b"\0\xff\x80\0\0\1")),
    (typed.CARDS, typed.hand(player=1, cards=[1, 2, 4294967295])),
    (typed.SCENE, typed.scene(tick=99, spots=[typed.spot(i, 0.5, i == 2) for i in range(4)])),
]


def check(condition, words):
    if not condition:
        sys.exit(words)


def refuses(packet):
    try:
        packet.encode()
    except ValueError:
        return
    sys.exit(f"encoded what does not fit: {packet}")


for opcode, packet in PACKETS:
    payload = packet.encode()
    check(type(packet).decode(payload) == packet, f"decoded otherwise: {packet}")
    check(type(packet).decode(payload + bytes(100)) is None, "too long")
    print(opcode, payload.hex())
check(typed.everything.decode(PACKETS[0][1].encode()[:-1]) is None, "too short")
check(typed.hand.decode(b"\1\0\2") is None, "a part of a number")
check(typed.hand.decode(b"") is None, "nothing")
check(typed.blob.decode(b"") == typed.blob(), "an empty part")
refuses(typed.hand(cards=[1, 2, 3, 4]))
refuses(typed.hand(player=65536))
refuses(typed.hand(player="x"))
refuses(typed.saying(text="a\0b"))
refuses(typed.saying(text="x" * 21))
refuses(typed.everything(name="12345678"))
refuses(typed.everything(i16=[1, 2]))
chance = random.Random(1)
for _ in range(2000):
    for _, packet in PACKETS:
        type(packet).decode(chance.randbytes(chance.randrange(60)))

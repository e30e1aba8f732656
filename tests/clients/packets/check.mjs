/* check.mjs: see check.py. */
import * as typed from "./typed_packets.mjs";

const packets = [
    [typed.EVERY, typed.everything, {i8: -5, u64: 2n ** 64n - 2n, ready: true, f64: 0.1,
        i16: [1, -2, -32768], name: "caf\u00e9", home: {who: 7, x: 1.5, seen: true},
        away: [{who: 8, x: -1.5, seen: false}, {who: 9, x: 0, seen: true}]}],
    [typed.SAY, typed.saying, {mood: 1, text: "twenty bytes of text"}],
    [typed.BLOB, typed.blob, {data: Uint8Array.of(0, 255, 128, 0, 0, 1)}],
    [typed.CARDS, typed.hand, {player: 1, cards: [1, 2, 4294967295]}],
    [typed.SCENE, typed.scene, {tick: 99,
        spots: [0, 1, 2, 3].map((i) => ({who: i, x: 0.5, seen: i === 2}))}],
];

function check(condition, words) {
    if (!condition) {
        console.log(words);
        process.exit(1);
    }
}

function refuses(packet, values) {
    try {
        packet.encode(values);
    } catch (error) {
        check(error instanceof RangeError, `another error: ${error}`);
        return;
    }
    check(false, `encoded what does not fit: ${Object.entries(values)}`);
}

const plain = (values) => JSON.stringify(values, (key, value) =>
    typeof value === "bigint" ? `${value}n` : value);

for (const [opcode, packet, values] of packets) {
    const payload = packet.encode(values);
    check(plain(packet.decode(payload)) === plain(values), `decoded otherwise: ${plain(values)}`);
    check(packet.decode(new Uint8Array(payload.length + 100)) === null, "too long");
    console.log(opcode, Buffer.from(payload).toString("hex"));
}
check(typed.everything.decode(typed.everything.encode({}).subarray(1)) === null, "too short");
check(typed.hand.decode(Uint8Array.of(1, 0, 2)) === null, "a part of a number");
check(typed.hand.decode(new Uint8Array(0)) === null, "nothing");
check(typed.blob.decode(new Uint8Array(0)).data.length === 0, "an empty part");
refuses(typed.hand, {cards: [1, 2, 3, 4]});
refuses(typed.hand, {player: 65536});
refuses(typed.hand, {player: "x"});
refuses(typed.saying, {text: "a\0b"});
refuses(typed.saying, {text: "x".repeat(21)});
refuses(typed.everything, {name: "12345678"});
for (let i = 0; i < 2000; i++) {
    const noise = Uint8Array.from({length: i % 60}, () => Math.floor(Math.random() * 256));
    packets.forEach(([, packet]) => packet.decode(noise));
}

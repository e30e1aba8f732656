// ws_echo.mjs FOLDER: the same work with npm's ws, which is in FOLDER/node_modules. No compression.
// 127.0.0.1. Prints `port=N`; ends on SIGTERM.
import { createRequire } from "node:module";

const require = createRequire(process.argv[2] + "/");
const { WebSocketServer } = require("ws");

const server = new WebSocketServer({
    host: "127.0.0.1",
    port: 0,
    backlog: 4096,
    perMessageDeflate: false,
});
server.on("listening", () => console.log(`port=${server.address().port}`));
server.on("connection", (socket) => {
    socket.on("message", (bytes, isBinary) => socket.send(bytes, { binary: isBinary }));
});

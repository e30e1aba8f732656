/* driver.mjs PORT: sdk/client/js/portico.js in Node. See obey.mjs. */
import {readFileSync} from "node:fs";
import net from "node:net";

import * as portico from "../../sdk/client/js/portico.js";
import {make_driver} from "./obey.mjs";

const control = net.connect(Number(process.argv[2]), "127.0.0.1");
const obey = make_driver(portico, (...words) => control.write(words.join(" ") + "\n"),
    (ca) => ({ca: readFileSync(ca)}));
control.setEncoding("utf8").on("data", obey);

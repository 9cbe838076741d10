// A car in JavaScript, written from docs/protocol.md: node car.mjs URL CHIP PLATE [CA]
import { createHash, constants, publicEncrypt } from "node:crypto";
import { readFileSync } from "node:fs";
import { io } from "socket.io-client";

const [url, chipFile, plate, ca] = process.argv.slice(2);
const chip = JSON.parse(readFileSync(chipFile, "utf8"));
const socket = io(url, {
  transports: ["websocket"],
  reconnection: false,
  ...(ca ? { ca: readFileSync(ca) } : {}),
});

function end(code, answer) {
  console.log(JSON.stringify(answer));
  socket.disconnect();
  process.exitCode = code;
}

socket.on("connect_error", (error) => end(2, { error: error.message }));
socket.on("challenge", async ({ nonce, timestamp }) => {
  const { licence } = chip;
  const hash = createHash("sha256").update(`${plate}|${licence}|${nonce}|${timestamp}`).digest("hex");
  const text = JSON.stringify({ plate, licence, nonce, timestamp, hash });
  const key = { key: chip.public_key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha256" };
  const payload = publicEncrypt(key, Buffer.from(text, "utf8")).toString("base64");
  const reply = await socket.timeout(10_000).emitWithAck("packet", { uid: chip.uid, payload });
  end(reply.status === "accepted" ? 0 : 1, reply);
});

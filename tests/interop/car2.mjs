// A car of version 2 in JavaScript, written from docs/protocol.md with node's own cryptography:
// node car2.mjs URL CHIP PLATE SIGNING_KEY AUTHORITY [LATITUDE_E6,LONGITUDE_E6] [CA]
import * as c from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { io } from "socket.io-client";

const [url, chipFile, plate, keyFile, authorityFile, here, ca] = process.argv.slice(2);
const chip = JSON.parse(readFileSync(chipFile, "utf8"));
const authority = JSON.parse(readFileSync(authorityFile, "utf8")).key;
const sha256 = (octets) => c.createHash("sha256").update(octets).digest("hex");
const okp = (crv, hex) => c.createPublicKey({ key: { kty: "OKP", crv, x: Buffer.from(hex, "hex").toString("base64url") }, format: "jwk" });
const isSigned = (key, text, hex) => c.verify(null, Buffer.from(text, "utf8"), okp("Ed25519", key), Buffer.from(hex, "hex"));
const place = (position) => (position === null ? "-" : position.join(","));

// The page's five conditions, in its order; null if all hold.
export function distrust(challenge, trusted, nowS, position) {
  const { v, unit, nonce, timestamp, registry_key, signature, certificate } = challenge;
  if (v !== 2) return "not version 2";
  const k = certificate;
  const certified = ["autovelox certificate 2", k.unit, k.key, k.site, place(k.position), k.valid_until].join("\n");
  if (!isSigned(trusted, certified, k.signature) || nowS >= k.valid_until) return "certificate";
  const said = ["autovelox challenge 2", unit, place(challenge.position), nonce, timestamp, registry_key].join("\n");
  if (unit !== k.unit || !isSigned(k.key, said, signature)) return "signature";
  if (k.position !== null && place(k.position) !== place(challenge.position)) return "moved";
  if (Math.abs(nowS - timestamp) > 30) return "clock";
  if (position && (challenge.position === null || metres(position, challenge.position) > 500)) return "position";
  return null;
}

function metres([latitude, longitude], [otherLatitude, otherLongitude]) {
  const radians = (e6) => (e6 / 1e6) * (Math.PI / 180);
  const [a, b, east] = [radians(latitude), radians(otherLatitude), radians(otherLongitude - longitude)];
  const half = Math.sin((b - a) / 2) ** 2 + Math.cos(a) * Math.cos(b) * Math.sin(east / 2) ** 2;
  return 2 * 6371008.8 * Math.asin(Math.sqrt(half));
}

// HPKE (RFC 9180), mode base: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM.
export function hpkeSeal(receiverHex, info, associated, plaintext) {
  const two = (number) => Buffer.from([number >> 8, number & 255]);
  const kem = Buffer.concat([Buffer.from("KEM"), two(0x20)]);
  const suite = Buffer.concat([Buffer.from("HPKE"), two(0x20), two(0x01), two(0x02)]);
  const hmac = (key, data) => c.createHmac("sha256", key).update(data).digest();
  const extract = (id, salt, label, ikm) => hmac(salt, Buffer.concat([Buffer.from("HPKE-v1"), id, Buffer.from(label), ikm]));
  const expand = (id, prk, label, context, length) => {
    const labelled = Buffer.concat([two(length), Buffer.from("HPKE-v1"), id, Buffer.from(label), context]);
    return hmac(prk, Buffer.concat([labelled, Buffer.from([1])])).subarray(0, length); // 32 bytes at most here
  };
  const own = c.generateKeyPairSync("x25519");
  const enc = Buffer.from(own.publicKey.export({ format: "jwk" }).x, "base64url");
  const shared = c.diffieHellman({ privateKey: own.privateKey, publicKey: okp("X25519", receiverHex) });
  const prk = extract(kem, Buffer.alloc(0), "eae_prk", shared);
  const secret = expand(kem, prk, "shared_secret", Buffer.concat([enc, Buffer.from(receiverHex, "hex")]), 32);
  const none = Buffer.alloc(0);
  const context = Buffer.concat([Buffer.from([0]), extract(suite, none, "psk_id_hash", none), extract(suite, none, "info_hash", info)]);
  const root = extract(suite, secret, "secret", none);
  const cipher = c.createCipheriv("aes-256-gcm", expand(suite, root, "key", context, 32), expand(suite, root, "base_nonce", context, 12));
  cipher.setAAD(associated);
  return Buffer.concat([enc, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

function nextCounter() {
  const file = `${keyFile}.counter`;
  const number = existsSync(file) ? Number(readFileSync(file, "utf8")) + 1 : 1;
  writeFileSync(file, `${number}\n`, { mode: 0o600 });
  return number;
}

function packet({ unit, nonce, timestamp, registry_key }, endpoint) {
  const { licence } = chip;
  const hash = sha256(`${plate}|${licence}|${nonce}|${timestamp}`);
  const text = Buffer.from(JSON.stringify({ plate, licence, nonce, timestamp, hash }), "utf8");
  const payload = c.publicEncrypt({ key: chip.public_key, padding: c.constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha256" }, text);
  const counter = nextCounter();
  const sealed = Buffer.alloc(72);
  sealed.write(chip.uid, "ascii");
  sealed.writeBigUInt64BE(BigInt(counter), 64);
  const uid = hpkeSeal(registry_key, Buffer.from("autovelox uid 2"), Buffer.from(nonce), sealed);
  const said = ["autovelox packet 2", unit, endpoint, nonce, timestamp, counter, sha256(uid), sha256(payload)].join("\n");
  const key = { key: readFileSync(keyFile), padding: c.constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
  const signature = c.sign("sha256", Buffer.from(said), key);
  const base64 = Object.entries({ uid, payload, signature }).map(([name, octets]) => [name, octets.toString("base64")]);
  return { v: 2, ...Object.fromEntries(base64) };
}

const socket = io(url, {
  transports: ["websocket"],
  reconnection: false,
  auth: { versions: [2] },
  ...(ca ? { ca: readFileSync(ca) } : {}),
});

function end(code, answer) {
  console.log(JSON.stringify(answer));
  socket.disconnect();
  process.exitCode = code;
}

socket.on("connect_error", (error) => end(2, { error: error.message }));
socket.on("challenge", async (challenge) => {
  const why = distrust(challenge, authority, Date.now() / 1000, here ? here.split(",").map(Number) : null);
  if (why !== null) return end(3, { silent: why });
  const peer = socket.io.engine.transport.ws._socket;
  const endpoint = peer.encrypted ? sha256(peer.getPeerCertificate().raw) : "-";
  const reply = await socket.timeout(10_000).emitWithAck("packet", packet(challenge, endpoint));
  end(reply.status === "accepted" ? 0 : 1, reply);
});

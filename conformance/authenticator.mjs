// A passkey authenticator in software: ES256, attestation "none" (Web Authentication Level 2).
import { createHash, createSign, generateKeyPairSync, randomBytes } from "node:crypto";

const sha256 = (bytes) => createHash("sha256").update(bytes).digest();
const text = (s) => Buffer.concat([Buffer.from([0x60 | s.length]), Buffer.from(s)]);
const bytes = (b) => Buffer.concat([b.length < 256 ? Buffer.from([0x58, b.length])
  : Buffer.from([0x59, b.length >> 8, b.length & 255]), b]);

export function authenticator(origin) {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const { x, y } = publicKey.export({ format: "jwk" });
  const id = randomBytes(16);
  let count = 0;

  const client = (type, challenge) => Buffer.from(JSON.stringify({ type, challenge, origin, crossOrigin: false }));
  const counter = () => Buffer.from([0, 0, 0, count]);
  const wrap = (response) => ({ id: id.toString("base64url"), rawId: id.toString("base64url"), type: "public-key",
    clientExtensionResults: {}, authenticatorAttachment: "platform", response });

  return {
    create(options) {
      const cose = Buffer.concat([Buffer.from([0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21]), bytes(Buffer.from(x, "base64url")),
        Buffer.from([0x22]), bytes(Buffer.from(y, "base64url"))]);
      const data = Buffer.concat([sha256(options.rp.id), Buffer.from([0x45]), counter(), Buffer.alloc(16),
        Buffer.from([0, id.length]), id, cose]);
      const object = Buffer.concat([Buffer.from([0xa3]), text("fmt"), text("none"), text("attStmt"),
        Buffer.from([0xa0]), text("authData"), bytes(data)]);
      return wrap({ attestationObject: object.toString("base64url"), transports: ["internal"],
        clientDataJSON: client("webauthn.create", options.challenge).toString("base64url") });
    },
    get(options) {
      count += 1;
      const data = Buffer.concat([sha256(options.rpId), Buffer.from([5]), counter()]);
      const said = client("webauthn.get", options.challenge);
      const signature = createSign("sha256").update(data).update(sha256(said)).sign(privateKey);
      return wrap({ authenticatorData: data.toString("base64url"), clientDataJSON: said.toString("base64url"),
        signature: signature.toString("base64url") });
    },
  };
}

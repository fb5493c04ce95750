// A case file calls `test(name, fn)` any number of times and then `await done()`.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";

const tests = [];

export { assert };

export const endpoint = process.env.COGNITO_ENDPOINT;
export const pool = "eu-west-1_Conform01";
export const clients = {
  open: { id: "conformopenclient0000000", secret: undefined },
  secret: { id: "conformsecretclient00000", secret: "conformance0secret0conformance0secret0conformance00" },
};
// The pool that remembers devices and knows second factors.
export const tracked = {
  pool: "eu-west-1_Conform02",
  clients: {
    open: { id: "trackedopenclient0000000", secret: undefined },
    secret: { id: "trackedsecretclient00000", secret: clients.secret.secret },
  },
};
export const alice = { name: "alice", password: "Correct-Horse-7", email: "alice@example.com" };

export function test(name, fn) {
  tests.push({ name, fn });
}

function within(seconds, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no result after ${seconds} s`)), seconds * 1000);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

export async function done() {
  let failed = 0;
  for (const { name, fn } of tests) {
    try {
      await within(30, fn());
      console.log(`ok   ${name}`);
    } catch (error) {
      failed += 1;
      console.log(`FAIL ${name}\n${error.stack ?? error}`);
    }
  }
  console.log(`${tests.length - failed} passed, ${failed} failed`);
  process.exit(failed ? 1 : 0);
}

/** The payload of a JWT, unverified. */
export function payload(token) {
  return JSON.parse(Buffer.from(token.split(".")[1], "base64url").toString("utf8"));
}

/** Resolves to the error that the promise is rejected with; rejects if there is none. */
export async function rejection(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new assert.AssertionError({ message: "an error was expected" });
}

/** The newest code that the emulator has sent. */
export async function sentCode() {
  const codes = await (await fetch(`${endpoint}/_emulator/codes`)).json();
  return codes.at(-1).code;
}

/** The code of tess's authenticator app (RFC 6238); its secret is the RFC's own. */
export function totp() {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30000)));
  const mac = createHmac("sha1", "12345678901234567890").update(counter).digest();
  const number = mac.readUInt32BE(mac[19] & 15) & 0x7fffffff;
  return String(number % 1000000).padStart(6, "0");
}

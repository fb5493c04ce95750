// A case file calls `test(name, fn)` any number of times and then `await done()`.
import assert from "node:assert/strict";

const tests = [];

export { assert };

export const endpoint = process.env.COGNITO_ENDPOINT;
export const pool = "eu-west-1_Conform01";
export const clients = {
  open: { id: "conformopenclient0000000", secret: undefined },
  secret: { id: "conformsecretclient00000", secret: "conformance0secret0conformance0secret0conformance00" },
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

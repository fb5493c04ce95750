// The SDKs' side of the SRP benchmark: node bench/srp.mjs identity-js|helper N
import { createRequire } from "node:module";

const require = createRequire(new URL("../conformance/package.json", import.meta.url));
const [, , which, n] = process.argv;
const SALT = "792ec146f4726797719027c266e79aec";
const SECRET_BLOCK = Buffer.alloc(1260, "b").toString("base64");
const SRP_B = "2" + "7".repeat(767);

const run = {
  "identity-js": async () => {
    const Helper = require("amazon-cognito-identity-js/lib/AuthenticationHelper").default;
    const BigInteger = require("amazon-cognito-identity-js/lib/BigInteger").default;
    const helper = new Helper("AbCdEf123");
    const call = (fn) => new Promise((resolve, reject) => fn((e, v) => (e ? reject(e) : resolve(v))));
    await call((done) => helper.getLargeAValue(done));
    await call((done) => helper.getPasswordAuthenticationKey("alice", "correct horse battery",
      new BigInteger(SRP_B, 16), new BigInteger(SALT, 16), done));
  },
  helper: async () => {
    const { createSrpSession, signSrpSession } = require("cognito-srp-helper");
    const session = createSrpSession("alice", "correct horse battery", "eu-west-1_AbCdEf123", false);
    signSrpSession(session, { ChallengeName: "PASSWORD_VERIFIER",
      ChallengeParameters: { SALT, SECRET_BLOCK, SRP_B, USER_ID_FOR_SRP: "alice" } });
  },
}[which];

await run();
const cpu = process.cpuUsage();
const wall = process.hrtime.bigint();
for (let i = 0; i < Number(n); i++) await run();
const { user, system } = process.cpuUsage(cpu);
console.log(((user + system) / n).toFixed(3), (Number(process.hrtime.bigint() - wall) / 1000 / n).toFixed(3));

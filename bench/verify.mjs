// usage: node bench/verify.mjs MODULE-FOLDER N TOKENFILE JWKSFILE: aws-jwt-verify, the key set given beforehand.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { performance } from "node:perf_hooks";

const [folder, count, tokenFile, jwksFile] = process.argv.slice(2);
const { CognitoJwtVerifier } = createRequire(folder + "/")("aws-jwt-verify");
const token = readFileSync(tokenFile, "utf8").trim();
const verifier = CognitoJwtVerifier.create({
  userPoolId: "eu-west-1_AbCdEf123", clientId: "1h57kf5cpq17m0eml12EXAMPLE", tokenUse: "access",
});
verifier.cacheJwks(JSON.parse(readFileSync(jwksFile, "utf8")));
for (let i = 0; i < 3000; i++) verifier.verifySync(token);
const cpu = process.cpuUsage(), wall = performance.now();
for (let i = 0; i < count; i++) verifier.verifySync(token);
const used = process.cpuUsage(cpu);
console.log(((used.user + used.system) / count).toFixed(4), (((performance.now() - wall) * 1e3) / count).toFixed(4));

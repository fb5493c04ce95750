// openid-client, a certified OpenID Connect client, against the emulator's hosted login.
import { createHash } from "node:crypto";
import { errors, generators, Issuer } from "openid-client";
import { alice, assert, clients, done, endpoint, payload, rejection, test } from "../harness.mjs";

const back = "http://localhost:8765/callback";
const secret = clients.secret.secret;
const issuer = await Issuer.discover(`${endpoint}/eu-west-1_Conform03`);
const open = new issuer.Client({ client_id: "hostedopenclient00000000", redirect_uris: [back],
  response_types: ["code"], token_endpoint_auth_method: "none" });
const confidential = new issuer.Client({ client_id: "hostedsecretclient000000", client_secret: secret,
  redirect_uris: [back], response_types: ["code"] });
const posting = new issuer.Client({ client_id: "hostedsecretclient000000", client_secret: secret,
  redirect_uris: [back], response_types: ["code"], token_endpoint_auth_method: "client_secret_post" });
const machine = new issuer.Client({ client_id: "hostedmachineclient00000", client_secret: secret });

// What the person's browser does: opens the page, fills in the form, and is sent back to the application.
async function visit(url, name = alice.name, password = alice.password) {
  const first = await fetch(url, { redirect: "manual" });
  const page = new URL(first.headers.get("location"), endpoint);
  if (page.origin !== new URL(endpoint).origin) return page.href;
  const form = new URLSearchParams({ id: page.searchParams.get("id"), username: name, password });
  const answer = await fetch(new URL("/login", endpoint), { method: "POST", body: form, redirect: "manual" });
  return new URL(answer.headers.get("location"), endpoint).href;
}

async function signIn(client, scope = "openid email aws.cognito.signin.user.admin") {
  const checks = { code_verifier: generators.codeVerifier(), state: generators.state(), nonce: generators.nonce() };
  const url = client.authorizationUrl({ scope, state: checks.state, nonce: checks.nonce,
    code_challenge: generators.codeChallenge(checks.code_verifier), code_challenge_method: "S256" });
  const callback = await visit(url);
  const set = await client.callback(back, client.callbackParams(callback), checks);
  return { set, callback, checks };
}

for (const [name, client] of Object.entries({ open, confidential, posting })) {
  test(`code with PKCE, nonce and state, ${name} client`, async () => {
    const { set } = await signIn(client);
    assert.equal(set.claims().email, alice.email);
    assert.equal(set.claims().aud, client.client_id);
    assert.equal(payload(set.access_token).scope, "openid email aws.cognito.signin.user.admin");
    assert.equal(payload(set.id_token).at_hash,
      createHash("sha256").update(set.access_token).digest().subarray(0, 16).toString("base64url"));
  });
}

test("userInfo, refresh, revoke", async () => {
  const { set } = await signIn(open);
  const who = await open.userinfo(set);
  assert.equal(who.username, alice.name);
  assert.equal(who.given_name, undefined);
  const renewed = await open.refresh(set);
  assert.equal(renewed.refresh_token, undefined);
  await open.revoke(set.refresh_token, "refresh_token");
  assert.equal((await rejection(open.refresh(set.refresh_token))).error, "invalid_grant");
  assert.equal((await rejection(open.userinfo(renewed.access_token))).error, "invalid_token");
});

test("rotation", async () => {
  const { set } = await signIn(confidential);
  const renewed = await confidential.refresh(set);
  assert.notEqual(renewed.refresh_token, set.refresh_token);
  assert.equal((await rejection(confidential.refresh(set))).error, "invalid_grant");
});

test("a code is good for one exchange, with its verifier", async () => {
  const { callback, checks } = await signIn(open);
  const again = await rejection(open.callback(back, open.callbackParams(callback), checks));
  assert.ok(again instanceof errors.OPError && again.error === "invalid_grant");
});

test("client credentials", async () => {
  const set = await machine.grant({ grant_type: "client_credentials", scope: "api/read" });
  assert.equal(payload(set.access_token).scope, "api/read");
  assert.equal((await rejection(machine.grant({ grant_type: "client_credentials", scope: "openid" }))).error,
    "invalid_scope");
});

test("what the page refuses reaches the application", async () => {
  const url = open.authorizationUrl({ scope: "openid nonsense", state: "s", code_challenge: "x".repeat(43),
    code_challenge_method: "S256" });
  const error = await rejection(open.callback(back, open.callbackParams(await visit(url)), { state: "s" }));
  assert.equal(error.error, "invalid_scope");
});

await done();

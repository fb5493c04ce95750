// The AWS SDK for JavaScript v3, as published, against the emulator.
import { createHmac } from "node:crypto";
import {
  CognitoIdentityProviderClient, GetTokensFromRefreshTokenCommand, GetUserCommand, GlobalSignOutCommand,
  InitiateAuthCommand, NotAuthorizedException, RespondToAuthChallengeCommand, RevokeTokenCommand,
} from "@aws-sdk/client-cognito-identity-provider";
import { alice, assert, clients, done, endpoint, payload, pool, rejection, test } from "../harness.mjs";

// These operations are not signed; the SDK must not go looking for keys.
const sdk = new CognitoIdentityProviderClient({ region: "eu-west-1", endpoint, maxAttempts: 1 });

function secretHash(client, username) {
  if (!client.secret) return {};
  const hash = createHmac("sha256", client.secret).update(username + client.id).digest("base64");
  return { SECRET_HASH: hash };
}

function signIn(client, USERNAME = alice.name, PASSWORD = alice.password) {
  return sdk.send(new InitiateAuthCommand({
    AuthFlow: "USER_PASSWORD_AUTH", ClientId: client.id,
    AuthParameters: { USERNAME, PASSWORD, ...secretHash(client, USERNAME) },
  }));
}

function refresh(client, RefreshToken) {
  return sdk.send(new GetTokensFromRefreshTokenCommand({
    ClientId: client.id, ClientSecret: client.secret, RefreshToken,
  }));
}

const revoke = (client, Token) =>
  sdk.send(new RevokeTokenCommand({ ClientId: client.id, ClientSecret: client.secret, Token }));

for (const [kind, client] of Object.entries(clients)) {
  test(`${kind} client: password sign-in gives tokens with Cognito's claims`, async () => {
    const { AuthenticationResult: tokens, $metadata } = await signIn(client);
    assert.equal($metadata.httpStatusCode, 200);
    assert.match($metadata.requestId, /^[0-9a-f-]{36}$/);
    assert.equal(tokens.TokenType, "Bearer");
    assert.equal(tokens.ExpiresIn, 3600);
    const access = payload(tokens.AccessToken);
    const id = payload(tokens.IdToken);
    assert.equal(access.token_use, "access");
    assert.equal(access.client_id, client.id);
    assert.equal(access.username, alice.name);
    assert.equal(id.token_use, "id");
    assert.equal(id.aud, client.id);
    assert.equal(id["cognito:username"], alice.name);
    assert.equal(id.email, alice.email);
    assert.equal(id.sub, access.sub);
    assert.ok(access.iss.endsWith(`/${pool}`));
    assert.equal(access.exp - access.iat, 3600);
  });

  test(`${kind} client: the access token is good for GetUser`, async () => {
    const { AuthenticationResult: { AccessToken } } = await signIn(client);
    const user = await sdk.send(new GetUserCommand({ AccessToken }));
    assert.equal(user.Username, alice.name);
    assert.equal(user.UserAttributes.find((a) => a.Name === "email").Value, alice.email);
  });

  test(`${kind} client: GetTokensFromRefreshToken gives fresh tokens of the same session`, async () => {
    const { AuthenticationResult: first } = await signIn(client);
    const { AuthenticationResult: second } = await refresh(client, first.RefreshToken);
    assert.notEqual(second.AccessToken, first.AccessToken);
    assert.equal(payload(second.AccessToken).origin_jti, payload(first.AccessToken).origin_jti);
    assert.equal(payload(second.IdToken).auth_time, payload(first.IdToken).auth_time);
  });

  test(`${kind} client: a revoked refresh token is dead`, async () => {
    const { AuthenticationResult: { RefreshToken } } = await signIn(client);
    await revoke(client, RefreshToken);
    const error = await rejection(refresh(client, RefreshToken));
    assert.ok(error instanceof NotAuthorizedException, String(error));
    assert.match(error.message, /Refresh Token/);
  });

  test(`${kind} client: GlobalSignOut ends the access token and the refresh token`, async () => {
    const { AuthenticationResult: { AccessToken, RefreshToken } } = await signIn(client);
    await sdk.send(new GlobalSignOutCommand({ AccessToken }));
    assert.equal((await rejection(sdk.send(new GetUserCommand({ AccessToken })))).name, "NotAuthorizedException");
    assert.equal((await rejection(refresh(client, RefreshToken))).name, "NotAuthorizedException");
  });

  test(`${kind} client: a wrong password is NotAuthorizedException with the service's words`, async () => {
    const error = await rejection(signIn(client, alice.name, "wrong"));
    assert.ok(error instanceof NotAuthorizedException, String(error));
    assert.equal(error.message, "Incorrect username or password.");
    assert.equal(error.$metadata.httpStatusCode, 400);
  });
}

test("open client: REFRESH_TOKEN_AUTH gives tokens and keeps the refresh token", async () => {
  const { AuthenticationResult: { RefreshToken } } = await signIn(clients.open);
  const { AuthenticationResult: tokens } = await sdk.send(new InitiateAuthCommand({
    AuthFlow: "REFRESH_TOKEN_AUTH", ClientId: clients.open.id, AuthParameters: { REFRESH_TOKEN: RefreshToken },
  }));
  assert.equal(payload(tokens.AccessToken).username, alice.name);
  assert.equal(tokens.RefreshToken, undefined);
});

test("secret client: rotation gives a new refresh token, the old one is dead", async () => {
  const { AuthenticationResult: first } = await signIn(clients.secret);
  const { AuthenticationResult: second } = await refresh(clients.secret, first.RefreshToken);
  assert.ok(second.RefreshToken);
  assert.notEqual(second.RefreshToken, first.RefreshToken);
  assert.equal((await rejection(refresh(clients.secret, first.RefreshToken))).name,
    "RefreshTokenReuseException");
});

test("secret client: without its secret it gets nothing", async () => {
  const error = await rejection(signIn({ ...clients.secret, secret: undefined }));
  assert.equal(error.name, "NotAuthorizedException");
  assert.match(error.message, /SECRET_HASH was not received/);
});

test("NEW_PASSWORD_REQUIRED is posed and answered", async () => {
  const client = clients.open;
  const step = await signIn(client, "nina", "Temporary-1");
  assert.equal(step.ChallengeName, "NEW_PASSWORD_REQUIRED");
  assert.equal(step.ChallengeParameters.USER_ID_FOR_SRP, "nina");
  assert.doesNotThrow(() => JSON.parse(step.ChallengeParameters.userAttributes));
  const { AuthenticationResult: tokens } = await sdk.send(new RespondToAuthChallengeCommand({
    ClientId: client.id, ChallengeName: step.ChallengeName, Session: step.Session,
    ChallengeResponses: { USERNAME: "nina", NEW_PASSWORD: "Brand-New-8" },
  }));
  assert.equal(payload(tokens.AccessToken).username, "nina");
  assert.ok((await signIn(client, "nina", "Brand-New-8")).AuthenticationResult);
});

test("a request that breaks a constraint is InvalidParameterException, an operation that is unknown is named", async () => {
  const error = await rejection(sdk.send(new InitiateAuthCommand({
    AuthFlow: "USER_PASSWORD_AUTH", ClientId: "not a client id!", AuthParameters: {},
  })));
  assert.equal(error.name, "InvalidParameterException");
  assert.match(error.message, /validation error/);
});

await done();

// The AWS SDK for JavaScript v3 with cognito-srp-helper: SRP by password and by device, and second factors.
import {
  CognitoIdentityProviderClient, ConfirmDeviceCommand, GetDeviceCommand, GetTokensFromRefreshTokenCommand,
  InitiateAuthCommand, NotAuthorizedException, RespondToAuthChallengeCommand,
} from "@aws-sdk/client-cognito-identity-provider";
import {
  createDeviceVerifier, createSecretHash, createSrpSession, signSrpSession, signSrpSessionWithDevice,
  wrapAuthChallenge, wrapInitiateAuth,
} from "cognito-srp-helper";
import {
  alice, assert, clients, done, endpoint, payload, pool, rejection, sentCode, test, totp, tracked,
} from "../harness.mjs";

const sdk = new CognitoIdentityProviderClient({ region: "eu-west-1", endpoint, maxAttempts: 1 });
const password = alice.password;

const hash = (client, name) => (client.secret
  ? { SECRET_HASH: createSecretHash(name, client.id, client.secret) } : {});

const respond = (client, ChallengeName, Session, responses) => sdk.send(new RespondToAuthChallengeCommand({
  ClientId: client.id, ChallengeName, Session,
  ChallengeResponses: { ...responses, ...hash(client, responses.USERNAME) },
}));

// InitiateAuth and PASSWORD_VERIFIER; the answer to the second.
async function srp(poolId, client, name, secret, device) {
  const session = createSrpSession(name, secret, poolId, false);
  const first = await sdk.send(new InitiateAuthCommand(wrapInitiateAuth(session, {
    ClientId: client.id, AuthFlow: "USER_SRP_AUTH",
    AuthParameters: { USERNAME: name, CHALLENGE_NAME: "SRP_A", ...hash(client, name) },
  })));
  assert.equal(first.ChallengeName, "PASSWORD_VERIFIER");
  const { USERNAME } = first.ChallengeParameters;
  const signed = signSrpSession(session, first);
  return sdk.send(new RespondToAuthChallengeCommand(wrapAuthChallenge(signed, {
    ClientId: client.id, ChallengeName: "PASSWORD_VERIFIER", Session: first.Session,
    ChallengeResponses: { USERNAME, ...(device && { DEVICE_KEY: device.key }), ...hash(client, USERNAME) },
  })));
}

async function confirm({ AccessToken, NewDeviceMetadata: { DeviceKey, DeviceGroupKey } }) {
  const { DeviceSecretVerifierConfig, DeviceRandomPassword } = createDeviceVerifier(DeviceKey, DeviceGroupKey);
  const answer = await sdk.send(new ConfirmDeviceCommand({ AccessToken, DeviceKey, DeviceSecretVerifierConfig }));
  return { key: DeviceKey, group: DeviceGroupKey, password: DeviceRandomPassword,
    necessary: answer.UserConfirmationNecessary };
}

// DEVICE_SRP_AUTH and DEVICE_PASSWORD_VERIFIER.
async function proveDevice(client, name, device, step) {
  assert.equal(step.ChallengeName, "DEVICE_SRP_AUTH");
  const session = createSrpSession(name, device.password, tracked.pool, false);
  const next = await respond(client, "DEVICE_SRP_AUTH", step.Session,
    { USERNAME: name, DEVICE_KEY: device.key, SRP_A: session.largeA });
  assert.equal(next.ChallengeName, "DEVICE_PASSWORD_VERIFIER");
  const signed = signSrpSessionWithDevice(session, next, device.group, device.password);
  return sdk.send(new RespondToAuthChallengeCommand(wrapAuthChallenge(signed, {
    ClientId: client.id, ChallengeName: "DEVICE_PASSWORD_VERIFIER", Session: next.Session,
    ChallengeResponses: { USERNAME: name, DEVICE_KEY: device.key, ...hash(client, name) },
  })));
}

for (const [kind, client] of Object.entries(clients)) {
  test(`${kind} client: USER_SRP_AUTH signs in`, async () => {
    const { AuthenticationResult: tokens } = await srp(pool, client, alice.name, password);
    assert.equal(payload(tokens.AccessToken).username, alice.name);
  });

  test(`${kind} client: USER_SRP_AUTH refuses a wrong password`, async () => {
    const error = await rejection(srp(pool, client, alice.name, "wrong"));
    assert.ok(error instanceof NotAuthorizedException, String(error));
    assert.equal(error.message, "Incorrect username or password.");
  });
}

for (const [kind, client] of Object.entries(tracked.clients)) {
  test(`${kind} client: a device is confirmed, proves itself, and is asked for at the refresh`, async () => {
    const { AuthenticationResult: tokens } = await srp(tracked.pool, client, alice.name, password);
    const device = await confirm(tokens);
    assert.equal(device.necessary, false);
    const { Device } = await sdk.send(new GetDeviceCommand({
      AccessToken: tokens.AccessToken, DeviceKey: device.key,
    }));
    assert.equal(Device.DeviceKey, device.key);
    const refresh = (DeviceKey) => sdk.send(new GetTokensFromRefreshTokenCommand({
      ClientId: client.id, ClientSecret: client.secret, RefreshToken: tokens.RefreshToken, DeviceKey,
    }));
    assert.ok((await refresh(device.key)).AuthenticationResult.AccessToken);
    assert.equal((await rejection(refresh())).name, "NotAuthorizedException");
    const again = await proveDevice(client, alice.name, device,
      await srp(tracked.pool, client, alice.name, password, device));
    assert.equal(payload(again.AuthenticationResult.AccessToken).username, alice.name);
    assert.equal(again.AuthenticationResult.NewDeviceMetadata, undefined);
  });

  test(`${kind} client: a device with another password is refused`, async () => {
    const { AuthenticationResult: tokens } = await srp(tracked.pool, client, alice.name, password);
    const device = { ...await confirm(tokens), password: "another" };
    const step = await srp(tracked.pool, client, alice.name, password, device);
    assert.equal((await rejection(proveDevice(client, alice.name, device, step))).name, "NotAuthorizedException");
  });

  test(`${kind} client: SMS_MFA, a wrong code and then the right one`, async () => {
    const step = await srp(tracked.pool, client, "sam", password);
    assert.equal(step.ChallengeName, "SMS_MFA");
    const answer = (SMS_MFA_CODE) => respond(client, "SMS_MFA", step.Session, { USERNAME: "sam", SMS_MFA_CODE });
    assert.equal((await rejection(answer("000"))).name, "CodeMismatchException");
    assert.ok((await answer(await sentCode())).AuthenticationResult);
  });

  test(`${kind} client: SOFTWARE_TOKEN_MFA, which a confirmed device spares the next time`, async () => {
    const step = await srp(tracked.pool, client, "tess", password);
    assert.equal(step.ChallengeName, "SOFTWARE_TOKEN_MFA");
    const { AuthenticationResult: tokens } = await respond(client, "SOFTWARE_TOKEN_MFA", step.Session,
      { USERNAME: "tess", SOFTWARE_TOKEN_MFA_CODE: totp() });
    const device = await confirm(tokens);
    const again = await proveDevice(client, "tess", device,
      await srp(tracked.pool, client, "tess", password, device));
    assert.ok(again.AuthenticationResult);
  });
}

await done();

// The AWS SDK for JavaScript v3 runs every operation that needs no AWS credentials.
import * as sdk from "@aws-sdk/client-cognito-identity-provider";
import { createHmac } from "node:crypto";
import { createDeviceVerifier } from "cognito-srp-helper";
import { authenticator } from "../authenticator.mjs";
import { assert, clients, done, endpoint, rejection, sentCode, test } from "../harness.mjs";

const client = new sdk.CognitoIdentityProviderClient({ region: "eu-west-1", endpoint, maxAttempts: 1 });
const ClientId = "accountclient00000000000";
const { secret } = clients.secret;
const ran = new Set();
const name = "erin";
let password = "Correct-Horse-7";

const send = (operation, input) => {
  ran.add(operation);
  return client.send(new sdk[`${operation}Command`](input));
};
const SecretHash = createHmac("sha256", secret).update(name + ClientId).digest("base64");
const who = { ClientId, Username: name, SecretHash };

function totp(base32) {
  const digits = [...base32].map((c) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(c).toString(2).padStart(5, "0"));
  const key = Buffer.from(digits.join("").match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30000)));
  const mac = createHmac("sha1", key).update(counter).digest();
  return String((mac.readUInt32BE(mac[19] & 15) & 0x7fffffff) % 1000000).padStart(6, "0");
}

const signIn = async (parameters = {}) => (await send("InitiateAuth", { ClientId, AuthFlow: "USER_PASSWORD_AUTH",
  AuthParameters: { USERNAME: name, PASSWORD: password, SECRET_HASH: SecretHash, ...parameters } }));

let AccessToken;
let RefreshToken;
let DeviceKey;

test("an account is made and its password set again", async () => {
  const made = await send("SignUp", { ...who, Password: password,
    UserAttributes: [{ Name: "email", Value: "erin@example.com" }] });
  assert.equal(made.UserConfirmed, false);
  await send("ResendConfirmationCode", who);
  await send("ConfirmSignUp", { ...who, ConfirmationCode: await sentCode() });
  const sent = await send("ForgotPassword", who);
  assert.deepEqual(sent.CodeDeliveryDetails, { Destination: "e***@e***", DeliveryMedium: "EMAIL", AttributeName: "email" });
  password = "Better-Horse-8";
  await send("ConfirmForgotPassword", { ...who, ConfirmationCode: await sentCode(), Password: password });
});

test("a device is confirmed, remembered, listed and renews tokens", async () => {
  const { AuthenticationResult: result } = await signIn();
  ({ AccessToken, RefreshToken } = result);
  DeviceKey = result.NewDeviceMetadata.DeviceKey;
  const { DeviceSecretVerifierConfig } = createDeviceVerifier(DeviceKey, result.NewDeviceMetadata.DeviceGroupKey);
  const confirmed = await send("ConfirmDevice", { AccessToken, DeviceKey, DeviceName: "sdk", DeviceSecretVerifierConfig });
  assert.equal(confirmed.UserConfirmationNecessary, true);
  await send("UpdateDeviceStatus", { AccessToken, DeviceKey, DeviceRememberedStatus: "remembered" });
  const { Device } = await send("GetDevice", { AccessToken, DeviceKey });
  assert.ok(Math.abs(Device.DeviceCreateDate - Date.now()) < 60000);
  assert.equal((await send("ListDevices", { AccessToken })).Devices.length, 1);
  const renewed = await send("GetTokensFromRefreshToken", { ClientId, ClientSecret: secret, RefreshToken, DeviceKey });
  assert.ok(renewed.AuthenticationResult.AccessToken);
});

test("attributes are written, verified, read and deleted", async () => {
  const updated = await send("UpdateUserAttributes", { AccessToken, UserAttributes: [
    { Name: "email", Value: "erin2@example.com" }, { Name: "phone_number", Value: "+491701234567" }] });
  assert.equal(updated.CodeDeliveryDetailsList[0].AttributeName, "email");
  await send("VerifyUserAttribute", { AccessToken, AttributeName: "email", Code: await sentCode() });
  await send("GetUserAttributeVerificationCode", { AccessToken, AttributeName: "phone_number" });
  await send("VerifyUserAttribute", { AccessToken, AttributeName: "phone_number", Code: await sentCode() });
  await send("SetUserSettings", { AccessToken,
    MFAOptions: [{ DeliveryMedium: "SMS", AttributeName: "phone_number" }] });
  assert.deepEqual((await send("GetUser", { AccessToken })).UserMFASettingList, ["SMS_MFA"]);
  await send("SetUserMFAPreference", { AccessToken, SMSMfaSettings: { Enabled: false } });
  await send("DeleteUserAttributes", { AccessToken, UserAttributeNames: ["phone_number"] });
  const read = await send("GetUser", { AccessToken });
  assert.deepEqual(read.UserAttributes.map((a) => a.Name), ["email", "email_verified", "sub"]);
});

test("a passkey is registered, listed and signs in", async () => {
  const device = authenticator("http://localhost:3000");
  const { CredentialCreationOptions } = await send("StartWebAuthnRegistration", { AccessToken });
  await send("CompleteWebAuthnRegistration", { AccessToken, Credential: device.create(CredentialCreationOptions) });
  const { Credentials } = await send("ListWebAuthnCredentials", { AccessToken });
  assert.equal(Credentials.length, 1);
  const step = await send("InitiateAuth", { ClientId, AuthFlow: "USER_AUTH",
    AuthParameters: { USERNAME: name, PREFERRED_CHALLENGE: "WEB_AUTHN", SECRET_HASH: SecretHash } });
  const options = JSON.parse(step.ChallengeParameters.CREDENTIAL_REQUEST_OPTIONS);
  const signedIn = await send("RespondToAuthChallenge", { ClientId, ChallengeName: "WEB_AUTHN", Session: step.Session,
    ChallengeResponses: { USERNAME: name, SECRET_HASH: SecretHash, CREDENTIAL: JSON.stringify(device.get(options)) } });
  assert.ok(signedIn.AuthenticationResult.AccessToken);
  const { ConfiguredUserAuthFactors } = await send("GetUserAuthFactors", { AccessToken });
  assert.deepEqual(ConfiguredUserAuthFactors, ["PASSWORD", "EMAIL_OTP", "WEB_AUTHN"]);
  await send("DeleteWebAuthnCredential", { AccessToken, CredentialId: Credentials[0].CredentialId });
});

test("an authenticator app is enrolled and asked for", async () => {
  const { SecretCode } = await send("AssociateSoftwareToken", { AccessToken });
  const wrong = await rejection(send("VerifySoftwareToken", { AccessToken, UserCode: "000000" }));
  assert.ok(wrong instanceof sdk.EnableSoftwareTokenMFAException);
  assert.equal((await send("VerifySoftwareToken", { AccessToken, UserCode: totp(SecretCode) })).Status, "SUCCESS");
  await send("SetUserMFAPreference", { AccessToken, SoftwareTokenMfaSettings: { Enabled: true, PreferredMfa: true } });
  const step = await signIn();
  assert.equal(step.ChallengeName, "SOFTWARE_TOKEN_MFA");
  const signedIn = await send("RespondToAuthChallenge", { ClientId, ChallengeName: step.ChallengeName,
    Session: step.Session, ChallengeResponses: { USERNAME: name, SECRET_HASH: SecretHash,
      SOFTWARE_TOKEN_MFA_CODE: totp(SecretCode) } });
  ({ AccessToken, RefreshToken } = signedIn.AuthenticationResult);
});

test("it ends: feedback, password, device, tokens, everywhere, the user", async () => {
  await send("UpdateAuthEventFeedback", { UserPoolId: "eu-west-1_Conform04", Username: name, EventId: "event-1",
    FeedbackToken: "a.b.c", FeedbackValue: "Valid" });
  await send("ChangePassword", { AccessToken, PreviousPassword: password, ProposedPassword: "Best-Horse-9" });
  await send("ForgetDevice", { AccessToken, DeviceKey });
  await send("RevokeToken", { ClientId, ClientSecret: secret, Token: RefreshToken });
  assert.ok(await rejection(send("GetUser", { AccessToken })) instanceof sdk.NotAuthorizedException);
  password = "Best-Horse-9";
  const kim = { ClientId, Username: "kim", SecretHash: createHmac("sha256", secret).update(`kim${ClientId}`).digest("base64") };
  await send("SignUp", { ...kim, Password: password, UserAttributes: [{ Name: "email", Value: "kim@example.com" }] });
  await send("ConfirmSignUp", { ...kim, ConfirmationCode: await sentCode() });
  const start = () => send("InitiateAuth", { ClientId, AuthFlow: "USER_PASSWORD_AUTH",
    AuthParameters: { USERNAME: "kim", PASSWORD: password, SECRET_HASH: kim.SecretHash } });
  let token = (await start()).AuthenticationResult.AccessToken;
  await send("GlobalSignOut", { AccessToken: token });
  token = (await start()).AuthenticationResult.AccessToken;
  await send("DeleteUser", { AccessToken: token });
  assert.ok(await rejection(start()) instanceof sdk.NotAuthorizedException);
});

test("all 32 operations were run", async () => {
  assert.equal(ran.size, 32, [...ran].join(" "));
});

await done();

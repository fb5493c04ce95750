// amazon-cognito-identity-js by SRP: its default flow, its devices, and second factors.
import { AuthenticationDetails, CognitoUser, CognitoUserPool } from "amazon-cognito-identity-js";
import {
  alice, assert, clients, done, endpoint, payload, pool, rejection, sentCode, test, totp, tracked,
} from "../harness.mjs";

class MemoryStorage {
  items = new Map();
  setItem(key, value) { this.items.set(key, value); return value; }
  getItem(key) { return this.items.get(key) ?? null; }
  removeItem(key) { this.items.delete(key); }
  clear() { this.items.clear(); }
}

function userOf(UserPoolId, ClientId, name, Storage = new MemoryStorage()) {
  return new CognitoUser({
    Username: name, Pool: new CognitoUserPool({ UserPoolId, ClientId, endpoint, Storage }), Storage,
  });
}

const tracking = (name, storage) => userOf(tracked.pool, tracked.clients.open.id, name, storage);

// Signs in; `asked` collects the names of what was asked for.
function signIn(user, Password, answers = {}, asked = []) {
  const details = new AuthenticationDetails({ Username: user.getUsername(), Password });
  return new Promise((onSuccess, onFailure) => {
    const code = (type) => async () => {
      asked.push(type);
      try {
        user.sendMFACode(await answers[type](), callbacks, type);
      } catch (error) {
        onFailure(error);
      }
    };
    const callbacks = {
      onSuccess, onFailure, mfaRequired: code("SMS_MFA"), totpRequired: code("SOFTWARE_TOKEN_MFA"),
      newPasswordRequired: () => user.completeNewPasswordChallenge(answers.password, {}, callbacks),
    };
    user.authenticateUser(details, callbacks);
  });
}

const call = (fn) => new Promise((resolve, reject) =>
  fn((error, result) => (error ? reject(error) : resolve(result))));

const deviceKey = (user) => {
  user.getCachedDeviceKeyAndPassword();
  return user.deviceKey;
};

test("signs in by SRP", async () => {
  const session = await signIn(userOf(pool, clients.open.id, alice.name), alice.password);
  assert.equal(payload(session.getAccessToken().getJwtToken()).username, alice.name);
});

test("signs in by SRP after an alias was typed", async () => {
  const session = await signIn(userOf(pool, clients.open.id, alice.email), alice.password);
  assert.equal(payload(session.getAccessToken().getJwtToken()).username, alice.name);
});

test("is told of a wrong password", async () => {
  const error = await rejection(signIn(userOf(pool, clients.open.id, alice.name), "wrong"));
  assert.equal(error.code ?? error.name, "NotAuthorizedException");
});

test("confirms its device, proves it the next time, and refreshes with it", async () => {
  const storage = new MemoryStorage();
  const first = tracking(alice.name, storage);
  await signIn(first, alice.password);
  const key = deviceKey(first);
  assert.match(key, /^eu-west-1_/);
  const second = tracking(alice.name, storage);
  const session = await signIn(second, alice.password);
  assert.equal(deviceKey(second), key);
  assert.equal(payload(session.getAccessToken().getJwtToken()).device_key, key);
  const refreshed = await call((done) => second.refreshSession(session.getRefreshToken(), done));
  assert.ok(refreshed.isValid());
  const { Device } = await new Promise((onSuccess, onFailure) => second.getDevice({ onSuccess, onFailure }));
  assert.equal(Device.DeviceKey, key);
});

test("goes on without a device that was forgotten", async () => {
  const storage = new MemoryStorage();
  const first = tracking(alice.name, storage);
  await signIn(first, alice.password);
  const key = deviceKey(first);
  await new Promise((onSuccess, onFailure) => first.forgetSpecificDevice(key, { onSuccess, onFailure }));
  const second = tracking(alice.name, storage);
  await signIn(second, alice.password);
  assert.notEqual(deviceKey(second), key);
});

test("answers SMS_MFA, and its device spares it the next time", async () => {
  const storage = new MemoryStorage();
  const asked = [];
  await signIn(tracking("sam", storage), alice.password, { SMS_MFA: sentCode }, asked);
  await signIn(tracking("sam", storage), alice.password, { SMS_MFA: sentCode }, asked);
  assert.deepEqual(asked, ["SMS_MFA"]);
});

test("answers SOFTWARE_TOKEN_MFA", async () => {
  const asked = [];
  await signIn(tracking("tess"), alice.password, { SOFTWARE_TOKEN_MFA: totp }, asked);
  assert.deepEqual(asked, ["SOFTWARE_TOKEN_MFA"]);
});

test("answers NEW_PASSWORD_REQUIRED after SRP, and signs in with the new password", async () => {
  await signIn(tracking("nora"), "Temporary-1", { password: "Brand-New-8" });
  assert.ok((await signIn(tracking("nora"), "Brand-New-8")).isValid());
});

await done();

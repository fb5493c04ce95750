// amazon-cognito-identity-js, as published, against the emulator. It has no client secret.
import {
  AuthenticationDetails, CognitoRefreshToken, CognitoUser, CognitoUserPool,
} from "amazon-cognito-identity-js";
import { alice, assert, clients, done, endpoint, payload, pool, rejection, test } from "../harness.mjs";

class MemoryStorage {
  items = new Map();
  setItem(key, value) { this.items.set(key, value); return value; }
  getItem(key) { return this.items.get(key) ?? null; }
  removeItem(key) { this.items.delete(key); }
  clear() { this.items.clear(); }
}

function userOf(name) {
  const Storage = new MemoryStorage();
  const userPool = new CognitoUserPool({ UserPoolId: pool, ClientId: clients.open.id, endpoint, Storage });
  const user = new CognitoUser({ Username: name, Pool: userPool, Storage });
  user.setAuthenticationFlowType("USER_PASSWORD_AUTH");
  return user;
}

function signIn(user, Password, newPassword) {
  const details = new AuthenticationDetails({ Username: user.getUsername(), Password });
  return new Promise((onSuccess, onFailure) => {
    const callbacks = {
      onSuccess, onFailure,
      newPasswordRequired: () => user.completeNewPasswordChallenge(newPassword, {}, callbacks),
    };
    user.authenticateUser(details, callbacks);
  });
}

const call = (fn) => new Promise((resolve, reject) =>
  fn((error, result) => (error ? reject(error) : resolve(result))));

test("signs in with USER_PASSWORD_AUTH", async () => {
  const session = await signIn(userOf(alice.name), alice.password);
  assert.ok(session.isValid());
  assert.equal(session.getIdToken().payload.email, alice.email);
  assert.equal(payload(session.getAccessToken().getJwtToken()).username, alice.name);
});

test("a wrong password is told apart", async () => {
  const error = await rejection(signIn(userOf(alice.name), "wrong"));
  assert.equal(error.code ?? error.name, "NotAuthorizedException");
});

test("answers NEW_PASSWORD_REQUIRED", async () => {
  const session = await signIn(userOf("nora"), "Temporary-1", "Brand-New-8");
  assert.ok(session.isValid());
});

test("refreshes a session", async () => {
  const user = userOf(alice.name);
  const session = await signIn(user, alice.password);
  const before = session.getAccessToken().getJwtToken();
  const RefreshToken = session.getRefreshToken().getToken();
  const refreshed = await call((done) =>
    user.refreshSession(new CognitoRefreshToken({ RefreshToken }), done));
  assert.ok(refreshed.isValid());
  assert.notEqual(refreshed.getAccessToken().getJwtToken(), before);
});

test("reads the user's attributes", async () => {
  const user = userOf(alice.name);
  await signIn(user, alice.password);
  const attributes = await call((done) => user.getUserAttributes(done));
  assert.equal(attributes.find((a) => a.getName() === "email").getValue(), alice.email);
});

test("signs out everywhere; the session is over", async () => {
  const user = userOf(alice.name);
  const session = await signIn(user, alice.password);
  await new Promise((onSuccess, onFailure) => user.globalSignOut({ onSuccess, onFailure }));
  const again = userOf(alice.name);
  const error = await rejection(call((done) => again.refreshSession(session.getRefreshToken(), done)));
  assert.equal(error.code ?? error.name, "NotAuthorizedException");
});

await done();

// oidc-provider, somebody else's OpenID provider, at the paths and with the claims that Cognito has.
// usage: node oidc_provider.mjs PORT
import { generateKeyPairSync } from "node:crypto";
import Provider from "oidc-provider";

const port = Number(process.argv[2]);
const issuer = `http://127.0.0.1:${port}`;
const back = "http://localhost:8765/callback";
const secret = "conformance0secret0conformance0secret0conformance00";
const key = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ format: "jwk" });

const app = { redirect_uris: [back], response_types: ["code"] };
const both = ["authorization_code", "refresh_token"];

const provider = new Provider(issuer, {
  jwks: { keys: [{ ...key, kid: "only", use: "sig", alg: "RS256" }] },
  cookies: { keys: ["not a secret"] },
  clients: [
    { ...app, client_id: "publicclient", token_endpoint_auth_method: "none", grant_types: both },
    { ...app, client_id: "secretclient", client_secret: secret, grant_types: [...both, "client_credentials"] },
    // its access tokens are opaque: oidc-provider's userInfo takes no others
    { ...app, client_id: "opaqueclient", token_endpoint_auth_method: "none", grant_types: both },
  ],
  scopes: ["openid", "email", "api/read", "api/write"],
  claims: { openid: ["sub", "token_use", "cognito:username"], email: ["email"] },
  conformIdTokenClaims: false,
  findAccount: (ctx, id) => ({ accountId: id, claims: async () => ({ sub: id, email: `${id}@example.com`,
    token_use: "id", "cognito:username": id }) }),
  extraTokenClaims: (ctx, token) => ({ token_use: "access", username: token.accountId }),
  issueRefreshToken: async () => true,
  rotateRefreshToken: (ctx) => ctx.oidc.client.clientId === "publicclient",
  pkce: { methods: ["S256"], required: () => true },
  ttl: { AccessToken: 3600, IdToken: 3600, ClientCredentials: 600 },
  features: {
    clientCredentials: { enabled: true }, revocation: { enabled: true },
    resourceIndicators: {
      enabled: true, useGrantedResource: () => true,
      defaultResource: (ctx) => (ctx.oidc.client.clientId === "opaqueclient" ? undefined : "urn:conformance:api"),
      getResourceServerInfo: () => ({ scope: "openid email api/read api/write", accessTokenFormat: "jwt",
        jwt: { sign: { alg: "RS256" } } }),
    },
  },
  routes: { authorization: "/oauth2/authorize", token: "/oauth2/token", userinfo: "/oauth2/userInfo",
    revocation: "/oauth2/revoke", jwks: "/.well-known/jwks.json" },
  // the person agrees to everything
  async loadExistingGrant(ctx) {
    const grant = new ctx.oidc.provider.Grant({ clientId: ctx.oidc.client.clientId,
      accountId: ctx.oidc.session.accountId });
    grant.addOIDCScope("openid email");
    grant.addResourceScope("urn:conformance:api", "openid email api/read api/write");
    await grant.save();
    return grant;
  },
});

provider.listen(port, "127.0.0.1");

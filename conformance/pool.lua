-- The emulator's pools for the cases in this folder; conformance/harness.mjs names the same things.
local plain = {
  id = "eu-west-1_Conform01",
  users = {
    alice = { password = "Correct-Horse-7", attributes = { email = "alice@example.com", email_verified = "true" } },
    nina = { password = "Temporary-1", status = "FORCE_CHANGE_PASSWORD" },
    nora = { password = "Temporary-1", status = "FORCE_CHANGE_PASSWORD" },
  },
  clients = {
    { id = "conformopenclient0000000" },
    { id = "conformsecretclient00000", secrets = { "conformance0secret0conformance0secret0conformance00" },
      rotation = { grace = 0 } },
  },
}

-- Remembers devices and knows second factors.
local tracked = {
  id = "eu-west-1_Conform02", device_tracking = "always", mfa = "OPTIONAL",
  users = {
    alice = { password = "Correct-Horse-7", attributes = { email = "alice@example.com", email_verified = "true" } },
    sam = { password = "Correct-Horse-7", mfa = { "SMS_MFA" }, attributes = { phone_number = "+491701234567" } },
    tess = { password = "Correct-Horse-7", mfa = { "SOFTWARE_TOKEN_MFA" },
      totp_secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" },
    nora = { password = "Temporary-1", status = "FORCE_CHANGE_PASSWORD" },
  },
  clients = {
    { id = "trackedopenclient0000000" },
    { id = "trackedsecretclient00000", secrets = { "conformance0secret0conformance0secret0conformance00" } },
  },
}

-- Hosted login.
local hosted = {
  id = "eu-west-1_Conform03",
  users = { alice = { password = "Correct-Horse-7", attributes = { email = "alice@example.com", email_verified = "true",
    given_name = "Alice" } } },
  clients = {
    { id = "hostedopenclient00000000", redirect_uris = { "http://localhost:8765/callback" } },
    { id = "hostedsecretclient000000", secrets = { "conformance0secret0conformance0secret0conformance00" },
      redirect_uris = { "http://localhost:8765/callback" }, rotation = { grace = 0 } },
    { id = "hostedmachineclient00000", secrets = { "conformance0secret0conformance0secret0conformance00" },
      oauth_flows = { "client_credentials" }, scopes = { "api/read", "api/write" } },
  },
}

-- Everything that an account can do.
local account = {
  id = "eu-west-1_Conform04", device_tracking = "opt_in", mfa = "OPTIONAL", threat_protection = true,
  clients = { { id = "accountclient00000000000",
    secrets = { "conformance0secret0conformance0secret0conformance00" } } },
}

return { pools = { plain, tracked, hosted, account } }

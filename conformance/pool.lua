-- The emulator's pool for the cases in this folder; conformance/harness.mjs names the same things.
return {
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

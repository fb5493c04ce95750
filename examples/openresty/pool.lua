-- The user pool that `make demo-nginx` starts. Access tokens live a minute, so that one can watch them be renewed.
return {
  id = "eu-west-1_Demo12345",
  clients = { {
    id = "demoapp1234567890demoapp",
    secrets = { "demo0secret0demo0secret0demo0secret0demo0secret0" },
    access_token_ttl = 60,
    id_token_ttl = 60,
    rotation = { grace = 10 },
  } },
  users = {
    alice = { password = "Correct-Horse-7", groups = { "staff" },
      attributes = { email = "alice@example.com", email_verified = "true", name = "Alice Liddell" } },
    bob = { password = "Correct-Horse-7", totp_secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
      mfa = { "SOFTWARE_TOKEN_MFA" }, attributes = { email = "bob@example.com", email_verified = "true" } },
    carol = { password = "Start-Here-1", status = "FORCE_CHANGE_PASSWORD",
      attributes = { email = "carol@example.com", email_verified = "true" } },
  },
  mfa = "OPTIONAL",
}

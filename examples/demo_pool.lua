-- The user pool that `make demo` starts: tokens live a few seconds, so that one can watch them expire.
return {
  id = "eu-west-1_Demo12345",
  users = { alice = { password = "Correct-Horse-7", attributes = { email = "alice@example.com" } } },
  clients = { {
    id = "demoapp1234567890demoapp",
    secrets = { "demo0secret0demo0secret0demo0secret0demo0secret0" },
    access_token_ttl = 4,
    id_token_ttl = 4,
    rotation = { grace = 0 },
  } },
}

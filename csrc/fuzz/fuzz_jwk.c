/* Key sets: any text either gives a set, whose keys can be asked for and used, or none. */
#include "fuzz.h"
#include "../core/jwk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static cog_mac *mac;
    static const unsigned char signature[256] = {1};
    cog_jwks *keys = NULL;
    const cog_key *key;
    if (!mac) mac = cog_mac_new();
    REQUIRE(mac);
    cog_err error = cog_jwks_read((cog_slice){data, size}, fuzz_seed, &keys);
    REQUIRE((error == COG_OK) == (keys != NULL));
    if (error) return 0;
    REQUIRE(cog_jwks_usable(keys) <= COG_JWKS_KEYS_MAX);
    error = cog_jwks_find(keys, (cog_slice){(const unsigned char *)"k", 1}, &key);
    if (!error) {
        REQUIRE(cog_jwks_usable(keys) > 0);
        cog_err verdict = cog_key_verify(key, mac, (cog_slice){data, size}, (cog_slice){signature, sizeof signature});
        REQUIRE(verdict == COG_BAD_SIGNATURE);
    }
    cog_jwks_free(keys);
    return 0;
}

/* The whole verdict. First octet even: a token against a key whose private half was thrown away after it had signed
 * the tokens below, so that any other token that is accepted is a forgery. Odd: claims whose signature is taken as
 * given; what is accepted names issuer, client and expiry. */
#include "fuzz.h"
#include "../core/json.h"
#include "../core/verify.h"

static const char key_set[] =
    "{\"keys\":[{\"kid\":\"fuzz-key\",\"use\":\"sig\",\"e\":\"AQAB\",\"alg\":\"RS256\",\"kty\":\"RSA\",\"n\":\""
    "pEuc5w1ngO1V_1wf6pGRLlym5qkgXa5os5FOlCFBy3VnFQt5niLaBWblz_zTJNpus3UbcRW9tlPL62l8EPrJZMABrDpBPOV6LXWD"
    "KPdBRs-WSYN62wAfcnm6zJX7vMgbW9z0wHCF4RhLRtvR7E1Hd2N6QpX7ffl5J9YIE40kcNa6PB7GRIfTHu1Fm9MZ-NzP2a9tBtzj"
    "pWYLBomSHxXvNMVgAKD04nAJlcI7ttkRtXbgJJnQ-vzsRQz-lihLhBtoMg15JmzrgtgMOwI2jt9KXwbs1d5G0OoaGIz0-gToIVtX"
    "bTWHzpX3NBV-zhVbznmRxemMKKQ90vZIliyV47j1iw\"}]}";

static const char token1[] =
    "eyJhbGciOiJSUzI1NiIsImtpZCI6ImZ1enota2V5In0.eyJpc3MiOiJodHRwczovL2kuZXhhbXBsZSIsImV4cCI6MTc1MDAwMzYw"
    "MCwiaWF0IjoxNzUwMDAwMDAwLCJ0b2tlbl91c2UiOiJhY2Nlc3MiLCJjbGllbnRfaWQiOiJjIiwic3ViIjoicyIsInNjb3BlIjoi"
    "YSBiIiwiY29nbml0bzpncm91cHMiOlsiZyJdfQ.jEgJoeAIg2K_5bOO9bFuF1LmB2uj-2GowoQWbSaMDh1rjDjj84TcsVmfJ7HZo"
    "be8Cs3uQNxlIN7y2dwBQuzCz14oO1SeCfDwoiHsHyAijN2StnZUpHEoJZbLWRqaGodNTFLnuKKvs4EvC9LUS3V_OI8H3TXqZPa6i"
    "rX5LfGOMFrOvv3zhzkEfuWGOFumJeklw-1UnaeYCC97gHBNSe-E5HB80vpPCq1zvNABowpGDvZmgushniDPpQ9D-_eQ2Wu7Fvf02"
    "zFljccQMp0eip_UyFtJfjQRCfVlV7MeFfKGtATB08G0ARmExYE419zI9nsE_CHS4vs8NhkJ3lpuqOjYgQ";

static const char token2[] =
    "eyJraWQiOiJmdXp6LVx1MDA2YmV5IiwiYWxnIjoiUlMyNTYiLCJ4Ijpbe31dfQ.eyJpc3MiOiJodHRwczovL2kuZXhhbXBsZSIsI"
    "mV4cCI6MS43NTAwMDM2ZTksIm5iZiI6MTc1MDAwMDAwMCwidG9rZW5fdXNlIjoiaWQiLCJhdWQiOlsieCIsImMiXSwiblx1MDA2M"
    "W1lIjoiXHUwMGU5In0.gTgqrpo0WYG2PBrTQWre5luKpo6-b0i_nWu1gshtsgyDioLAa1ZAZr0YV6c6-TTT8KAc5H3FZLKmNN58H"
    "zs5pddWlCPWA58YHlJBfA8l9dKzHBZ7Qxc30irpx0HrwkGw10ARfHHvEmZVhh6TUJQ32Wlj0nea9p7TRqZ_sTNFnn_m_OTvXmNQo"
    "I1ZetaSfnxXW7HdAZIVJPQ0_dt9HYkFMmZ7lCGj5ej_beJiYVjcsfURzJtY9YqVtw2cinkaIt2OAPpdE_oL1-ADw8dPtNYobKjNl"
    "q1yXDZtsalOG9Ps-20w2RO1Ft956l0AXGz4_taXphSuOCBgOzbFJW-0q-rnQA";

static const char token3[] =
    "eyJhbGciOiJSUzI1NiIsImtpZCI6ImZ1enota2V5In0.eyJpc3MiOiJodHRwczovL2kuZXhhbXBsZSIsImV4cCI6MTc1MDAwMzYw"
    "MCwidG9rZW5fdXNlIjoiYWNjZXNzIiwiY2xpZW50X2lkIjoib3RoZXIifQ.an-JYYzHV7mRv2I30EZAe3kCIdgFlqHhglrFZMGVS"
    "0HAmpwCrmlvvFcCSVlHyBX_-aKYiVcHhWDqw3cgCDL8Eh2X8KhqDf4GjSelNTfWDkODngFHah8zu_nTmjc_i457fj2TacWfZxi-3"
    "lqUCTwaVkerun2fmPtyvEYEvPIkmHmKcQWCjjgMVZ7i754VMhpbRWdHgqcxnkfMrWDwATkKmLydH3PENB63BiG_P8kMrozzcl10x"
    "inK0V07KVywpr-zFK3LhO0c2MdeoaP19hRerUusF0-aJdoAQIFUR1uxFiDZzLqxOlEdN_5GG5AKQU24EaPFyQLSxi2zcrN-DWg8b"
    "A";

static const double now = 1750000000;

static cog_slice slice(const char *text) {
    return (cog_slice){(const unsigned char *)text, strlen(text)};
}

static cog_policy *new_policy(void) {
    cog_policy *policy = cog_policy_new();
    REQUIRE(policy && !cog_policy_add(policy, COG_ISSUERS, slice("https://i.example")));
    REQUIRE(!cog_policy_add(policy, COG_CLIENTS, slice("c")));
    cog_policy_use(policy, COG_USE_EITHER);
    return policy;
}

static void check_token(const cog_verifier *verifier, const cog_policy *policy, cog_slice token) {
    cog_jws jws;
    cog_err verdict = cog_jwt_verify(verifier, policy, now, token);
    cog_err signature = cog_jws_verify(verifier, token, &jws);
    if (signature == COG_OK) cog_jws_close(&jws);
    bool ours = cog_slice_is(token, token1, sizeof token1 - 1) || cog_slice_is(token, token2, sizeof token2 - 1);
    REQUIRE((verdict == COG_OK) == ours);
    REQUIRE((signature == COG_OK) == (ours || cog_slice_is(token, token3, sizeof token3 - 1)));
}

static bool holds(const uint8_t *data, size_t size, const char *text) {
    size_t len = strlen(text);
    for (size_t i = 0; i + len <= size; i++)
        if (memcmp(data + i, text, len) == 0) return true;
    return false;
}

/* What stands where a wanted claim is said to stand is one JSON value. */
static void check_value(const uint8_t *data, size_t size, const cog_wanted *wanted) {
    if (!wanted->len) return;
    REQUIRE(wanted->at < size && wanted->len <= size - wanted->at);
    unsigned char *text = fuzz_copy(data + wanted->at, wanted->len);
    cog_slice whole = {text, wanted->len};
    uint32_t names = cog_json_names(whole);
    void *work = malloc(cog_json_work(names) + 1);
    cog_json json;
    cog_json_init(&json, text, wanted->len, names, work, fuzz_seed);
    REQUIRE(cog_json_skip(&json, cog_json_next(&json)) && cog_json_next(&json) == COG_JSON_END);
    free(work);
    free(text);
}

/* Whoever wants claims gets the same verdict. */
static void check_wanted(const cog_policy *policy, const uint8_t *data, size_t size, cog_err verdict) {
    cog_wanted wanted[] = {{.name = slice("exp")}, {.name = slice("aud")}, {.name = slice("cognito:groups")},
                           {.name = slice("x")}, {.name = slice("name")}, {.name = slice("")}};
    size_t count = sizeof wanted / sizeof *wanted;
    unsigned char *payload = fuzz_copy(data, size);
    REQUIRE(cog_claims_judge(policy, fuzz_seed, now, payload, size, wanted, count) == verdict);
    free(payload);
    if (verdict) return;
    REQUIRE(wanted[0].len > 0);
    for (size_t i = 0; i < count; i++) check_value(data, size, &wanted[i]);
}

static void check_claims(const cog_policy *policy, const uint8_t *data, size_t size) {
    unsigned char *payload = fuzz_copy(data, size);
    cog_err verdict = cog_claims_judge(policy, fuzz_seed, now, payload, size, NULL, 0);
    bool accepted = verdict == COG_OK;
    free(payload);
    check_wanted(policy, data, size, verdict);
    bool escapes = size && memchr(data, '\\', size) != NULL;
    if (!accepted || escapes) return;
    REQUIRE(holds(data, size, "\"https://i.example\"") && holds(data, size, "\"c\"") && holds(data, size, "\"exp\""));
    REQUIRE(holds(data, size, "\"access\"") || holds(data, size, "\"id\""));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static cog_verifier verifier;
    static cog_policy *policy;
    if (!policy) {
        cog_jwks *keys;
        verifier.mac = cog_mac_new();
        verifier.seed = fuzz_seed;
        REQUIRE(verifier.mac && cog_jwks_read(slice(key_set), fuzz_seed, &keys) == COG_OK);
        verifier.keys = keys;
        policy = new_policy();
    }
    if (size == 0) return 0;
    if (data[0] % 2) check_claims(policy, data + 1, size - 1);
    else check_token(&verifier, policy, (cog_slice){data + 1, size - 1});
    return 0;
}

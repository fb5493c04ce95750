/* The verdict on a token: RS256 and nothing else, in the order size, structure, algorithm, key, signature, claims. */
#ifndef COG_VERIFY_H
#define COG_VERIFY_H

#include "jwk.h"
#include "jws.h"

/* ---- what a verifier asks of a token's claims -------------------------------------------------------------------- */

typedef struct cog_policy cog_policy;
typedef enum { COG_ISSUERS, COG_CLIENTS, COG_GROUPS, COG_SCOPES, COG_POLICY_LISTS } cog_policy_list;
typedef enum { COG_USE_ACCESS, COG_USE_ID, COG_USE_EITHER } cog_token_use;

/* A new policy accepts nothing: no issuer, no client, access tokens only. NULL: no memory. */
cog_policy *cog_policy_new(void);
void cog_policy_free(cog_policy *policy); /* NULL is fine */

/* The token must name one of each list; groups and scopes are asked for only when their list is not empty. */
cog_err cog_policy_add(cog_policy *policy, cog_policy_list list, cog_slice value);
void cog_policy_any_client(cog_policy *policy);
void cog_policy_use(cog_policy *policy, cog_token_use use);

/* Seconds: how far the clocks may differ (exp, nbf); how far ahead iat may lie (negative: no limit, the default). */
void cog_policy_leeway(cog_policy *policy, double leeway);
void cog_policy_max_future_iat(cog_policy *policy, double seconds);

/* ---- verdicts ---------------------------------------------------------------------------------------------------- */

typedef struct {
    cog_mac *mac;
    const unsigned char *seed;
    const cog_jwks *keys; /* NULL: none are known */
} cog_verifier;

/* Header, key and signature alone; the payload need not be JSON. On COG_OK the caller closes `jws`. */
cog_err cog_jws_verify(const cog_verifier *verifier, cog_slice token, cog_jws *jws);

/* Everything. `now` in seconds since the epoch. */
cog_err cog_jwt_verify(const cog_verifier *verifier, const cog_policy *policy, double now, cog_slice token);

/* A claim that somebody wants to read: where its JSON text stands in the payload as it came. len 0: there is none.
 * Good beside COG_OK alone. */
typedef struct {
    cog_slice name;
    size_t at, len;
} cog_wanted;

/* The claims alone, over a payload (used up) whose signature holds; finds the `count` wanted ones on the way. */
cog_err cog_claims_judge(const cog_policy *policy, const unsigned char *seed, double now, unsigned char *payload,
                         size_t len, cog_wanted *wanted, size_t count);

/* ---- claims that nobody vouches for ------------------------------------------------------------------------------ */

/* A NumericDate of the payload; absent: not present. */
typedef struct {
    bool present, is_integer;
    int64_t integer;
    double real;
} cog_time;

/* exp, iat and nbf from the payload, the one part that is looked at (also COG_CLAIM_TYPE, COG_CLAIM_RANGE). */
cog_err cog_jwt_times(const unsigned char *seed, cog_slice token, cog_time times[3]);

/* Judges size, structure and algorithm, and copies the "iss" of the payload, the name of the issuer whose keys are to
 * be asked. Also COG_CLAIM_MISSING, COG_CLAIM_TYPE, COG_ISS_MISMATCH (too long). */
cog_err cog_jwt_issuer(const unsigned char *seed, cog_slice token, unsigned char issuer[COG_ISSUER_MAX], size_t *len);

#endif

/* Claims of a sound access token, and the policy that accepts them. */
#ifndef T_CLAIMS_H
#define T_CLAIMS_H

#include "t.h"
#include "../core/verify.h"

#define ISS "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Pool"
#define HEADER "{\"alg\":\"RS256\",\"kid\":\"k\"}"
#define TIMES "\"exp\":1750000100,\"iat\":1750000000"
#define ACCESS "{\"iss\":\"" ISS "\"," TIMES ",\"token_use\":\"access\",\"client_id\":\"c1\"}"

/* Seconds since the epoch at which all is judged. */
static const double now = 1750000000;

/* A policy for tokens of ISS to the client c1. */
static inline cog_policy *t_policy(cog_token_use use) {
    cog_policy *policy = cog_policy_new();
    if (!policy || cog_policy_add(policy, COG_ISSUERS, t_slice(ISS)) ||
        cog_policy_add(policy, COG_CLIENTS, t_slice("c1")))
        abort();
    cog_policy_use(policy, use);
    return policy;
}

#endif

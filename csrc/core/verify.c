#include "verify.h"
#include "b64.h"
#include "reader.h"

#include <openssl/crypto.h>
#include <string.h>

/* ---- policy ------------------------------------------------------------------------------------------------------ */

struct node {
    struct node *next;
    size_t len;
    unsigned char text[];
};

struct cog_policy {
    struct node *lists[COG_POLICY_LISTS];
    bool any_client;
    cog_token_use use;
    double leeway, max_future_iat;
};

cog_policy *cog_policy_new(void) {
    cog_policy *policy = OPENSSL_zalloc(sizeof *policy);
    if (policy) policy->max_future_iat = -1;
    return policy;
}

void cog_policy_free(cog_policy *policy) {
    if (!policy) return;
    for (int i = 0; i < COG_POLICY_LISTS; i++) {
        for (struct node *next, *node = policy->lists[i]; node; node = next) {
            next = node->next;
            OPENSSL_free(node);
        }
    }
    OPENSSL_free(policy);
}

cog_err cog_policy_add(cog_policy *policy, cog_policy_list list, cog_slice value) {
    struct node *node = OPENSSL_malloc(sizeof *node + value.len);
    if (!node) return COG_MEMORY;
    node->next = policy->lists[list];
    node->len = value.len;
    if (value.len) memcpy(node->text, value.data, value.len);
    policy->lists[list] = node;
    return COG_OK;
}

void cog_policy_any_client(cog_policy *policy) {
    policy->any_client = true;
}

void cog_policy_use(cog_policy *policy, cog_token_use use) {
    policy->use = use;
}

void cog_policy_leeway(cog_policy *policy, double leeway) {
    policy->leeway = leeway;
}

void cog_policy_max_future_iat(cog_policy *policy, double seconds) {
    policy->max_future_iat = seconds;
}

static bool names(const cog_policy *policy, cog_policy_list list, cog_slice value) {
    for (const struct node *node = policy->lists[list]; node; node = node->next)
        if (node->len == value.len && memcmp(node->text, value.data, value.len) == 0) return true;
    return false;
}

/* ---- the claims that matter -------------------------------------------------------------------------------------- */

enum { ISS, SUB, AUD, CLIENT_ID, TOKEN_USE, EXP, IAT, NBF, JTI, SCOPE, GROUPS, CLAIMS };

static const struct {
    const char *name;
    size_t len;
} claim_names[CLAIMS] = {
#define NAME(symbol, name) [symbol] = {name, sizeof name - 1}
    NAME(ISS, "iss"), NAME(SUB, "sub"), NAME(AUD, "aud"), NAME(CLIENT_ID, "client_id"),
    NAME(TOKEN_USE, "token_use"), NAME(EXP, "exp"), NAME(IAT, "iat"), NAME(NBF, "nbf"),
    NAME(JTI, "jti"), NAME(SCOPE, "scope"), NAME(GROUPS, "cognito:groups"),
#undef NAME
};

enum kind { ABSENT, TEXT, NUMBER, LIST, OTHER };

struct claim {
    enum kind kind;
    bool matches; /* LIST: one of its strings is in the policy's list */
    cog_slice text;
    cog_time time;
};

struct claims {
    const cog_policy *policy; /* NULL: lists are not looked into */
    struct claim of[CLAIMS];
    cog_wanted *wanted;
    size_t wanted_count;
};

/* An array is a LIST when all of it is strings. */
static bool read_list(cog_json *json, struct claims *claims, int index) {
    struct claim *claim = &claims->of[index];
    cog_policy_list list = index == AUD ? COG_CLIENTS : COG_GROUPS;
    claim->kind = LIST;
    for (cog_json_event value; (value = cog_json_next(json)) != COG_JSON_ARRAY_END;) {
        if (value != COG_JSON_STRING) claim->kind = OTHER;
        else if (names(claims->policy, list, json->string)) claim->matches = true;
        if (!cog_json_skip(json, value)) return false;
    }
    return true;
}

static bool read_claim(cog_json *json, struct claims *claims, int index) {
    struct claim *claim = &claims->of[index];
    cog_json_event value = cog_json_next(json);
    if (value == COG_JSON_ARRAY && claims->policy && (index == AUD || index == GROUPS))
        return read_list(json, claims, index);
    bool integer = value == COG_JSON_INTEGER;
    claim->kind = value == COG_JSON_STRING ? TEXT : integer || value == COG_JSON_REAL ? NUMBER : OTHER;
    claim->text = json->string;
    claim->time = (cog_time){true, integer, json->integer, json->real};
    return cog_json_skip(json, value);
}

static bool read_named(cog_json *json, struct claims *claims, cog_slice name) {
    for (int i = 0; i < CLAIMS; i++)
        if (cog_slice_is(name, claim_names[i].name, claim_names[i].len)) return read_claim(json, claims, i);
    return cog_json_skip(json, cog_json_next(json));
}

static cog_wanted *find_wanted(const struct claims *claims, cog_slice name) {
    for (size_t i = 0; i < claims->wanted_count; i++) {
        cog_slice wanted = claims->wanted[i].name;
        if (cog_slice_is(name, (const char *)wanted.data, wanted.len)) return &claims->wanted[i];
    }
    return NULL;
}

static bool read_member(cog_json *json, void *context) {
    struct claims *claims = context;
    cog_wanted *wanted = find_wanted(claims, json->string);
    size_t from = cog_json_offset(json);
    bool read = read_named(json, claims, json->string);
    if (wanted) {
        wanted->at = from;
        wanted->len = cog_json_offset(json) - from;
    }
    return read;
}

static cog_err read_claims(unsigned char *payload, size_t len, const unsigned char *seed, struct claims *claims) {
    cog_err error = cog_read_object(payload, len, seed, read_member, claims, COG_PAYLOAD_NOT_OBJECT);
    return error == COG_NUMBER_RANGE ? COG_CLAIM_RANGE : error;
}

/* ---- their verdicts ---------------------------------------------------------------------------------------------- */

static const double last_second = 253402300799; /* of the year 9999 */

static cog_err judge_text(const struct claim *claim, bool required) {
    if (claim->kind == ABSENT) return required ? COG_CLAIM_MISSING : COG_OK;
    return claim->kind == TEXT ? COG_OK : COG_CLAIM_TYPE;
}

static cog_err judge_time(const struct claim *claim, bool required) {
    if (claim->kind == ABSENT) return required ? COG_CLAIM_MISSING : COG_OK;
    if (claim->kind != NUMBER) return COG_CLAIM_TYPE;
    return claim->time.real >= 0 && claim->time.real <= last_second ? COG_OK : COG_CLAIM_RANGE;
}

static cog_err judge_issuer(const struct claims *claims) {
    const struct claim *iss = &claims->of[ISS];
    cog_err error = judge_text(iss, true);
    if (error) return error;
    return names(claims->policy, COG_ISSUERS, iss->text) ? COG_OK : COG_ISS_MISMATCH;
}

/* The comparisons are written so that a clock that is not a number fails them. */
static cog_err judge_expiry(const struct claims *claims, double now) {
    const struct claim *exp = &claims->of[EXP];
    cog_err error = judge_time(exp, true);
    if (error) return error;
    return now < exp->time.real + claims->policy->leeway ? COG_OK : COG_EXPIRED;
}

static cog_err judge_start(const struct claims *claims, double now) {
    const struct claim *nbf = &claims->of[NBF], *iat = &claims->of[IAT];
    cog_err error = judge_time(nbf, false);
    if (error) return error;
    if (nbf->kind == NUMBER && !(nbf->time.real <= now + claims->policy->leeway)) return COG_NOT_YET_VALID;
    error = judge_time(iat, false);
    if (error || iat->kind == ABSENT || claims->policy->max_future_iat < 0) return error;
    return iat->time.real <= now + claims->policy->max_future_iat ? COG_OK : COG_NOT_YET_VALID;
}

static cog_err judge_use(const struct claims *claims, cog_token_use *use) {
    const struct claim *claim = &claims->of[TOKEN_USE];
    cog_err error = judge_text(claim, true);
    if (error) return error;
    if (COG_IS(claim->text, "access")) *use = COG_USE_ACCESS;
    else if (COG_IS(claim->text, "id")) *use = COG_USE_ID;
    else return COG_TOKEN_USE_MISMATCH;
    return claims->policy->use == COG_USE_EITHER || claims->policy->use == *use ? COG_OK : COG_TOKEN_USE_MISMATCH;
}

/* An access token names its client in client_id, an ID token in aud, which may be a list (RFC 7519 section 4.1.3). */
static cog_err judge_client(const struct claims *claims, cog_token_use use) {
    const struct claim *claim = &claims->of[use == COG_USE_ID ? AUD : CLIENT_ID];
    cog_err mismatch = use == COG_USE_ID ? COG_AUD_MISMATCH : COG_CLIENT_ID_MISMATCH;
    bool list = use == COG_USE_ID && claim->kind == LIST;
    cog_err error = list ? COG_OK : judge_text(claim, !claims->policy->any_client);
    if (error || claims->policy->any_client) return error;
    bool matches = list ? claim->matches : names(claims->policy, COG_CLIENTS, claim->text);
    return matches ? COG_OK : mismatch;
}

static cog_err judge_groups(const struct claims *claims) {
    const struct claim *groups = &claims->of[GROUPS];
    if (!claims->policy->lists[COG_GROUPS]) return COG_OK;
    if (groups->kind != LIST && groups->kind != ABSENT) return COG_CLAIM_TYPE;
    return groups->matches ? COG_OK : COG_GROUPS_MISMATCH;
}

/* scope: names parted by single spaces (RFC 6749 section 3.3) */
static bool grants_one(const cog_policy *policy, cog_slice scope) {
    while (scope.len) {
        const unsigned char *space = memchr(scope.data, ' ', scope.len);
        cog_slice word = {scope.data, space ? (size_t)(space - scope.data) : scope.len};
        if (names(policy, COG_SCOPES, word)) return true;
        size_t used = word.len + (space ? 1 : 0);
        scope.data += used;
        scope.len -= used;
    }
    return false;
}

static cog_err judge_scope(const struct claims *claims) {
    const struct claim *scope = &claims->of[SCOPE];
    cog_err error = judge_text(scope, false);
    if (error || !claims->policy->lists[COG_SCOPES]) return error;
    return scope->kind == TEXT && grants_one(claims->policy, scope->text) ? COG_OK : COG_SCOPE_MISMATCH;
}

static cog_err judge_claims(const struct claims *claims, double now) {
    cog_token_use use;
    cog_err error = judge_issuer(claims);
    if (!error) error = judge_expiry(claims, now);
    if (!error) error = judge_start(claims, now);
    if (!error) error = judge_use(claims, &use);
    if (!error) error = judge_client(claims, use);
    if (!error) error = judge_text(&claims->of[SUB], false);
    if (!error) error = judge_text(&claims->of[JTI], false);
    if (!error) error = judge_scope(claims);
    if (!error) error = judge_groups(claims);
    return error;
}

cog_err cog_claims_judge(const cog_policy *policy, const unsigned char *seed, double now, unsigned char *payload,
                         size_t len, cog_wanted *wanted, size_t count) {
    struct claims claims = {.policy = policy, .wanted = wanted, .wanted_count = count};
    cog_err error = read_claims(payload, len, seed, &claims);
    return error ? error : judge_claims(&claims, now);
}

/* ---- the order of work ------------------------------------------------------------------------------------------- */

static cog_err judge_signature(const cog_verifier *verifier, cog_jws *jws) {
    cog_slice kid;
    const cog_key *key;
    cog_err error = cog_jws_header(jws, verifier->seed, &kid);
    if (error) return error;
    if (!verifier->keys) return COG_KID_UNKNOWN;
    error = cog_jwks_find(verifier->keys, kid, &key);
    if (error) return error;
    return cog_key_verify(key, verifier->mac, jws->input, (cog_slice){jws->signature, jws->signature_len});
}

cog_err cog_jws_verify(const cog_verifier *verifier, cog_slice token, cog_jws *jws) {
    cog_err error = cog_jws_open(jws, token);
    if (error) return error;
    error = judge_signature(verifier, jws);
    if (error) cog_jws_close(jws);
    return error;
}

cog_err cog_jwt_verify(const cog_verifier *verifier, const cog_policy *policy, double now, cog_slice token) {
    cog_jws jws;
    cog_err error = cog_jws_verify(verifier, token, &jws);
    if (error) return error;
    error = cog_claims_judge(policy, verifier->seed, now, jws.payload, jws.payload_len, NULL, 0);
    cog_jws_close(&jws);
    return error;
}

/* ---- unverified -------------------------------------------------------------------------------------------------- */

cog_err cog_jwt_times(const unsigned char *seed, cog_slice token, cog_time times[3]) {
    static const int wanted[3] = {EXP, IAT, NBF};
    cog_jws jws;
    struct claims claims = {.policy = NULL};
    cog_err error = cog_jws_open_payload(&jws, token);
    if (error) return error;
    error = read_claims(jws.payload, jws.payload_len, seed, &claims);
    cog_jws_close(&jws);
    for (int i = 0; !error && i < 3; i++) {
        error = judge_time(&claims.of[wanted[i]], false);
        times[i] = claims.of[wanted[i]].time;
    }
    return error;
}

static cog_err read_issuer(const unsigned char *seed, cog_jws *jws, cog_slice *issuer) {
    cog_slice kid;
    struct claims claims = {.policy = NULL};
    cog_err error = cog_jws_header(jws, seed, &kid);
    if (!error) error = read_claims(jws->payload, jws->payload_len, seed, &claims);
    if (!error) error = judge_text(&claims.of[ISS], true);
    *issuer = claims.of[ISS].text;
    return error;
}

cog_err cog_jwt_issuer(const unsigned char *seed, cog_slice token, unsigned char issuer[COG_ISSUER_MAX], size_t *len) {
    cog_jws jws;
    cog_slice found;
    cog_err error = cog_jws_open(&jws, token);
    if (error) return error;
    error = read_issuer(seed, &jws, &found);
    if (!error && found.len > COG_ISSUER_MAX) error = COG_ISS_MISMATCH;
    *len = found.len;
    if (!error) memcpy(issuer, found.data, found.len);
    cog_jws_close(&jws);
    return error;
}

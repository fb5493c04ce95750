/* A JSON Web Key Set (RFC 7517): the RSA keys in it that may verify RS256, ready for use. */
#ifndef COG_JWK_H
#define COG_JWK_H

#include "mac.h"

typedef struct cog_jwks cog_jwks;
typedef struct cog_key cog_key;

/* COG_JWKS_INVALID: no strict JSON, no "keys" array, too large or too many entries; COG_MEMORY. An entry that is
 * broken, foreign or weak does not spoil the set: it stays as a kid that is unusable, or is left out. */
cog_err cog_jwks_read(cog_slice text, const unsigned char *seed, cog_jwks **jwks);
void cog_jwks_free(cog_jwks *jwks); /* NULL is fine */

/* Keys that can verify. */
size_t cog_jwks_usable(const cog_jwks *jwks);

/* COG_KID_UNKNOWN, COG_KEY_UNUSABLE. The first usable key of that id; ids are compared octet by octet. */
cog_err cog_jwks_find(const cog_jwks *jwks, cog_slice kid, const cog_key **key);

/* RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017 section 8.2.2): COG_OK or COG_BAD_SIGNATURE; COG_CRYPTO. */
cog_err cog_key_verify(const cog_key *key, cog_mac *mac, cog_slice input, cog_slice signature);

#endif

/* Digests, MACs, random octets and the constant-time compare. */
#ifndef COG_MAC_H
#define COG_MAC_H

#include "../cognito.h"

/* Kept OpenSSL contexts: fetching an algorithm costs several times the digest of a short text. Not for two
 * threads at a time. It remembers the last HMAC key, so that SECRET_HASH does not set the same key again. */
typedef struct cog_mac cog_mac;

cog_mac *cog_mac_new(void);
void cog_mac_free(cog_mac *mac); /* wipes; NULL is fine */

cog_err cog_sha256(cog_mac *mac, cog_slice text, unsigned char out[COG_SHA256_SIZE]);
/* over the concatenation of the parts */
cog_err cog_sha256_parts(cog_mac *mac, const cog_slice *parts, size_t count, unsigned char out[COG_SHA256_SIZE]);
/* SHA-256 in hex digits, for names of records and sums of files: by OpenSSL's functions below EVP, which start no
 * provider. That takes a tenth of a short program's time. What guards anything goes through EVP. */
cog_err cog_fingerprint(cog_slice text, char out[COG_FINGERPRINT_SIZE]);
cog_err cog_hmac_sha256(cog_mac *mac, cog_slice key, const cog_slice *parts, size_t count,
                        unsigned char out[COG_SHA256_SIZE]);
cog_err cog_hmac_sha1(cog_slice key, cog_slice text, unsigned char out[COG_SHA1_SIZE]);

/* base64(HMAC-SHA256(client secret, username || client id)): what Cognito calls SECRET_HASH. */
cog_err cog_secret_hash(cog_mac *mac, cog_slice secret, cog_slice username, cog_slice client_id,
                        char out[COG_SECRET_HASH_SIZE]);

/* The time depends on the lengths alone. */
bool cog_equal(cog_slice a, cog_slice b);

cog_err cog_random(unsigned char *out, size_t n);
cog_err cog_uuid(char out[COG_UUID_SIZE]); /* version 4, RFC 9562 section 5.4 */

#endif

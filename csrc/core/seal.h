/* Sealing: AES-256-GCM for records at rest. A sealed text says which key sealed it and opens only in the place
 * (`aad`) for which it was sealed.
 *
 *   1 octet   format, 1
 *   8 octets  id of the key
 *   12 octets random nonce (at most 2^32 texts may be sealed with one key: NIST SP 800-38D section 8.3)
 *   n octets  ciphertext, as long as the text
 *   16 octets tag over format, key id, aad and ciphertext
 *
 * The caller's key is never used itself: the AES key and the key id are HMAC-SHA256 of it over two different labels. */
#ifndef COG_SEAL_H
#define COG_SEAL_H

#include "mac.h"

enum {
    COG_SEAL_KEY_SIZE = 32,
    COG_SEAL_ID_SIZE = 8,
    COG_SEAL_NONCE_SIZE = 12,
    COG_SEAL_TAG_SIZE = 16,
    COG_SEAL_HEAD_SIZE = 1 + COG_SEAL_ID_SIZE + COG_SEAL_NONCE_SIZE,
    COG_SEAL_OVERHEAD = COG_SEAL_HEAD_SIZE + COG_SEAL_TAG_SIZE,
    COG_SEAL_MAX = 1048576, /* octets of a text, and of an aad */
};

/* Writes text.len + COG_SEAL_OVERHEAD octets. COG_TOO_LARGE, COG_CRYPTO. */
cog_err cog_seal(cog_mac *mac, const unsigned char key[COG_SEAL_KEY_SIZE], cog_slice aad, cog_slice text,
                 unsigned char *out);

/* Writes sealed.len - COG_SEAL_OVERHEAD octets. COG_SEAL_FORMAT: not sealed, or by a newer version; COG_SEAL_KEY: with
 * another key; COG_SEAL_TAMPERED: changed since, or sealed for another place. `out` is wiped after a failure. */
cog_err cog_unseal(cog_mac *mac, const unsigned char key[COG_SEAL_KEY_SIZE], cog_slice aad, cog_slice sealed,
                   unsigned char *out);

#endif

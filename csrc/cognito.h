/* The public header of the pure core: octets in, octets or a verdict out. The core needs libc and libcrypto,
 * keeps no global state, does no I/O and never aborts. Functions that can fail return a cog_err. */
#ifndef COGNITO_H
#define COGNITO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum {
#define COG_ERROR(symbol, name, text) COG_##symbol,
#include "core/errors.def"
#undef COG_ERROR
    COG_ERROR_COUNT
} cog_err;

enum {
    COG_TOKEN_MAX = 65536,      /* bytes of a JWT */
    COG_ISSUER_MAX = 512,       /* bytes of an issuer that can be told from others */
    COG_JWKS_MAX = 262144,      /* bytes of a key set */
    COG_JWKS_KEYS_MAX = 50,     /* entries of a key set */
    COG_JSON_DEPTH_MAX = 64,    /* open objects and arrays at a time */
    COG_JSON_MAX = 16777216,    /* bytes of a JSON text */
    COG_RSA_BITS_MIN = 2048,
    COG_RSA_BITS_MAX = 8192,
    COG_SHA256_SIZE = 32,
    COG_SHA1_SIZE = 20,
    COG_SECRET_HASH_SIZE = 44,  /* base64 of a SHA-256 */
    COG_UUID_SIZE = 36,
    COG_FINGERPRINT_SIZE = 64,
    COG_SEED_SIZE = 16,
};

/* Octets that somebody else owns; never terminated by a NUL. */
typedef struct {
    const unsigned char *data;
    size_t len;
} cog_slice;

/* The short name ("bad_json") and one sentence; never NULL. */
const char *cog_err_name(cog_err error);
const char *cog_err_text(cog_err error);

#endif

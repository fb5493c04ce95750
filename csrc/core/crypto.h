/* What a call of OpenSSL came to. Internal to the core. */
#ifndef COG_CORE_CRYPTO_H
#define COG_CORE_CRYPTO_H

#include "../cognito.h"

#include <openssl/err.h>

/* OpenSSL's queue belongs to the whole process: what we caused does not stay in it. */
static inline cog_err cog_crypto_outcome(int ok) {
    if (ok) return COG_OK;
    ERR_clear_error();
    return COG_CRYPTO;
}

#endif

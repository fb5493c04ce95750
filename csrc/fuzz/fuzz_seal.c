/* Opening what a stranger wrote: nothing but what we sealed may open, and no input may hurt. The first octet chooses
 * the place, so that a sound seal from the corpus also meets the wrong one. */
#include "../core/seal.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_ours(cog_mac *mac, const unsigned char *key, cog_slice aad, cog_slice text) {
    unsigned char *sealed = malloc(text.len + COG_SEAL_OVERHEAD), *opened = malloc(text.len + 1);
    if (cog_seal(mac, key, aad, text, sealed)) abort();
    if (cog_unseal(mac, key, aad, (cog_slice){sealed, text.len + COG_SEAL_OVERHEAD}, opened)) abort();
    if (text.len && memcmp(opened, text.data, text.len) != 0) abort();
    free(sealed);
    free(opened);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static cog_mac *mac;
    static const unsigned char key[COG_SEAL_KEY_SIZE] = {0x5e, 0xa1};
    if (!mac && !(mac = cog_mac_new())) abort();
    if (size == 0 || size > 70000) return 0;
    cog_slice aad = {data, data[0] % 8u < size ? data[0] % 8u : 0}, sealed = {data + 1, size - 1};
    unsigned char *out = malloc(size);
    cog_err error = cog_unseal(mac, key, aad, sealed, out);
    if (error != COG_SEAL_FORMAT && error != COG_SEAL_KEY && error != COG_SEAL_TAMPERED) abort();
    free(out);
    check_ours(mac, key, aad, sealed);
    return 0;
}

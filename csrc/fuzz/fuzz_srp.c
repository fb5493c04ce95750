/* What a server sends for SRP: salt, B and SECRET_BLOCK, one line each. The numbers are read twice, by us and by
 * OpenSSL's own reader; a whole claim, which is slow, is made for inputs that begin with a '!'. */
#include "../core/b64.h"
#include "../core/srp_math.h"

#include <openssl/bn.h>
#include <stdlib.h>
#include <string.h>

static void must(bool condition) {
    if (!condition) abort();
}

static cog_slice next_line(const unsigned char **at, const unsigned char *end) {
    const unsigned char *stop = memchr(*at, '\n', (size_t)(end - *at));
    cog_slice line = {*at, (size_t)((stop ? stop : end) - *at)};
    *at = stop ? stop + 1 : end;
    return line;
}

/* Ours takes a text exactly when it is hex from end to end and its value fits; then both values are one. */
static void compare_readers(cog_slice text, size_t max) {
    BIGNUM *ours = BN_new(), *theirs = NULL;
    char *copy = calloc(1, text.len + 1);
    must(ours && copy);
    if (text.len) memcpy(copy, text.data, text.len);
    bool accepted = !srp_read_hex(text, max, COG_BAD_HEX, ours);
    bool is_hex = text.len > 0 && strspn(copy, "0123456789abcdefABCDEF") == text.len;
    must(!accepted || is_hex);
    if (is_hex && text.len < 4096) {
        must(BN_hex2bn(&theirs, copy) == (int)text.len);
        must(accepted == (BN_num_bytes(theirs) <= (int)max));
        must(!accepted || BN_cmp(ours, theirs) == 0);
    }
    unsigned char padded[COG_SRP_PADDED];
    if (accepted) must(srp_pad(ours, padded) <= max + 1 && padded[0] < 0x80);
    BN_free(ours), BN_free(theirs);
    free(copy);
}

static void claim(const cog_srp_challenge *challenge) {
    static cog_srp_group *group;
    if (!group) group = cog_srp_group_new();
    cog_srp *srp = cog_srp_fixed(group, (cog_slice){(const unsigned char *)"123456789abcdef", 15});
    const cog_slice name = {(const unsigned char *)"name", 4};
    const cog_srp_identity who = {name, name, name};
    char signature[COG_SRP_SIGNATURE_SIZE];
    must(group && srp);
    cog_err error = cog_srp_claim(group, srp, &who, challenge, signature);
    must(error == COG_OK || error == COG_SRP_BAD_B || error == COG_SRP_BAD_SALT || error == COG_SRP_BAD_BLOCK);
    must(srp->used == (error == COG_OK));
    cog_srp_free(srp);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size) {
    const unsigned char *at = data, *end = data + size;
    bool whole = size > 0 && *at == '!';
    if (whole) at++;
    cog_srp_challenge challenge;
    challenge.salt = next_line(&at, end);
    challenge.b = next_line(&at, end);
    challenge.block = next_line(&at, end);
    challenge.timestamp = next_line(&at, end);
    compare_readers(challenge.salt, COG_SRP_SALT_MAX);
    compare_readers(challenge.b, COG_SRP_SIZE);
    if (whole) claim(&challenge);
    return 0;
}

/* What srp.c and srp_device.c share: the group, padded numbers, the three hashes. Internal to the core. */
#ifndef COG_SRP_MATH_H
#define COG_SRP_MATH_H

#include "crypto.h"
#include "mac.h"
#include "srp.h"

#include <openssl/bn.h>

enum { SRP_KEY = 16, SRP_FIXED_MAX = 1024 };

struct cog_srp_group {
    BIGNUM *n, *g;
    BIGNUM *k; /* in Montgomery form, so that one product gives k*v mod N */
    BN_MONT_CTX *mont;
};

struct cog_srp {
    BIGNUM *a, *A;
    bool used;
};

/* The numbers of one computation and the hash that goes with it; all are wiped at the end. */
typedef struct {
    cog_mac *mac;
    BN_CTX *ctx;
    BIGNUM *salt, *b, *u, *x, *t, *s;
} srp_work;

/* After a failed begin, end is called all the same. */
cog_err srp_work_begin(srp_work *w);
void srp_work_end(srp_work *w);

/* Minimal two's complement; COG_SRP_PADDED octets at most for a number of the group. */
size_t srp_pad(const BIGNUM *number, unsigned char *out);

/* An integer in hex: any number of leading zeros, an odd number of digits too, at most `max` octets. */
cog_err srp_read_hex(cog_slice text, size_t max, cog_err complaint, BIGNUM *number);

/* u = H(PAD(A) || PAD(B)) */
cog_err srp_make_u(srp_work *w, const BIGNUM *A);
/* x = H(PAD(salt) || H(domain || user || ":" || password)) */
cog_err srp_make_x(srp_work *w, const cog_srp_identity *who);
/* K from u and S: the first half of one HKDF-SHA256 block, salt PAD(u), key PAD(S) */
cog_err srp_make_key(srp_work *w, unsigned char key[SRP_KEY]);

/* r = base^e mod N in a time that depends on the length of e alone */
int srp_power(const cog_srp_group *group, BIGNUM *r, const BIGNUM *base, const BIGNUM *e, BN_CTX *ctx);

/* K of one exchange, from w->salt and w->b; leaves u in w->u. Uses up a. */
cog_err srp_client_key(const cog_srp_group *group, cog_srp *srp, const cog_srp_identity *who, srp_work *w,
                       unsigned char key[SRP_KEY]);

#endif

/* SRP-6a in the dialect of Cognito: the client's half of an exchange, and the verifier of a device.
 * The group is RFC 5054's with 3072 bits and g = 2, the hash is SHA-256. Numbers enter a hash as minimal big-endian
 * two's complement: a zero octet goes first only where the top bit is set. Whatever is derived from a password lives
 * on the stack or in a big number and is wiped before the function that made it returns. */
#ifndef COG_SRP_H
#define COG_SRP_H

#include "../cognito.h"

enum {
    COG_SRP_SIZE = 384,             /* octets of N */
    COG_SRP_PADDED = 385,           /* octets of the longest padded number */
    COG_SRP_HEX = 768,              /* digits of the longest A */
    COG_SRP_BITS = 320,             /* of a, unless asked otherwise */
    COG_SRP_BITS_MIN = 256,         /* RFC 5054 section 2.5.4 */
    COG_SRP_BITS_MAX = 1024,
    COG_SRP_SALT_MAX = 64,          /* octets */
    COG_SRP_BLOCK_MAX = 16384,      /* characters of SECRET_BLOCK */
    COG_SRP_SIGNATURE_SIZE = 44,    /* base64 of a SHA-256 */
    COG_SRP_DEVICE_PASSWORD = 40,   /* octets drawn for a device's password */
    COG_SRP_DEVICE_SALT = 16,
};

/* N, g, k and the Montgomery form of N: read only once made. */
typedef struct cog_srp_group cog_srp_group;

/* One exchange: a and A. It answers one challenge; then a is gone. */
typedef struct cog_srp cog_srp;

/* Whose password it is: pool name and USER_ID_FOR_SRP, or device group key and device key. */
typedef struct {
    cog_slice domain, user, password;
} cog_srp_identity;

/* What the server sent, as it was sent: numbers in hex, the block in base64; and our time. */
typedef struct {
    cog_slice salt, b, block, timestamp;
} cog_srp_challenge;

/* What a new device needs, each in base64 with a NUL: its password to keep, its padded salt and verifier to send. */
typedef struct {
    char password[57], salt[25], verifier[517];
} cog_srp_device;

cog_srp_group *cog_srp_group_new(void);
void cog_srp_group_free(cog_srp_group *group); /* NULL is fine */

/* Draws a of `bits` random bits. NULL where memory or randomness is short. */
cog_srp *cog_srp_new(const cog_srp_group *group, int bits);
/* The same with a given a (hex, at most 2048 digits): for known answers, never for a sign-in. */
cog_srp *cog_srp_fixed(const cog_srp_group *group, cog_slice a);
void cog_srp_free(cog_srp *srp); /* wipes; NULL is fine */

/* A in lower-case hex without leading zeros. Returns the number of digits. */
size_t cog_srp_public(const cog_srp *srp, char hex[COG_SRP_HEX]);

/* PASSWORD_CLAIM_SIGNATURE in base64. What no honest server sends is refused by name (COG_SRP_BAD_*) before anything
 * is computed from the password. COG_SRP_USED at the second time. */
cog_err cog_srp_claim(const cog_srp_group *group, cog_srp *srp, const cog_srp_identity *who,
                      const cog_srp_challenge *challenge, char signature[COG_SRP_SIGNATURE_SIZE]);

/* v = g^x, padded. The salt is octets, read as an unsigned number. */
cog_err cog_srp_verifier(const cog_srp_group *group, const cog_srp_identity *who, cog_slice salt,
                         unsigned char out[COG_SRP_PADDED], size_t *len);

/* Plays a whole exchange, both sides, over what the server would be sent. COG_SRP_SELFTEST where they disagree. */
cog_err cog_srp_device_prove(const cog_srp_group *group, cog_slice group_key, cog_slice key,
                             const cog_srp_device *device);

/* Draws a password and makes its verifier, proven by cog_srp_device_prove. The caller wipes `device`. */
cog_err cog_srp_device_new(const cog_srp_group *group, cog_slice group_key, cog_slice key, cog_srp_device *device);

#endif

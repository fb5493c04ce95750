/* The store of root certificates, read once for all connections. */
#include "impl.h"

#include <dirent.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * libcurl would read a bundle of certificates anew for every pool of connections, 30 ms each time.
 * Here it is read once, and a folder with hashed names costs nothing until a certificate is asked
 * for. When libcurl runs on another TLS library than OpenSSL it is told the names instead.
 */
struct http_trust {
    X509_STORE *store; /* NULL: libcurl does not speak OpenSSL, or not the one we are linked to */
    char *ca_file;
    char *ca_path;
    char *system_file;
    char *system_path;
};

static char *copy(const char *text) {
    return text == NULL ? NULL : strdup(text);
}

static bool same(const char *a, const char *b) {
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* As `openssl rehash` makes them: 8 hex digits, dot, digit. */
static bool is_hash_name(const char *name) {
    return strspn(name, "0123456789abcdef") == 8 && name[8] == '.' && name[9] >= '0' && name[9] <= '9';
}

/* True when the folder holds a name of a hash. A few entries are asked for at a time, since every
 * other one has such a name and readdir would have all of them read first. */
static bool is_hashed(const char *path) {
    union {
        struct dirent64 entry;
        char bytes[1024];
    } some;
    int fd = path == NULL ? -1 : open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool found = false;
    if (fd < 0) return false;
    for (ssize_t n; !found && (n = getdents64(fd, &some, sizeof some)) > 0;)
        for (ssize_t at = 0; !found && at < n;) {
            const struct dirent64 *entry = (const void *)(some.bytes + at);
            found = is_hash_name(entry->d_name);
            at += entry->d_reclen;
        }
    close(fd);
    return found;
}

/* Compares "OpenSSL/3.0.15" and the like: one store may only serve one copy of the library. */
static bool speaks_our_openssl(const curl_version_info_data *info) {
    const char *theirs = info->ssl_version;
    if (theirs == NULL || strncmp(theirs, "OpenSSL/", 8) != 0) return false;
    return strtoul(theirs + 8, NULL, 10) == (OpenSSL_version_num() >> 28);
}

static bool load(http_trust *trust, const char **message) {
    const char *file = trust->ca_file ? trust->ca_file : trust->system_file;
    const char *path = trust->ca_path ? trust->ca_path : trust->system_path;
    bool ok = true;
    if (file != NULL && X509_STORE_load_file(trust->store, file) != 1) {
        *message = "ca_file cannot be read, or holds no certificate";
        ok = false;
    } else if (path != NULL && X509_STORE_load_path(trust->store, path) != 1) {
        *message = "ca_path cannot be used";
        ok = false;
    }
    ERR_clear_error();
    return ok;
}

/* The system's roots serve only where the caller named none. */
static void find_system(http_trust *trust, const curl_version_info_data *info) {
    if (trust->ca_file != NULL || trust->ca_path != NULL) return;
    if (is_hashed(info->capath)) trust->system_path = copy(info->capath);
    else trust->system_file = copy(info->cainfo);
}

static bool fill(http_trust *trust, const char **message) {
    const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
    if (trust->ca_path != NULL && !is_hashed(trust->ca_path)) {
        *message = "ca_path is no folder of certificates under hashed names (see openssl rehash)";
        return false;
    }
    find_system(trust, info);
    if (!speaks_our_openssl(info)) return true;
    trust->store = X509_STORE_new();
    if (trust->store == NULL) return false;
    X509_STORE_set_flags(trust->store, X509_V_FLAG_TRUSTED_FIRST);
    return load(trust, message);
}

http_trust *http_trust_new(const char *ca_file, const char *ca_path, const char **message) {
    http_trust *trust = calloc(1, sizeof *trust);
    *message = "out of memory";
    if (trust == NULL) return NULL;
    trust->ca_file = copy(ca_file);
    trust->ca_path = copy(ca_path);
    if (fill(trust, message)) return trust;
    http_trust_free(trust);
    return NULL;
}

bool http_trust_equal(const http_trust *trust, const char *ca_file, const char *ca_path) {
    return same(trust->ca_file, ca_file) && same(trust->ca_path, ca_path);
}

/* Runs for every new TLS connection. The keys of a connection are written nowhere, whatever
 * SSLKEYLOGFILE says. */
static CURLcode use_store(CURL *easy, void *context, void *store) {
    (void)easy;
    SSL_CTX_set1_cert_store(context, store);
    SSL_CTX_set_keylog_callback(context, NULL);
    return CURLE_OK;
}

static bool name_files(const http_trust *trust, CURL *easy) {
    const char *file = trust->ca_file ? trust->ca_file : trust->system_file;
    const char *path = trust->ca_path ? trust->ca_path : trust->system_path;
    return curl_easy_setopt(easy, CURLOPT_CAINFO, file) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_CAPATH, path) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PROXY_CAINFO, file) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PROXY_CAPATH, path) == CURLE_OK;
}

bool http_trust_apply(http_trust *trust, CURL *easy) {
    if (trust->store == NULL) return name_files(trust, easy);
    return curl_easy_setopt(easy, CURLOPT_CAINFO, NULL) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_CAPATH, NULL) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PROXY_CAINFO, NULL) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PROXY_CAPATH, NULL) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, use_store) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, trust->store) == CURLE_OK;
}

void http_trust_free(http_trust *trust) {
    X509_STORE_free(trust->store);
    free(trust->ca_file);
    free(trust->ca_path);
    free(trust->system_file);
    free(trust->system_path);
    free(trust);
}

#ifndef CHIREDISASYNC_TLS_H
#define CHIREDISASYNC_TLS_H

// OpenSSL, loaded when the first TLS connection is made: if linked, libssl and libcrypto take 1.6 MB of a daemon that
// never uses them. `hiredis_ssl` is linked against them and hides the reason of a failure, so hiredis gets read and
// write functions from HiredisTLS.swift instead.

#include <dlfcn.h>
#include <stddef.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#if OPENSSL_VERSION_MAJOR < 3
#error "OpenSSL 3 or newer is required: run scripts/setup"
#endif

// Every function that is used. The table's types come from OpenSSL's own declarations, so a call that does not fit them
// does not compile.
#define CHIREDISASYNC_TLS_FUNCTIONS(F) \
  F(CRYPTO_memcmp) F(ERR_clear_error) F(ERR_peek_error) F(ERR_reason_error_string) \
  F(SSL_CTX_ctrl) F(SSL_CTX_free) F(SSL_CTX_load_verify_locations) F(SSL_CTX_new) \
  F(SSL_CTX_set_default_passwd_cb) F(SSL_CTX_set_default_verify_paths) F(SSL_CTX_set_options) F(SSL_CTX_set_verify) \
  F(SSL_CTX_use_PrivateKey_file) F(SSL_CTX_use_certificate_chain_file) \
  F(SSL_connect) F(SSL_ctrl) F(SSL_free) F(SSL_get0_param) F(SSL_get_error) F(SSL_get_verify_result) F(SSL_new) \
  F(SSL_pending) F(SSL_read) F(SSL_set1_host) F(SSL_set_fd) F(SSL_set_hostflags) F(SSL_write) F(TLS_client_method) \
  F(SHA256) F(X509_VERIFY_PARAM_set1_ip_asc) F(X509_verify_cert_error_string)

struct CHiredisAsync_TLS {
#define CHIREDISASYNC_FIELD(name) __typeof__(name) *name;
  CHIREDISASYNC_TLS_FUNCTIONS(CHIREDISASYNC_FIELD)
#undef CHIREDISASYNC_FIELD
};

#define CHIREDISASYNC_TEXT(token) #token
#define CHIREDISASYNC_LIBSSL(version) "libssl.so." CHIREDISASYNC_TEXT(version)

// The file to load: the ABI whose headers this was compiled with. It is in C because Swift does not see such a macro.
static inline const char *CHiredisAsync_libssl(void) { return CHIREDISASYNC_LIBSSL(OPENSSL_SHLIB_VERSION); }

// Fills the table and returns NULL, or returns the loader's reason. It is in C because the list above can be a macro
// here: in Swift each function's type would have to be written out, and nothing would check it.
static inline const char *CHiredisAsync_loadTLS(struct CHiredisAsync_TLS *table) {
  // The library is never closed, since OpenSSL cannot be unloaded.
  void *library = dlopen(CHiredisAsync_libssl(), RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) return dlerror();
  // dlsym finds libcrypto's functions as well, since libssl depends on it.
#define CHIREDISASYNC_LOAD(name) \
  table->name = (__typeof__(name) *)dlsym(library, #name); \
  if (table->name == NULL) return dlerror();
  CHIREDISASYNC_TLS_FUNCTIONS(CHIREDISASYNC_LOAD)
#undef CHIREDISASYNC_LOAD
  return NULL;
}

#endif

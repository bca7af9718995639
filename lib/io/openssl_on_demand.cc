// OpenSSL for programs that seldom use it: the functions that lib/io calls, which load the library at the first call. Most of
// the start of a short program went into linking libcrypto, for connections that are not encrypted. A program that links
// turnout_openssl_on_demand needs libssl only when it speaks TLS; then it says so if there is none, and ends.
//
// Each declaration is checked by the compiler against OpenSSL's own. decision 0010.
#include <dlfcn.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <cstdio>
#include <cstdlib>

namespace {

#define TEXT_OF(version) #version
#define SONAME(version) "libssl.so." TEXT_OF(version)

[[noreturn]] void give_up() {
  std::fprintf(stderr, "TLS is not available: %s\n", dlerror());
  std::exit(EXIT_FAILURE);
}

// libssl brings libcrypto along, and a look-up finds what is in either.
void* find(const char* name) {
  static void* const library = dlopen(SONAME(OPENSSL_SHLIB_VERSION), RTLD_NOW | RTLD_LOCAL);
  void* const function = library ? dlsym(library, name) : nullptr;
  if (!function) give_up();
  return function;
}

}  // namespace

// Hidden: libssl must find libcrypto's own functions, not these.
#define ON_DEMAND(Result, name, parameters, arguments)                          \
  __attribute__((visibility("hidden"))) Result name parameters {                \
    static auto* const real = reinterpret_cast<decltype(&::name)>(find(#name)); \
    return real arguments;                                                      \
  }

extern "C" {
ON_DEMAND(int, ASN1_STRING_to_UTF8, (unsigned char** a, const ASN1_STRING* b), (a, b))
ON_DEMAND(void, BIO_clear_flags, (BIO* a, int b), (a, b))
ON_DEMAND(int, BIO_free, (BIO* a), (a))
ON_DEMAND(void*, BIO_get_data, (BIO* a), (a))
ON_DEMAND(int, BIO_get_new_index, (), ())
ON_DEMAND(BIO_METHOD*, BIO_meth_new, (int a, const char* b), (a, b))
ON_DEMAND(int, BIO_meth_set_ctrl, (BIO_METHOD* a, long (*b)(BIO*, int, long, void*)), (a, b))
ON_DEMAND(int, BIO_meth_set_read, (BIO_METHOD* a, int (*b)(BIO*, char*, int)), (a, b))
ON_DEMAND(int, BIO_meth_set_write, (BIO_METHOD* a, int (*b)(BIO*, const char*, int)), (a, b))
ON_DEMAND(BIO*, BIO_new, (const BIO_METHOD* a), (a))
ON_DEMAND(BIO*, BIO_new_file, (const char* a, const char* b), (a, b))
ON_DEMAND(void, BIO_set_data, (BIO* a, void* b), (a, b))
ON_DEMAND(void, BIO_set_flags, (BIO* a, int b), (a, b))
ON_DEMAND(void, BIO_set_init, (BIO* a, int b), (a, b))
ON_DEMAND(int, BIO_test_flags, (const BIO* a, int b), (a, b))
ON_DEMAND(void, CRYPTO_free, (void* a, const char* b, int c), (a, b, c))
ON_DEMAND(void, ERR_clear_error, (), ())
ON_DEMAND(void, ERR_error_string_n, (unsigned long a, char* b, size_t c), (a, b, c))
ON_DEMAND(unsigned long, ERR_get_error, (), ())
ON_DEMAND(unsigned long, ERR_peek_error, (), ())
ON_DEMAND(const EVP_MD*, EVP_sha1, (), ())
ON_DEMAND(int, OPENSSL_sk_num, (const OPENSSL_STACK* a), (a))
ON_DEMAND(void, OPENSSL_sk_pop_free, (OPENSSL_STACK* a, void (*b)(void*)), (a, b))
ON_DEMAND(void*, OPENSSL_sk_value, (const OPENSSL_STACK* a, int b), (a, b))
ON_DEMAND(X509*, PEM_read_bio_X509, (BIO* a, X509** b, pem_password_cb* c, void* d), (a, b, c, d))
ON_DEMAND(int, PEM_write_X509, (FILE* a, const X509* b), (a, b))
ON_DEMAND(long, SSL_CTX_ctrl, (SSL_CTX* a, int b, long c, void* d), (a, b, c, d))
ON_DEMAND(void, SSL_CTX_free, (SSL_CTX* a), (a))
ON_DEMAND(int, SSL_CTX_load_verify_locations, (SSL_CTX* a, const char* b, const char* c), (a, b, c))
ON_DEMAND(SSL_CTX*, SSL_CTX_new, (const SSL_METHOD* a), (a))
ON_DEMAND(int, SSL_CTX_set_cipher_list, (SSL_CTX* a, const char* b), (a, b))
ON_DEMAND(int, SSL_CTX_set_ciphersuites, (SSL_CTX* a, const char* b), (a, b))
ON_DEMAND(void, SSL_CTX_set_client_CA_list, (SSL_CTX* a, STACK_OF(X509_NAME)* b), (a, b))
ON_DEMAND(int, SSL_CTX_set_num_tickets, (SSL_CTX* a, size_t b), (a, b))
ON_DEMAND(uint64_t, SSL_CTX_set_options, (SSL_CTX* a, uint64_t b), (a, b))
ON_DEMAND(void, SSL_CTX_set_verify, (SSL_CTX* a, int b, SSL_verify_cb c), (a, b, c))
ON_DEMAND(int, SSL_CTX_use_PrivateKey_file, (SSL_CTX* a, const char* b, int c), (a, b, c))
ON_DEMAND(int, SSL_CTX_use_certificate_chain_file, (SSL_CTX* a, const char* b), (a, b))
ON_DEMAND(long, SSL_ctrl, (SSL* a, int b, long c, void* d), (a, b, c, d))
ON_DEMAND(int, SSL_do_handshake, (SSL* a), (a))
ON_DEMAND(void, SSL_free, (SSL* a), (a))
ON_DEMAND(X509*, SSL_get0_peer_certificate, (const SSL* a), (a))
ON_DEMAND(int, SSL_get_error, (const SSL* a, int b), (a, b))
ON_DEMAND(STACK_OF(X509)*, SSL_get_peer_cert_chain, (const SSL* a), (a))
ON_DEMAND(int, SSL_get_verify_mode, (const SSL* a), (a))
ON_DEMAND(long, SSL_get_verify_result, (const SSL* a), (a))
ON_DEMAND(STACK_OF(X509_NAME)*, SSL_load_client_CA_file, (const char* a), (a))
ON_DEMAND(SSL*, SSL_new, (SSL_CTX* a), (a))
ON_DEMAND(int, SSL_read_ex, (SSL* a, void* b, size_t c, size_t* d), (a, b, c, d))
ON_DEMAND(void, SSL_set_accept_state, (SSL* a), (a))
ON_DEMAND(void, SSL_set_bio, (SSL* a, BIO* b, BIO* c), (a, b, c))
ON_DEMAND(void, SSL_set_connect_state, (SSL* a), (a))
ON_DEMAND(int, SSL_shutdown, (SSL* a), (a))
ON_DEMAND(int, SSL_write_ex, (SSL* a, const void* b, size_t c, size_t* d), (a, b, c, d))
ON_DEMAND(const SSL_METHOD*, TLS_method, (), ())
ON_DEMAND(ASN1_STRING*, X509_NAME_ENTRY_get_data, (const X509_NAME_ENTRY* a), (a))
ON_DEMAND(int, X509_NAME_cmp, (const X509_NAME* a, const X509_NAME* b), (a, b))
ON_DEMAND(void, X509_NAME_free, (X509_NAME* a), (a))
ON_DEMAND(X509_NAME_ENTRY*, X509_NAME_get_entry, (const X509_NAME* a, int b), (a, b))
ON_DEMAND(int, X509_NAME_get_index_by_NID, (const X509_NAME* a, int b, int c), (a, b, c))
ON_DEMAND(char*, X509_NAME_oneline, (const X509_NAME* a, char* b, int c), (a, b, c))
ON_DEMAND(int, X509_digest, (const X509* a, const EVP_MD* b, unsigned char* c, unsigned int* d), (a, b, c, d))
ON_DEMAND(EVP_PKEY*, X509_get0_pubkey, (const X509* a), (a))
ON_DEMAND(X509_NAME*, X509_get_issuer_name, (const X509* a), (a))
ON_DEMAND(X509_NAME*, X509_get_subject_name, (const X509* a), (a))
ON_DEMAND(int, X509_verify, (X509* a, EVP_PKEY* b), (a, b))
ON_DEMAND(const char*, X509_verify_cert_error_string, (long a), (a))
}  // extern "C"

// Reading keys and certificates, and making OpenSSL's context of them.
#include "lib/io/tls_context.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "lib/base/log.h"
#include "lib/base/strings.h"

namespace turnout::io {
namespace {

Log log{"stream_ssl"};

constexpr const char* kDefaultCiphers = "HIGH:!aNULL:!MD5";

// The name of a version; 0: not known, or too old to be spoken.
int version_of(std::string_view name) {
  if (equal_ignore_case(name, "TLSv1.2")) return TLS1_2_VERSION;
  if (equal_ignore_case(name, "TLSv1.3")) return TLS1_3_VERSION;
  return 0;
}

bool widen(ProtocolRange* range, std::string_view word) {
  int lowest, highest;
  if (word.ends_with('+')) {
    lowest = version_of(word.substr(0, word.size() - 1));
    highest = TLS1_3_VERSION;
  } else if (const size_t dash = word.find('-'); dash != std::string_view::npos) {
    lowest = version_of(word.substr(0, dash));
    highest = version_of(word.substr(dash + 1));
  } else {
    lowest = highest = version_of(word);
  }
  if (!lowest || !highest || lowest > highest) return false;
  range->lowest = range->lowest ? std::min(range->lowest, lowest) : lowest;
  range->highest = std::max(range->highest, highest);
  return true;
}

struct StackFree {
  void operator()(STACK_OF(X509_NAME) * names) const { sk_X509_NAME_pop_free(names, X509_NAME_free); }
};

// SHA-1 of the certificate, as the log of the reference shows it.
std::string fingerprint(const X509* certificate) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (!X509_digest(certificate, EVP_sha1(), digest, &size)) return "unknown";
  std::string text;
  char byte[4];
  for (unsigned i = 0; i < size; ++i) {
    std::snprintf(byte, sizeof byte, i ? ":%02x" : "%02x", digest[i]);
    text += byte;
  }
  return text;
}

std::string subject_of(const X509* certificate) {
  char* line = X509_NAME_oneline(X509_get_subject_name(certificate), nullptr, 0);
  std::string text = line ? line : "";
  OPENSSL_free(line);
  return text;
}

// 0 or an errno value. A file that came meanwhile is not overwritten.
int write_certificate(const std::string& path, X509* certificate) {
  const int fd = open(path.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0444);
  if (fd < 0) return errno;
  FILE* file = fdopen(fd, "w");
  if (!file) {
    const int error = errno;
    close(fd);
    return error;
  }
  const bool written = PEM_write_X509(file, certificate) == 1;
  const bool flushed = fclose(file) == 0;
  if (written && flushed) return 0;
  unlink(path.c_str());
  return EIO;
}

}  // namespace

std::string take_openssl_error() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (!code) return "unknown error";
  char text[256];
  ERR_error_string_n(code, text, sizeof text);
  return text;
}

ProtocolRange parse_protocols(std::string_view text) {
  if (text.empty()) return {};
  ProtocolRange range{0, 0};
  for (const std::string_view word : split_any(text, ", \t"))
    if (!widen(&range, word)) log.err("{}: SSL protocol not recognized", word);
  return range.lowest ? range : ProtocolRange{};
}

bool Tls::Context::Stamp::operator==(const Stamp& o) const {
  return modified.tv_sec == o.modified.tv_sec && modified.tv_nsec == o.modified.tv_nsec && inode == o.inode && size == o.size;
}

Tls::Context::Stamp Tls::Context::stamp_of(const std::string& path) {
  struct stat s;
  if (path.empty() || stat(path.c_str(), &s) != 0) return {};
  return {s.st_mtim, s.st_ino, s.st_size};
}

Tls::Context::Stamps Tls::Context::stamps() const {
  return {stamp_of(settings_.private_key), stamp_of(settings_.certificate), stamp_of(settings_.ca_cert),
          stamp_of(settings_.peer_ca_cert)};
}

void Tls::Context::configure(TlsSettings settings) {
  if (settings == settings_) return;
  settings_ = std::move(settings);
  made_ = nullptr;
  tried_ = false;
}

SslContextPtr Tls::Context::current() {
  if (source_) configure(source_());
  const Stamps now = stamps();
  if (tried_ && now == read_) return made_;
  SslContextPtr made = make();
  // One that took any peer must not stay.
  if (made || bootstraps_) made_ = std::move(made);
  tried_ = true;
  read_ = now;
  return made_;
}

SslContextPtr Tls::Context::make() {
  ERR_clear_error();
  SslContextPtr context(SSL_CTX_new(TLS_method()), SSL_CTX_free);
  if (!context) {
    log.err("SSL_CTX_new: {}", take_openssl_error());
    return nullptr;
  }
  // An idle connection keeps no buffers; nobody resumes a session, so none is kept and no ticket sent. A peer that goes
  // without a goodbye is not told from one that says it: messages know their own end.
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF |
                                         SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context.get(), 0);
  SSL_CTX_set_read_ahead(context.get(), 1);
  const ProtocolRange range = parse_protocols(settings_.protocols);
  SSL_CTX_set_min_proto_version(context.get(), range.lowest);
  SSL_CTX_set_max_proto_version(context.get(), range.highest);
  if (!SSL_CTX_set_cipher_list(context.get(), settings_.ciphers.empty() ? kDefaultCiphers : settings_.ciphers.c_str())) {
    log.err("SSL_CTX_set_cipher_list: {}", take_openssl_error());
    SSL_CTX_set_cipher_list(context.get(), kDefaultCiphers);
  }
  if (!settings_.ciphersuites.empty() && !SSL_CTX_set_ciphersuites(context.get(), settings_.ciphersuites.c_str()))
    log.err("SSL_CTX_set_ciphersuites: {}", take_openssl_error());
  const bool identity = load_identity(context.get()), authorities = load_authorities(context.get());
  return identity && authorities ? context : nullptr;
}

bool Tls::Context::load_identity(SSL_CTX* context) const {
  bool key = !settings_.private_key.empty(), certificate = !settings_.certificate.empty();
  if (certificate && SSL_CTX_use_certificate_chain_file(context, settings_.certificate.c_str()) != 1) {
    log.err("SSL_use_certificate_file: {}: {}", settings_.certificate, take_openssl_error());
    certificate = false;
  }
  // Once the certificate is there, a key of another is refused.
  if (key && SSL_CTX_use_PrivateKey_file(context, settings_.private_key.c_str(), SSL_FILETYPE_PEM) != 1) {
    const bool mismatch = ERR_GET_REASON(ERR_peek_error()) == X509_R_KEY_VALUES_MISMATCH;
    if (mismatch) {
      log.err("Private key does not match certificate public key: {}, {}: {}", settings_.private_key, settings_.certificate,
              take_openssl_error());
      return false;
    }
    log.err("SSL_use_PrivateKey_file: {}: {}", settings_.private_key, take_openssl_error());
    key = false;
  }
  if (!key) log.err("Private key must be configured to use SSL");
  if (!certificate) log.err("Certificate must be configured to use SSL");
  if (!key || !certificate) return false;
  if (settings_.peer_ca_cert.empty()) return true;
  BIO* file = BIO_new_file(settings_.peer_ca_cert.c_str(), "r");
  size_t count = 0;
  while (X509* more = file ? PEM_read_bio_X509(file, nullptr, nullptr, nullptr) : nullptr) {
    SSL_CTX_add_extra_chain_cert(context, more);
    ++count;
  }
  BIO_free(file);
  if (!count) log.err("failed to load certificates to send to peers from {}: {}", settings_.peer_ca_cert, take_openssl_error());
  ERR_clear_error();   // the end of the file is one
  return true;
}

bool Tls::Context::load_authorities(SSL_CTX* context) {
  bootstraps_ = settings_.bootstrap_ca_cert && access(settings_.ca_cert.c_str(), F_OK) != 0 && errno == ENOENT;
  if (settings_.ca_cert.empty()) {
    log.err("CA certificate must be configured to use SSL");
    return false;
  }
  if (settings_.ca_cert == "none") {
    log.warn("Peer certificate validation disabled (this is a security risk)");
    SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nullptr);
    return true;
  }
  constexpr int kBothSides = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
  if (bootstraps_) {
    SSL_CTX_set_verify(context, kBothSides, [](int, X509_STORE_CTX*) { return 1; });
    return true;
  }
  std::unique_ptr<STACK_OF(X509_NAME), StackFree> names(SSL_load_client_CA_file(settings_.ca_cert.c_str()));
  if (!names || SSL_CTX_load_verify_locations(context, settings_.ca_cert.c_str(), nullptr) != 1) {
    log.err("failed to load client certificates from {}: {}", settings_.ca_cert, take_openssl_error());
    return false;
  }
  SSL_CTX_set_client_CA_list(context, names.release());
  SSL_CTX_set_verify(context, kBothSides, nullptr);
  return true;
}

bool Tls::Context::bootstrap(SSL* ssl) {
  STACK_OF(X509)* chain = SSL_get_peer_cert_chain(ssl);
  const int count = chain ? sk_X509_num(chain) : 0;
  X509* last = count ? sk_X509_value(chain, count - 1) : SSL_get0_peer_certificate(ssl);
  if (!last) {
    log.err("failed to obtain CA certificate: the peer shows no certificate chain");
    return false;
  }
  if (X509_NAME_cmp(X509_get_subject_name(last), X509_get_issuer_name(last)) != 0 || X509_verify(last, X509_get0_pubkey(last)) != 1) {
    ERR_clear_error();
    log.err("could not bootstrap CA cert: no self-signed certificate is in the peer's certificate chain ({} certificates)", count);
    return false;
  }
  if (const int error = write_certificate(settings_.ca_cert, last); error == EEXIST) {
    log.info("reading CA cert {} created by another process", settings_.ca_cert);
  } else if (error) {
    log.err("could not bootstrap CA cert: creating {} failed: {}", settings_.ca_cert, strerror(error));
    return false;
  } else {
    log.info("successfully bootstrapped CA cert to {}", settings_.ca_cert);
    log.info("Trusting CA cert from {} ({}) (fingerprint {})", settings_.ca_cert, subject_of(last), fingerprint(last));
  }
  made_ = nullptr;
  tried_ = false;
  return true;
}

Tls::Tls() : context_(std::make_unique<Context>()) {}
Tls::~Tls() = default;
void Tls::configure(TlsSettings settings) {
  context_->follow({});
  context_->configure(std::move(settings));
}
void Tls::follow(std::function<TlsSettings()> source) { context_->follow(std::move(source)); }
const TlsSettings& Tls::settings() const { return context_->settings(); }

}  // namespace turnout::io

// OpenSSL reading and writing a socket that does not block.
#include "lib/io/tls_channel.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "lib/base/log.h"

namespace turnout::io {
namespace {

Log log{"stream_ssl"};
LogRateLimit limit{10};

bool is_address(const std::string& host) {
  unsigned char bytes[sizeof(in6_addr)];
  return inet_pton(AF_INET, host.c_str(), bytes) == 1 || host.find(':') != std::string::npos;
}

int socket_of(BIO* bio) { return static_cast<int>(reinterpret_cast<intptr_t>(BIO_get_data(bio))); }

// OpenSSL's own socket BIO would raise SIGPIPE.
BIO_METHOD* quiet_socket() {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "quiet socket");
    BIO_meth_set_write(m, [](BIO* bio, const char* from, int size) {
      const ssize_t n = ::send(socket_of(bio), from, static_cast<size_t>(size), MSG_NOSIGNAL | MSG_DONTWAIT);
      BIO_clear_retry_flags(bio);
      if (n < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_write(bio);
      return static_cast<int>(n);
    });
    BIO_meth_set_read(m, [](BIO* bio, char* into, int size) {
      const ssize_t n = ::recv(socket_of(bio), into, static_cast<size_t>(size), MSG_DONTWAIT);
      BIO_clear_retry_flags(bio);
      if (n < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_read(bio);
      if (n == 0) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
      return static_cast<int>(n);
    });
    BIO_meth_set_ctrl(m, [](BIO* bio, int command, long, void*) -> long {
      if (command == BIO_CTRL_EOF) return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0;
      return command == BIO_CTRL_FLUSH;
    });
    return m;
  }();
  return method;
}

}  // namespace

std::unique_ptr<TlsChannel> TlsChannel::create(Tls& tls, Side side, std::string_view host) {
  SslContextPtr context = tls.context().current();
  if (!context) return nullptr;
  ERR_clear_error();
  SSL* ssl = SSL_new(context.get());
  if (!ssl) {
    log.err("SSL_new: {}", take_openssl_error());
    return nullptr;
  }
  std::unique_ptr<TlsChannel> channel(new TlsChannel(tls, side, std::move(context), ssl));
  channel->bootstrapping_ = tls.context().bootstraps();
  if (side == Side::kAccept) {
    SSL_set_accept_state(ssl);
    return channel;
  }
  SSL_set_connect_state(ssl);
  const std::string& chosen = tls.settings().server_name;
  const std::string name = chosen.empty() ? std::string(host) : chosen;
  // RFC 6066 §3: addresses are no server names.
  if (!name.empty() && !is_address(name)) SSL_set_tlsext_host_name(ssl, name.c_str());
  return channel;
}

TlsChannel::~TlsChannel() { SSL_free(ssl_); }

void TlsChannel::attach(int fd) {
  BIO* bio = BIO_new(quiet_socket());
  BIO_set_data(bio, reinterpret_cast<void*>(static_cast<intptr_t>(fd)));
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_, bio, bio);
}

bool TlsChannel::wants_write() const { return last_error_ == SSL_ERROR_WANT_WRITE; }

// What a failed call means: EAGAIN, 0 for the peer's goodbye, or an errno value.
int TlsChannel::outcome(int result) {
  const int code = errno;
  last_error_ = SSL_get_error(ssl_, result);
  switch (last_error_) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE: return EAGAIN;
    case SSL_ERROR_ZERO_RETURN: return 0;
    case SSL_ERROR_SYSCALL: broken_ = true; return code ? code : ECONNRESET;
    default: broken_ = true; return shaken_ ? EIO : EPROTO;
  }
}

int TlsChannel::failed(int result, const std::string& name) {
  const char* call = side_ == Side::kConnect ? "SSL_connect" : "SSL_accept";
  const int error = outcome(result);
  if (error == EAGAIN) return error;
  broken_ = true;
  if (error == 0) {
    log.limited(limit, LogLevel::kWarn, "{}: unexpected SSL connection close ({})", call, name);
    return EPROTO;
  }
  if (error != EPROTO) {
    log.limited(limit, LogLevel::kWarn, "{}: system error ({}) ({})", call, strerror(error), name);
    return EPROTO;
  }
  const long verdict = SSL_get_verify_result(ssl_);
  const std::string text = take_openssl_error();
  if (verdict == X509_V_OK) log.limited(limit, LogLevel::kWarn, "{}: {} ({})", call, text, name);
  else log.limited(limit, LogLevel::kWarn, "{}: {} ({}: {})", call, text, name, X509_verify_cert_error_string(verdict));
  return EPROTO;
}

int TlsChannel::handshake(const std::string& name) {
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_);
  if (result != 1) return failed(result, name);
  shaken_ = true;
  if (!bootstrapping_) return 0;
  if (tls_.context().bootstrap(ssl_)) log.info("killing successful connection to retry using CA cert");
  return EPROTO;
}

ssize_t TlsChannel::read(char* into, size_t size) {
  ERR_clear_error();
  errno = 0;
  size_t n = 0;
  const int result = SSL_read_ex(ssl_, into, size, &n);
  if (result == 1) return static_cast<ssize_t>(n);
  const int error = outcome(result);
  if (last_error_ == SSL_ERROR_SSL) log.limited(limit, LogLevel::kWarn, "SSL_read: {}", take_openssl_error());
  return -error;
}

ssize_t TlsChannel::write(const char* from, size_t size) {
  ERR_clear_error();
  errno = 0;
  size_t n = 0;
  const int result = SSL_write_ex(ssl_, from, size, &n);
  if (result == 1) return static_cast<ssize_t>(n);
  const int error = outcome(result);
  if (last_error_ == SSL_ERROR_SSL) log.limited(limit, LogLevel::kWarn, "SSL_write: {}", take_openssl_error());
  return error == 0 ? -EPIPE : -error;
}

void TlsChannel::shut_down() {
  if (!shaken_ || broken_) return;
  ERR_clear_error();
  SSL_shutdown(ssl_);
  ERR_clear_error();
}

std::string TlsChannel::peer_common_name() const {
  X509* certificate = SSL_get0_peer_certificate(ssl_);
  if (!certificate || SSL_get_verify_mode(ssl_) == SSL_VERIFY_NONE || SSL_get_verify_result(ssl_) != X509_V_OK) return {};
  X509_NAME* subject = X509_get_subject_name(certificate);
  const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (at < 0) return {};
  unsigned char* text = nullptr;
  const int size = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
  if (size < 0) return {};
  std::string name(reinterpret_cast<char*>(text), static_cast<size_t>(size));
  OPENSSL_free(text);
  return name.find('\0') == std::string::npos ? name : std::string();
}

}  // namespace turnout::io

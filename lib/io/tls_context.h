// What Tls keeps: OpenSSL's context made of the settings, remade when a file has changed. For .cc files of lib/io only.
#pragma once

#include <openssl/ssl.h>
#include <sys/stat.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "lib/io/tls.h"

namespace turnout::io {

using SslContextPtr = std::shared_ptr<SSL_CTX>;

// The text of OpenSSL's last error, "error:0A000086:SSL routines::certificate verify failed", and an empty queue.
std::string take_openssl_error();
// The range of versions that a --ssl-protocols list enables; words that name none are logged. A list that enables none
// stands for the default.
struct ProtocolRange { int lowest = TLS1_2_VERSION, highest = TLS1_3_VERSION; };
ProtocolRange parse_protocols(std::string_view text);

class Tls::Context {
 public:
  void configure(TlsSettings settings);
  void follow(std::function<TlsSettings()> source) { source_ = std::move(source); }
  const TlsSettings& settings() const { return settings_; }
  // The context for a new connection; null if the settings do not do, which is logged once for each change of them or of
  // the files. Files that turned bad leave what was read before in use.
  SslContextPtr current();
  // Whether the context that current() returned last takes any peer, to keep the CA certificate that it shows.
  bool bootstraps() const { return bootstraps_; }
  // Keeps the CA among the certificates that a peer showed. False: there is none, or it cannot be written.
  bool bootstrap(SSL* ssl);

 private:
  struct Stamp {   // of a file, to see that it changed
    timespec modified{};
    ino_t inode = 0;
    off_t size = -1;
    bool operator==(const Stamp&) const;
  };
  using Stamps = std::array<Stamp, 4>;
  static Stamp stamp_of(const std::string& path);
  Stamps stamps() const;
  SslContextPtr make();
  bool load_identity(SSL_CTX* context) const;
  bool load_authorities(SSL_CTX* context);

  std::function<TlsSettings()> source_;
  TlsSettings settings_;
  Stamps read_{};
  SslContextPtr made_;
  bool tried_ = false, bootstraps_ = false;
};

}  // namespace turnout::io

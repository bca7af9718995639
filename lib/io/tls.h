// TLS of a program: its identity, whom it trusts, what it speaks. One object a loop, used by all ssl: and pssl: streams
// on it (Loop::tls()). Main thread only. ovsdb-server(1), "Public Key Infrastructure Options" and "SSL Connection Options".
//
// Files are read when a connection first needs them, and again before a later connection when one of them has changed
// on disk. Connections that exist keep what they were made with. What is wrong with a file or a word is logged as
// `stream_ssl` with its name; a connection that cannot be made for it fails with ENOPROTOOPT.
#pragma once

#include <functional>
#include <memory>
#include <string>

namespace turnout::io {

struct TlsSettings {
  std::string private_key, certificate;  // PEM files; the certificate's may hold the chain above it
  std::string ca_cert;                   // PEM file with whom to trust, or "none": peers are not verified
  std::string peer_ca_cert;              // PEM file with more certificates to send to peers; may be empty
  // The first peer's CA certificate is trusted and written to `ca_cert` where that does not exist. The connection that
  // brought it is dropped.
  bool bootstrap_ca_cert = false;
  std::string protocols;                 // "TLSv1.2,TLSv1.3", "TLSv1.2+", "TLSv1.2-TLSv1.3"; empty: all of these
  std::string ciphers, ciphersuites;     // OpenSSL's lists for TLS 1.2 and 1.3; empty: the default
  std::string server_name;               // what active connections ask for (SNI); empty: the host that they connect to
  bool operator==(const TlsSettings&) const = default;
};

class Tls {
 public:
  Tls();
  ~Tls();
  Tls(const Tls&) = delete;

  void configure(TlsSettings settings);  // for connections from now on
  // Asked for the settings before each connection, instead: they stand somewhere that changes.
  void follow(std::function<TlsSettings()> source);
  const TlsSettings& settings() const;

  class Context;                         // lib/io only
  Context& context() { return *context_; }

 private:
  std::unique_ptr<Context> context_;
};

}  // namespace turnout::io

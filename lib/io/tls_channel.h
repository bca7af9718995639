// TLS on one connected socket: handshake, reading, writing, without waiting. The owner waits, for what wants_write()
// says, and keeps the descriptor. For .cc files of lib/io only.
#pragma once

#include <openssl/ssl.h>
#include <sys/types.h>

#include <memory>
#include <string>
#include <string_view>

#include "lib/io/tls_context.h"

namespace turnout::io {

class TlsChannel {
 public:
  enum class Side { kConnect, kAccept };
  // Null if TLS is not configured (logged). `host` is the one of an active connection, for the server's name.
  static std::unique_ptr<TlsChannel> create(Tls& tls, Side side, std::string_view host);
  ~TlsChannel();
  TlsChannel(const TlsChannel&) = delete;

  void attach(int fd);
  // 0: done; EAGAIN: wait and call again; else the error, logged with `name` and its reason.
  int handshake(const std::string& name);
  // Bytes read; 0: the peer closed; or the negative of an errno value, -EAGAIN to wait.
  ssize_t read(char* into, size_t size);
  // Bytes written, or the negative of an errno value. After -EAGAIN the same bytes must come again, more may follow them.
  ssize_t write(const char* from, size_t size);
  bool wants_write() const;            // after EAGAIN: wait until the socket is writable, else readable
  void shut_down();                    // says goodbye if that needs no waiting
  // The common name of the verified certificate of the peer; empty if there is none.
  std::string peer_common_name() const;

 private:
  TlsChannel(Tls& tls, Side side, SslContextPtr context, SSL* ssl)
      : tls_(tls), context_(std::move(context)), ssl_(ssl), side_(side) {}
  int failed(int result, const std::string& name);
  int outcome(int result);

  Tls& tls_;
  SslContextPtr context_;
  SSL* ssl_;
  Side side_;
  bool bootstrapping_ = false, broken_ = false, shaken_ = false;
  int last_error_ = 0;
};

}  // namespace turnout::io

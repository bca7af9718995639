// SHA-1 by OpenSSL.
#include "lib/io/digest.h"

#include <openssl/evp.h>

#include <cstdlib>

namespace turnout::io {

namespace {

// Found once: OpenSSL looks an algorithm up, under a lock, whenever it is named, which takes longer than a short text.
class Sha1 {
 public:
  Sha1() : algorithm_(EVP_MD_fetch(nullptr, "SHA1", nullptr)), context_(EVP_MD_CTX_new()) {
    if (!algorithm_ || !context_) std::abort();
  }
  ~Sha1() {
    EVP_MD_CTX_free(context_);
    EVP_MD_free(algorithm_);
  }
  Sha1(const Sha1&) = delete;

  unsigned sum(std::string_view bytes, unsigned char* out) {
    unsigned size = 0;
    if (EVP_DigestInit_ex2(context_, algorithm_, nullptr) != 1 || EVP_DigestUpdate(context_, bytes.data(), bytes.size()) != 1 ||
        EVP_DigestFinal_ex(context_, out, &size) != 1)
      std::abort();
    return size;
  }

 private:
  EVP_MD* algorithm_;
  EVP_MD_CTX* context_;
};

}  // namespace

std::string sha1_hex(std::string_view bytes) {
  static thread_local Sha1 sha1;
  unsigned char sum[EVP_MAX_MD_SIZE];
  const unsigned size = sha1.sum(bytes, sum);
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string hex(size * 2, '0');
  for (unsigned i = 0; i < size; ++i) {
    hex[2 * i] = kDigits[sum[i] >> 4];
    hex[2 * i + 1] = kDigits[sum[i] & 15];
  }
  return hex;
}

}  // namespace turnout::io

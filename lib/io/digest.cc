// SHA-1 over OpenSSL's EVP interface.
#include "lib/io/digest.h"

#include <openssl/evp.h>

#include <cstdlib>

namespace turnout::io {

std::string sha1_hex(std::string_view bytes) {
  unsigned char sum[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), sum, &size, EVP_sha1(), nullptr) != 1) std::abort();
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  hex.reserve(size * 2);
  for (unsigned int i = 0; i < size; ++i) {
    hex += kDigits[sum[i] >> 4];
    hex += kDigits[sum[i] & 15];
  }
  return hex;
}

}  // namespace turnout::io

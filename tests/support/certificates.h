// Authorities, certificates and keys for tests, written as PEM files to the test's own directory. Elliptic keys: quick.
#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <memory>
#include <string>

namespace turnout::test {

class Authority {
 public:
  // Writes DIRECTORY/NAME.pem and NAME-key.pem.
  Authority(std::string directory, const std::string& name) : directory_(std::move(directory)) {
    key_ = EVP_EC_gen("P-256");
    certificate_ = make(name, key_, nullptr, -1, 3650, "CA:TRUE");
    write(name, certificate_, key_);
  }
  ~Authority() {
    X509_free(certificate_);
    EVP_PKEY_free(key_);
  }
  Authority(const Authority&) = delete;

  // Writes NAME.pem, signed by this authority, and NAME-key.pem. Valid from `begin` to `end` days from now.
  void issue(const std::string& name, const std::string& common_name, int begin = -1, int end = 365) const {
    EVP_PKEY* key = EVP_EC_gen("P-256");
    X509* certificate = make(common_name, key, this, begin, end, "CA:FALSE");
    write(name, certificate, key);
    X509_free(certificate);
    EVP_PKEY_free(key);
  }

 private:
  static X509* make(const std::string& common_name, EVP_PKEY* key, const Authority* issuer, int begin, int end, const char* constraint) {
    static long serial = 1;
    X509* certificate = X509_new();
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(certificate), long{begin} * 86400);
    X509_gmtime_adj(X509_getm_notAfter(certificate), long{end} * 86400);
    X509_set_pubkey(certificate, key);
    X509_NAME* name = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1, 0);
    X509_set_issuer_name(certificate, issuer ? X509_get_subject_name(issuer->certificate_) : name);
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, NID_basic_constraints, constraint);
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
    X509_sign(certificate, issuer ? issuer->key_ : key, EVP_sha256());
    return certificate;
  }
  void write(const std::string& name, X509* certificate, EVP_PKEY* key) const {
    std::unique_ptr<FILE, int (*)(FILE*)> out(fopen((directory_ + "/" + name + ".pem").c_str(), "w"), fclose);
    PEM_write_X509(out.get(), certificate);
    out.reset(fopen((directory_ + "/" + name + "-key.pem").c_str(), "w"));
    PEM_write_PrivateKey(out.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  }

  std::string directory_;
  EVP_PKEY* key_ = nullptr;
  X509* certificate_ = nullptr;
};

}  // namespace turnout::test

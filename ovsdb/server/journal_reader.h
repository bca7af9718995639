// Walks the records of a database file held in memory (ovsdb(5)): "OVSDB JSON <length> <sha1>\n" and `length` bytes of
// JSON, or "OVSDB CLUSTER …" where the file begins so. Takes any bytes at all. Pure, any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace turnout::ovsdb::server {

class JournalReader {
 public:
  enum class Next {
    kRecord,   // *text is the record, a view of the bytes
    kEnd,      // the bytes ended behind the last record
    kTorn,     // what is left is the beginning of a record that was not written to its end: cut it at offset()
    kCorrupt,  // what is left is damaged, and whole records follow: nothing may be cut
  };
  JournalReader(std::string file_name, std::string_view bytes);
  Next next(std::string_view* text);
  // Where the record that next() read, or failed to read, begins.
  size_t offset() const { return offset_; }
  // Where the next record begins.
  size_t end() const { return end_; }
  const std::string& error() const { return error_; }  // after kTorn and kCorrupt: what is wrong
  // "JSON" or "CLUSTER", empty when these bytes are no database at all.
  static std::string_view magic_of(std::string_view bytes);

 private:
  Next damaged(std::string what, size_t search_from);
  bool read_header(size_t* length, std::string_view* sum);
  std::string name_;
  std::string_view bytes_, prefix_;  // prefix_: what each header line begins with
  size_t offset_ = 0, end_ = 0;
  std::string error_;
};

}  // namespace turnout::ovsdb::server

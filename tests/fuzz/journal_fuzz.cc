// Database files: the reader of records, and the application of a record to a database.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "ovsdb/server/database.h"
#include "ovsdb/server/journal_reader.h"
#include "ovsdb/server/record.h"

using namespace turnout;
using namespace turnout::ovsdb::server;

namespace {

Database& fresh_database() {
  static std::unique_ptr<Database> database;
  const auto json = json::Json::parse(R"({"name":"D","tables":{"T":{"isRoot":true,"columns":{
    "s":{"type":{"key":"string","min":0,"max":"unlimited"}},"m":{"type":{"key":"string","value":"integer","min":0,"max":3}},
    "r":{"type":{"key":{"type":"uuid","refTable":"T"},"min":0,"max":1}}}}}})");
  database = std::make_unique<Database>(*ovsdb::Schema::from_json(*json), nullptr);
  return *database;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  JournalReader reader("file", bytes);
  std::string_view record;
  JournalReader::Next next;
  size_t last = 0;
  while ((next = reader.next(&record)) == JournalReader::Next::kRecord) {
    if (reader.end() <= last) abort();
    last = reader.end();
  }
  if (next != JournalReader::Next::kEnd && reader.error().empty()) abort();
  // The same bytes as the text of one record, which need not have a right checksum.
  const auto json = json::Json::parse(bytes);
  if (!json || !json->is_object()) return 0;
  Transaction txn(fresh_database());
  if (apply_record(txn, *json)) (void)txn.prepare();
  return 0;
}

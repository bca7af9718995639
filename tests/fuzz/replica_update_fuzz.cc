// What the source of a backup or relay sends: any update either applies as a whole or leaves the copy as it was.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "ovsdb/server/record.h"
#include "ovsdb/server/replica_update.h"

using namespace turnout;
using namespace turnout::ovsdb::server;

namespace {

constexpr char kContents[] = R"({"T":{"00000000-0000-0000-0000-000000000001":{"s":["set",["a","b"]],"m":["map",[["k",1]]]}}})";

std::unique_ptr<Database> make_database() {
  const auto json = json::Json::parse(R"({"name":"D","tables":{"T":{"isRoot":true,"columns":{
    "s":{"type":{"key":"string","min":0,"max":"unlimited"}},"m":{"type":{"key":"string","value":"integer","min":0,"max":3}},
    "r":{"type":{"key":{"type":"uuid","refTable":"T"},"min":0,"max":1}}}}}})");
  auto database = std::make_unique<Database>(*ovsdb::Schema::from_json(*json), nullptr);
  Transaction txn(*database);
  if (!apply_record(txn, *json::Json::parse(kContents)) || !txn.prepare()) abort();
  txn.finish();
  return database;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const std::unique_ptr<Database> database = make_database();
  static const RowPtr row = database->find_table("T")->rows().begin()->second.row;
  const auto json = json::Json::parse(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!json) return 0;
  for (const UpdateForm form : {UpdateForm::kOldNew, UpdateForm::kDiff}) {
    for (const auto apply : {apply_updates, apply_initial}) {
      Transaction txn(*database);
      if (apply(txn, *json, form, {"T"})) (void)txn.prepare();
      txn.rollback();
      const Table& table = *database->find_table("T");
      if (table.rows().size() != 1 || table.rows().begin()->second.row != row) abort();
    }
  }
  return 0;
}

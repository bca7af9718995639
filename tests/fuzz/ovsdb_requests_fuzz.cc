// Requests from a hostile client to a live database: the params of transact, and objects among them as monitor requests.
// What a transaction changed must survive its record: a second database follows the first by records alone.
#include <cstdlib>
#include <memory>

#include "ovsdb/server/execute.h"
#include "ovsdb/server/database.h"
#include "ovsdb/server/monitor.h"
#include "ovsdb/server/record.h"

namespace {

using namespace turnout::ovsdb;
using namespace turnout::ovsdb::server;
using turnout::json::Json;

constexpr const char* kSchema = R"({"name":"D","tables":{
  "A":{"isRoot":true,"maxRows":20,"indexes":[["s"]],"columns":{
    "i":{"type":{"key":{"type":"integer","minInteger":-9},"min":0,"max":3}},"s":{"type":"string"},
    "m":{"type":{"key":"string","value":"integer","min":0,"max":"unlimited"}},"e":{"ephemeral":true,"type":"real"},
    "one":{"type":{"key":"integer","min":1,"max":2}},
    "k":{"type":{"key":{"type":"uuid","refTable":"B"},"min":0,"max":"unlimited"}},
    "w":{"type":{"key":{"type":"uuid","refTable":"B","refType":"weak"},"min":0,"max":"unlimited"}}}},
  "B":{"columns":{"b":{"type":"boolean"},"next":{"type":{"key":{"type":"uuid","refTable":"B"},"min":0}}}}}})";

void must(bool condition) {
  if (!condition) abort();
}

struct Pair {
  Pair() {
    auto schema = *Schema::from_json(*Json::parse(kSchema));
    source = std::make_unique<Database>(schema, nullptr);
    follower = std::make_unique<Database>(schema, nullptr);
  }
  std::unique_ptr<Database> source, follower;
};

void check_same(const Database& a, const Database& b) {
  for (const auto& table : a.tables()) {
    const Table& other = *b.find_table(table->name());
    must(table->rows().size() == other.rows().size());
    for (const auto& [id, slot] : table->rows()) {
      const auto* copy = other.find(id);
      must(copy != nullptr);
      for (const ColumnSchema& column : table->schema().columns)
        must(!column.persistent || slot.row->get(column) == copy->row->get(column));
    }
  }
}

void follow(Database& follower, const std::string& record) {
  auto json = Json::parse(record);
  must(json.has_value());
  Transaction txn(follower);
  must(apply_record(txn, *json).has_value());
  must(txn.prepare(Transaction::Source::kFile).has_value());
  txn.finish();
}

void transact(Pair& pair, const Json& params) {
  static const std::function<bool(std::string_view)> owns_lock = [](std::string_view lock) { return lock == "mine"; };
  Transaction txn(*pair.source);
  Execution execution{txn, owns_lock};
  const Executed executed = execute(execution, params);
  if (executed.failed || execution.blocked) return;
  must(Json::parse(executed.result + ']').has_value());
  if (!txn.prepare()) return;
  const std::string record = transaction_record(txn, execution.comment);
  txn.finish();
  if (!record.empty()) follow(*pair.follower, record);
}

void ask_to_monitor(const Database& database, const Json& requests) {
  for (MonitorMethod method : {MonitorMethod::kMonitor, MonitorMethod::kMonitorCond, MonitorMethod::kMonitorCondSince})
    (void)parse_monitor_requests(database, requests, method);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto json = Json::parse({reinterpret_cast<const char*>(data), size});
  if (!json || !json->is_array()) return 0;
  Pair pair;
  // Each array within is a request of its own, so that later ones find what earlier ones left.
  for (size_t i = 0; i < json->size(); ++i) {
    const Json part = (*json)[i];
    if (part.is_array()) transact(pair, part);
    else ask_to_monitor(*pair.source, part);
  }
  check_same(*pair.source, *pair.follower);
  return 0;
}

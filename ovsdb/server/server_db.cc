// Schema and rows of _Server.
#include "ovsdb/server/server_db.h"

#include <cstdlib>

namespace turnout::ovsdb::server {
namespace {

constexpr std::string_view kSchema = R"({"name":"_Server","version":"1.2.0","cksum":"3009684573 744","tables":{
  "Database":{"columns":{
    "name":{"type":"string"},
    "model":{"type":{"key":{"type":"string","enum":["set",["standalone","clustered","relay"]]}}},
    "connected":{"type":"boolean"},
    "leader":{"type":"boolean"},
    "schema":{"type":{"key":{"type":"string"},"min":0,"max":1}},
    "cid":{"type":{"key":{"type":"uuid"},"min":0,"max":1}},
    "sid":{"type":{"key":{"type":"uuid"},"min":0,"max":1}},
    "index":{"type":{"key":{"type":"integer"},"min":0,"max":1}}}}}})";

Table& database_table(Database& server_db) { return *server_db.find_table("Database"); }

void commit(Transaction& txn) {
  if (!txn.prepare()) std::abort();  // these rows break no rule
  txn.finish();
  txn.database().publish(txn.changes());
}

void fill(Row& row, const Table& table, const Database& hosted, const DatabaseStatus& status) {
  auto set = [&](std::string_view column, Datum value) { row.at(*table.schema().find(column)) = std::move(value); };
  set("name", Datum::string(hosted.name()));
  set("model", Datum::string(status.model));
  set("connected", Datum::boolean(status.connected));
  set("leader", Datum::boolean(status.leader));
  set("schema", status.has_schema ? Datum::string(hosted.schema().to_json().dump(json::Json::kSorted))
                                  : Datum(AtomType::kString));
}

std::vector<RowPtr> rows_of(const Table& table, std::string_view name) {
  const ColumnSchema& column = *table.schema().find("name");
  std::vector<RowPtr> rows;
  for (const auto& [id, slot] : table.rows())
    if (slot.row->get(column).string_at() == name) rows.push_back(slot.row);
  return rows;
}

}  // namespace

std::unique_ptr<Database> make_server_database() {
  auto json = json::Json::parse(kSchema);
  if (!json) std::abort();
  auto schema = Schema::from_json(*json);
  if (!schema) std::abort();
  auto database = std::make_unique<Database>(*schema, nullptr);
  announce_database(*database, *database, {});
  return database;
}

void announce_database(Database& server_db, const Database& hosted, const DatabaseStatus& status) {
  Table& table = database_table(server_db);
  auto row = table.blank_row();
  row->uuid = Datum::uuid(Uuid::random());
  fill(*row, table, hosted, status);
  Transaction txn(server_db);
  txn.insert(table, std::move(row));
  commit(txn);
}

void update_database(Database& server_db, const Database& hosted, const DatabaseStatus& status) {
  Table& table = database_table(server_db);
  Transaction txn(server_db);
  for (const RowPtr& row : rows_of(table, hosted.name())) fill(txn.modify(table, row), table, hosted, status);
  commit(txn);
}

void withdraw_database(Database& server_db, std::string_view name) {
  Table& table = database_table(server_db);
  Transaction txn(server_db);
  for (const RowPtr& row : rows_of(table, name)) txn.erase(table, row->id());
  commit(txn);
}

}  // namespace turnout::ovsdb::server

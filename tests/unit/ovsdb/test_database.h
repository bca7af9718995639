// A small database in memory for the tests of this folder.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "ovsdb/server/execute.h"
#include "ovsdb/server/database.h"

namespace turnout::ovsdb::server {

inline std::shared_ptr<const Schema> test_schema() {
  auto json = json::Json::parse(R"({"name":"Test","version":"1.0.0","tables":{
    "Root":{"isRoot":true,"indexes":[["name"]],"maxRows":3,"columns":{
      "name":{"type":"string"},
      "count":{"type":"integer"},
      "volatile":{"type":"string","ephemeral":true},
      "words":{"type":{"key":"string","min":0,"max":"unlimited"}},
      "kids":{"type":{"key":{"type":"uuid","refTable":"Kid"},"min":0,"max":"unlimited"}},
      "weak":{"type":{"key":{"type":"uuid","refTable":"Kid","refType":"weak"},"min":0,"max":"unlimited"}}}},
    "Kid":{"columns":{"name":{"type":"string"},
      "sub":{"type":{"key":{"type":"uuid","refTable":"Kid"},"min":0,"max":1}}}}}})");
  EXPECT_TRUE(json.has_value());
  auto schema = Schema::from_json(*json);
  EXPECT_TRUE(schema.has_value());
  return *schema;
}

struct TestDatabase {
  std::unique_ptr<Database> database = std::make_unique<Database>(test_schema(), nullptr);
  std::function<bool(std::string_view)> owns_lock = [](std::string_view) { return false; };

  // Runs operations (JSON texts, comma separated) and commits; the result array as text.
  std::string transact(const std::string& operations, bool keep = true) {
    auto params = json::Json::parse("[\"Test\"," + operations + "]");
    EXPECT_TRUE(params.has_value()) << operations;
    Transaction txn(*database);
    Execution execution{txn, owns_lock};
    Executed executed = execute(execution, *params);
    if (!executed.failed) {
      if (auto sound = txn.prepare(); !sound) append_commit_error(executed, sound.error());
    }
    if (!executed.failed && keep) {
      txn.finish();
      database->publish(txn.changes());
    }
    return executed.result + ']';
  }
  size_t rows(const char* table) const { return database->find_table(table)->rows().size(); }
  // The column of all rows of a table, as one text in no particular order.
  std::string select(const std::string& table, const std::string& column) {
    return transact(R"({"op":"select","table":")" + table + R"(","where":[],"columns":[")" + column + "\"]}");
  }
};

inline constexpr char kRootWithKid[] =
    R"({"op":"insert","table":"Root","row":{"name":"r","kids":["named-uuid","k"],"weak":["named-uuid","k"]}},)"
    R"({"op":"insert","table":"Kid","row":{"name":"k"},"uuid-name":"k"})";

}  // namespace turnout::ovsdb::server

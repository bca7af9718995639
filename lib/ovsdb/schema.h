// A database schema (RFC 7047 §3.2): tables, columns, indexes; read from JSON, checked, written back. Immutable once
// made; columns and tables are named by pointer and stay where they are.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "lib/ovsdb/type.h"

namespace turnout::ovsdb {

struct ColumnSchema {
  std::string name;
  ColumnType type;
  bool is_mutable = true;
  bool persistent = true;         // false: "ephemeral"
  // Position among the table's columns, in the order of names: where a row keeps its datum. _uuid and _version have
  // kUuid and kVersion; rows keep those by themselves.
  int index = 0;
  static constexpr int kUuid = -1, kVersion = -2;
  bool is_synthetic() const { return index < 0; }
  json::Json to_json() const;
};
const ColumnSchema& uuid_column();      // _uuid, the same for every table
const ColumnSchema& version_column();   // _version

struct TableSchema {
  std::string name;
  std::vector<ColumnSchema> columns;    // by name; without _uuid and _version
  bool is_root = false;
  uint32_t max_rows = kUnlimited;
  std::vector<std::vector<const ColumnSchema*>> indexes;

  const ColumnSchema* find(std::string_view column) const;             // also _uuid and _version
  static DbResult<std::unique_ptr<TableSchema>> from_json(std::string_view name, const json::Json& json);
  json::Json to_json(bool default_is_root) const;
};

class Schema {
 public:
  std::string name, version, cksum;     // version and cksum may be empty
  // By name. In a schema without any isRoot all tables are roots (RFC 7047 §3.2).
  const std::vector<std::unique_ptr<TableSchema>>& tables() const { return tables_; }
  const TableSchema* find(std::string_view table) const;

  static DbResult<std::shared_ptr<const Schema>> from_json(const json::Json& json);
  static DbResult<std::shared_ptr<const Schema>> from_file(const std::string& path);
  json::Json to_json() const;
  // Tag and table number of a reference, or of anything a name must not be.
  static bool is_valid_id(std::string_view id);       // [a-zA-Z_][a-zA-Z0-9_]*
  static bool is_valid_version(std::string_view v);   // x.y.z
  bool same_as(const Schema& other) const;            // names, types, constraints; not version and cksum
  bool operator==(const Schema& other) const {        // version and cksum too
    return version == other.version && cksum == other.cksum && same_as(other);
  }

 private:
  DbStatus check_references() const;
  std::vector<std::unique_ptr<TableSchema>> tables_;
};

}  // namespace turnout::ovsdb

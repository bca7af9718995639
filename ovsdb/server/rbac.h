// Role-based access control (ovsdb-server(7), §3.2 and §4.1.3): whether a client may make a change, from the role of the
// connection method that it came by, the name in its certificate, and the tables RBAC_Role and its permissions. Main
// thread only; reads the tables as the transaction sees them.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "lib/ovsdb/mutation.h"
#include "ovsdb/server/table.h"

namespace turnout::ovsdb::server {

class Database;

// Who asks.
struct Principal {
  std::string role;                          // empty: not restricted
  std::string client;                        // the common name of the certificate; empty: none, which no role admits
};

// What a principal may do to one table. Errors are `permission error` in the reference's words.
class Permission {
 public:
  // None: the principal is not restricted, or the schema has no roles.
  static std::optional<Permission> of(const Database& database, const Principal& principal, const Table& table);

  DbStatus check_insert(const Row& row) const;
  DbStatus check_delete(std::span<const RowPtr> rows) const;
  DbStatus check_update(std::span<const RowPtr> rows, std::span<const std::pair<const ColumnSchema*, Datum>> values) const;
  DbStatus check_mutate(std::span<const RowPtr> rows, std::span<const Mutation> mutations) const;

 private:
  Permission(const Principal& principal, const Table& table) : principal_(principal), table_(table) {}
  bool authorizes(const Row& row) const;
  bool admits(const Mutation& mutation) const;
  DbStatus prohibit(std::string_view what) const;

  const Principal& principal_;
  const Table& table_;
  RowPtr row_;                               // of the permission table; null: nothing is allowed
  const Datum* authorization_ = nullptr;     // "COLUMN", "COLUMN:KEY", or "" for anybody
  const Datum* update_ = nullptr;            // "COLUMN", "COLUMN:KEY"
  bool insert_delete_ = false;
};

}  // namespace turnout::ovsdb::server

// Looking up permissions and judging operations by them.
#include "ovsdb/server/rbac.h"

#include <fmt/format.h>

#include <algorithm>

#include "lib/base/log.h"
#include "ovsdb/server/database.h"

namespace turnout::ovsdb::server {
namespace {

Log log_{"ovsdb_rbac"};

// A set of strings in a row; null if the table has no such column.
const Datum* strings_of(const Table& table, const Row& row, std::string_view name) {
  const ColumnSchema* column = table.schema().find(name);
  if (!column || column->type.key.type != AtomType::kString || column->type.is_map()) return nullptr;
  return &row.get(*column);
}

RowPtr role_named(const Table& roles, std::string_view name) {
  for (const auto& [id, slot] : roles.rows()) {
    const Datum* own = strings_of(roles, *slot.row, "name");
    if (own && own->size() == 1 && own->string_at() == name) return slot.row;
  }
  return nullptr;
}

struct ColumnKey {
  std::string_view column, key;   // key empty: the column as a whole
};

// "COLUMN" or "COLUMN:KEY"; what follows a further colon means nothing.
ColumnKey split_key(std::string_view text) {
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos) return {text, {}};
  const std::string_view key = text.substr(colon + 1);
  return {text.substr(0, colon), key.substr(0, key.find(':'))};
}

}  // namespace

std::optional<Permission> Permission::of(const Database& database, const Principal& principal, const Table& table) {
  if (principal.role.empty()) return std::nullopt;
  const Table* roles = database.find_table("RBAC_Role");
  if (!roles) return std::nullopt;
  Permission permission(principal, table);
  if (principal.client.empty()) return permission;
  const RowPtr role = role_named(*roles, principal.role);
  if (!role) {
    static LogRateLimit limit{5};
    log_.limited(limit, LogLevel::kInfo, "rbac: role \"{}\" not found in rbac roles table", principal.role);
    return permission;
  }
  const ColumnSchema* column = roles->schema().find("permissions");
  if (!column || !column->type.is_map() || column->type.value.type != AtomType::kUuid) return permission;
  const Table* permissions = database.find_table(column->type.value.ref_table);
  const Datum& map = role->get(*column);
  const size_t at = map.find_string(table.name());
  const Table::Slot* slot = permissions && at != Datum::kNotFound ? permissions->find(map.value(at).uuid()) : nullptr;
  if (!slot) return permission;
  permission.row_ = slot->row;
  permission.authorization_ = strings_of(*permissions, *slot->row, "authorization");
  permission.update_ = strings_of(*permissions, *slot->row, "update");
  const ColumnSchema* flag = permissions->schema().find("insert_delete");
  if (flag && flag->type.key.type == AtomType::kBoolean && !flag->type.is_map() && slot->row->get(*flag).size() == 1)
    permission.insert_delete_ = slot->row->get(*flag).boolean_at();
  return permission;
}

DbStatus Permission::prohibit(std::string_view what) const {
  return db_fail("permission error", fmt::format("RBAC rules for client \"{}\" role \"{}\" prohibit {} table \"{}\".",
                                                 principal_.client.empty() ? "(null)" : principal_.client,
                                                 principal_.role, what, table_.name()));
}

// Whether the row is the client's: one of the columns, or keys of a map, holds the client's name.
bool Permission::authorizes(const Row& row) const {
  for (size_t i = 0; authorization_ && i < authorization_->size(); ++i) {
    if (authorization_->string_at(i).empty()) return true;
    const auto [name, key] = split_key(authorization_->string_at(i));
    const ColumnSchema* column = table_.schema().find(name);
    if (!column || column->type.key.type != AtomType::kString) continue;
    const Datum& datum = row.get(*column);
    if (key.empty()) {
      if (!column->type.is_map() && column->type.max == 1 && datum.size() == 1 && datum.string_at() == principal_.client) return true;
    } else if (column->type.is_map() && column->type.value.type == AtomType::kString) {
      const size_t at = datum.find_string(key);
      if (at != Datum::kNotFound && datum.value(at).string() == principal_.client) return true;
    }
  }
  return false;
}

DbStatus Permission::check_insert(const Row& row) const {
  return insert_delete_ && authorizes(row) ? DbStatus{} : prohibit("row insertion into");
}

DbStatus Permission::check_delete(std::span<const RowPtr> rows) const {
  const bool all = row_ && std::all_of(rows.begin(), rows.end(), [&](const RowPtr& row) { return insert_delete_ && authorizes(*row); });
  return all ? DbStatus{} : prohibit("row deletion from");
}

DbStatus Permission::check_update(std::span<const RowPtr> rows, std::span<const std::pair<const ColumnSchema*, Datum>> values) const {
  // An update sets a column as a whole, so a permission for a key of it does not do.
  const auto allowed = [&](const auto& value) { return update_ && update_->find_string(value.first->name) != Datum::kNotFound; };
  const auto own = [&](const RowPtr& row) { return authorizes(*row); };
  const bool all = row_ && (rows.empty() || (std::all_of(values.begin(), values.end(), allowed) && std::all_of(rows.begin(), rows.end(), own)));
  return all ? DbStatus{} : prohibit("modification of");
}

// By the column, or, where elements of a map come or go, by each of their keys.
bool Permission::admits(const Mutation& mutation) const {
  if (!update_) return false;
  const std::string& name = mutation.column->name;
  if (update_->find_string(name) != Datum::kNotFound) return true;
  const bool by_element = mutation.mutator == Mutator::kInsert || mutation.mutator == Mutator::kDelete;
  if (!by_element || !mutation.column->type.is_map() || mutation.column->type.key.type != AtomType::kString) return false;
  const Datum& elements = mutation.arg;
  for (size_t i = 0; i < elements.size(); ++i)
    if (update_->find_string(name + ':' + std::string(elements.string_at(i))) == Datum::kNotFound) return false;
  return elements.size() > 0;
}

DbStatus Permission::check_mutate(std::span<const RowPtr> rows, std::span<const Mutation> mutations) const {
  const auto allowed = [&](const Mutation& mutation) { return admits(mutation); };
  const auto own = [&](const RowPtr& row) { return authorizes(*row); };
  const bool all = row_ && (rows.empty() || (std::all_of(mutations.begin(), mutations.end(), allowed) && std::all_of(rows.begin(), rows.end(), own)));
  return all ? DbStatus{} : prohibit("mutate operation on");
}

}  // namespace turnout::ovsdb::server

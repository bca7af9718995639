// Tables, columns, rows and values by the names a user types: any case, '-' for '_', unique prefixes; records by UUID,
// by a prefix of it, by name and by the row that refers to them. ovs-vsctl(8), "Identifying Tables, Records, and Columns".
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "utilities/ovs-vsctl/command.h"

namespace turnout::vsctl {

Result<const ovsdb::TableSchema*> find_table(const ovsdb::Schema& schema, std::string_view name);
Result<const ovsdb::ColumnSchema*> find_column(const ovsdb::TableSchema& table, std::string_view name);
// As find_column(), and refuses what cannot be changed after a row was made.
Result<const ovsdb::ColumnSchema*> find_mutable_column(const ovsdb::TableSchema& table, std::string_view name);

bool equal_names(std::string_view a, std::string_view b);   // but for case and '-' for '_'

// Replicates the column a word begins with (COLUMN, COLUMN:KEY, COLUMN=VALUE …).
Status monitor_named_column(vswitch::Idl& idl, const ovsdb::TableSchema& table, std::string_view word);
// Replicates what find_row() reads to find a record of this table by name.
void monitor_row_names(vswitch::Idl& idl, const ovsdb::TableSchema& table);
// By what records of each table are found, for --help.
std::string record_names_text();
// Null when absent and must_exist is false.
Result<ovsdb::IdlRow*> find_row(Context& ctx, const ovsdb::TableSchema& table, std::string_view name, bool must_exist);

// COLUMN[:KEY]OPERATOR VALUE as it was typed.
struct Assignment {
  const ovsdb::ColumnSchema* column = nullptr;
  std::optional<ovsdb::Atom> key;
  std::string_view op;
  std::optional<std::string_view> value;     // nullopt: nothing followed
};
// COLUMN[:KEY] alone. A key is refused where the column is no map.
Result<Assignment> parse_column_key(Context& ctx, const ovsdb::TableSchema& table, std::string_view word);
// operators: which may stand before the value, as the error message lists them; more than one make it a condition.
Result<Assignment> parse_assignment(Context& ctx, const ovsdb::TableSchema& table, std::string_view word,
                                    std::span<const std::string_view> operators);

// One "COLUMN[:KEY]=VALUE" word of set, create, add-port.
Status set_column(Context& ctx, ovsdb::IdlRow& row, std::string_view word);
// One condition of find and wait-until.
Result<bool> condition_holds(Context& ctx, const ovsdb::IdlRow& row, std::string_view word);

}  // namespace turnout::vsctl

// The operations of RFC 7047 §5.2, one source each. An operation reads its members, finishes the parser, works, and
// appends its result object to `out`.
#pragma once

#include "ovsdb/server/execute.h"

namespace turnout::ovsdb::server {

using Operation = DbStatus (*)(Execution&, ObjectParser&, std::string& out);

DbStatus op_insert(Execution&, ObjectParser&, std::string& out);
DbStatus op_select(Execution&, ObjectParser&, std::string& out);
DbStatus op_update(Execution&, ObjectParser&, std::string& out);
DbStatus op_mutate(Execution&, ObjectParser&, std::string& out);
DbStatus op_delete(Execution&, ObjectParser&, std::string& out);
DbStatus op_wait(Execution&, ObjectParser&, std::string& out);
DbStatus op_commit(Execution&, ObjectParser&, std::string& out);
DbStatus op_abort(Execution&, ObjectParser&, std::string& out);
DbStatus op_comment(Execution&, ObjectParser&, std::string& out);
DbStatus op_assert(Execution&, ObjectParser&, std::string& out);

// ---- what they share (operation_parts.cc) ----
// The table that member "table" names; null (and a complaint) if there is none.
Table* table_member(Execution&, ObjectParser&);
// Columns and values of a <row>, in the order of the JSON.
struct RowValues {
  std::vector<std::pair<const ColumnSchema*, Datum>> values;
};
DbResult<RowValues> parse_row(const Table& table, const json::Json& json, SymbolTable* symbols);
// A list of distinct columns; absent: all columns with _uuid and _version.
DbResult<std::vector<const ColumnSchema*>> parse_columns(const Table& table, const std::optional<json::Json>& json);
std::vector<RowPtr> matching_rows(const Execution& execution, const Table& table, const Condition& condition);
void append_count(std::string& out, size_t count);
// What the client may do to the table; none: anything.
std::optional<Permission> permission_for(const Execution& execution, const Table& table);
// Fails when the database must not be changed.
DbStatus check_writable(const Execution& execution, std::string_view operation);

}  // namespace turnout::ovsdb::server

// Transactions of a database file in words, for show-log. Follows the names of rows from record to record. Prints to
// standard output; `verbosity` decides how much.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "lib/ovsdb/schema.h"

namespace turnout::ovsdb::tool {

class LogPrinter {
 public:
  // LABEL "NAME", version="…", cksum="…", and later records are read by this schema.
  Status print_schema(std::string_view label, const json::Json& json);
  // Date and comment to the end of the line, then with -m the rows and a blank line.
  void print_transaction(const json::Json& record);

 private:
  static void print_date(const json::Json& record);
  void print_row(const std::string& table, const std::string& id, const json::Json& row, bool is_diff);
  void print_columns(const std::string& table, const json::Json& row);

  std::shared_ptr<const Schema> schema_;
  std::map<std::string, std::string> names_;   // table and UUID → how the row is called
};

}  // namespace turnout::ovsdb::tool

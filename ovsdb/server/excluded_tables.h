// Tables that a backup does not copy: "DB:TABLE,DB:TABLE" (ovsdb-server(1), --sync-exclude-tables). Pure, any thread.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "lib/base/result.h"

namespace turnout::ovsdb::server {

class ExcludedTables {
 public:
  static Result<ExcludedTables> parse(std::string_view text);
  void add(const std::string& database, const std::string& table) { tables_[database].insert(table); }
  bool contains(const std::string& database, const std::string& table) const;
  std::set<std::string> of(const std::string& database) const;
  bool operator==(const ExcludedTables&) const = default;
  bool empty() const { return tables_.empty(); }
  std::string to_string() const;   // sorted

 private:
  std::map<std::string, std::set<std::string>> tables_;
};

}  // namespace turnout::ovsdb::server

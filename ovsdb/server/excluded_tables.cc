// Reading and printing lists of tables.
#include "ovsdb/server/excluded_tables.h"

#include "lib/base/strings.h"

namespace turnout::ovsdb::server {

Result<ExcludedTables> ExcludedTables::parse(std::string_view text) {
  ExcludedTables excluded;
  for (const std::string_view item : split_any(text, ", ")) {
    const size_t colon = item.find(':');
    if (colon == 0 || colon == std::string_view::npos || colon + 1 == item.size())
      return fail("\"" + std::string(item) + "\": not of the form DB:TABLE");
    excluded.add(std::string(item.substr(0, colon)), std::string(item.substr(colon + 1)));
  }
  return excluded;
}

bool ExcludedTables::contains(const std::string& database, const std::string& table) const {
  auto it = tables_.find(database);
  return it != tables_.end() && it->second.contains(table);
}

std::set<std::string> ExcludedTables::of(const std::string& database) const {
  auto it = tables_.find(database);
  return it == tables_.end() ? std::set<std::string>() : it->second;
}

std::string ExcludedTables::to_string() const {
  std::string text;
  for (const auto& [database, tables] : tables_)
    for (const std::string& table : tables) text += (text.empty() ? "" : ",") + database + ':' + table;
  return text;
}

}  // namespace turnout::ovsdb::server

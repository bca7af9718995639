// The configuration file of ovsdb-server, and lists of excluded tables.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "ovsdb/server/config_file.h"

using namespace turnout;
using namespace turnout::ovsdb::server;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (auto excluded = ExcludedTables::parse(bytes)) {
    auto again = ExcludedTables::parse(excluded->to_string());
    if (!again || !(*again == *excluded)) abort();
  }
  const auto json = json::Json::parse(bytes);
  if (!json) return 0;
  const auto file = ConfigFile::from_json(*json);
  if (!file && file.error().message.empty()) abort();
  if (!file) return 0;
  for (const auto& [name, database] : file->databases)
    if (database.is_backup && database.source.remotes.empty()) abort();
  return 0;
}

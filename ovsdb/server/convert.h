// A database translated to another schema (ovsdb-tool(1) `convert`, ovsdb-server(7) §4.1.19). Main thread only.
#pragma once

#include <memory>

#include "ovsdb/server/database.h"

namespace turnout::ovsdb::server {

// A database of the new schema with what `from` holds, without a storage. Tables and columns that the new schema lacks
// are left out; the rest must be valid under it.
DbResult<std::unique_ptr<Database>> convert(const Database& from, std::shared_ptr<const Schema> schema);

}  // namespace turnout::ovsdb::server

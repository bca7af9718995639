// One version of one row. A row that a transaction has committed never changes again: a change makes a new version, so
// monitors may keep old ones as long as they like. Main thread only.
#pragma once

#include <memory>
#include <vector>

#include "lib/ovsdb/schema.h"

namespace turnout::ovsdb::server {

struct Row {
  Datum uuid, version;            // _uuid and _version as datums, so that every column reads alike
  std::vector<Datum> columns;     // by ColumnSchema::index

  const Uuid& id() const { return uuid.uuid_at(); }
  const Datum& get(const ColumnSchema& column) const {
    if (column.index >= 0) return columns[static_cast<size_t>(column.index)];
    return column.index == ColumnSchema::kUuid ? uuid : version;
  }
  Datum& at(const ColumnSchema& column) { return columns[static_cast<size_t>(column.index)]; }
};
using RowPtr = std::shared_ptr<const Row>;

}  // namespace turnout::ovsdb::server

// What an open transaction does to one row. For the replica's own sources.
#pragma once

#include <vector>

#include "lib/ovsdb/idl.h"

namespace turnout::ovsdb {

struct ColumnEdit {
  int column;
  Datum value;                // what reads see
  bool written = false;       // sent whole, by an update
  bool mutated = false;       // sent as what was added and removed
  bool verified = false;      // the committed value is a precondition
  Datum added, removed;       // elements or pairs; keys
};

struct IdlRow::Edit {
  bool inserted = false, deleted = false;
  bool keeps_uuid = false;    // of an insert
  std::vector<ColumnEdit> columns;

  const ColumnEdit* find(int column) const {
    for (const ColumnEdit& c : columns)
      if (c.column == column) return &c;
    return nullptr;
  }
};

}  // namespace turnout::ovsdb

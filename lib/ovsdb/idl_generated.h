// What the generated sources are written with; nothing else includes it.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "lib/ovsdb/idl.h"
#include "lib/ovsdb/idl_args.h"
#include "lib/ovsdb/idl_txn.h"

namespace turnout::ovsdb {

template <typename Row>
std::unique_ptr<IdlRow> make_row(IdlTable& table, const Uuid& uuid) {
  return std::make_unique<Row>(table, uuid);
}

template <typename T>
std::optional<T> optional_of(const Datum& d) {
  if (d.empty()) return std::nullopt;
  return from_cell<T>(d.key(0));
}

template <typename Row>
Row* row_of(const IdlRow& from, const Uuid& uuid) {
  return static_cast<Row*>(from.table().idl().table(Row::kTable).find(uuid));
}

template <typename Row>
Row* ref_of(const IdlRow& from, const Datum& d) {
  return d.empty() ? nullptr : row_of<Row>(from, d.uuid_at());
}

template <typename Row>
std::vector<Row*> refs_of(const IdlRow& from, const Datum& d) {
  std::vector<Row*> out;
  out.reserve(d.size());
  for (size_t i = 0; i < d.size(); i++)
    if (Row* row = row_of<Row>(from, d.uuid_at(i))) out.push_back(row);
  return out;
}

template <typename K, typename Row>
std::map<typename Kept<K>::Type, Row*> ref_map_of(const IdlRow& from, const Datum& d) {
  std::map<typename Kept<K>::Type, Row*> out;
  for (size_t i = 0; i < d.size(); i++)
    if (Row* row = row_of<Row>(from, d.value(i).uuid())) out.emplace(from_cell<K>(d.key(i)), row);
  return out;
}

inline Datum ref_datum(const IdlRow* row) { return row ? Datum::uuid(row->uuid()) : Datum(AtomType::kUuid); }

inline Datum pair_datum(Atom key, Atom value) {
  Datum d(key.type(), value.type());
  d.insert(key, value);
  return d;
}

// A schema that the build has checked.
std::shared_ptr<const Schema> parse_built_in_schema(std::string_view json);

}  // namespace turnout::ovsdb

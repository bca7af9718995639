// What the generated setters take: any range of values, of pairs, or of row pointers, made into a datum on the way in.
#pragma once

#include <initializer_list>
#include <utility>

#include "lib/ovsdb/idl_view.h"

namespace turnout::ovsdb {

template <typename T>
constexpr AtomType atom_type_of() {
  if constexpr (std::is_same_v<T, int64_t>) return AtomType::kInteger;
  else if constexpr (std::is_same_v<T, double>) return AtomType::kReal;
  else if constexpr (std::is_same_v<T, bool>) return AtomType::kBoolean;
  else if constexpr (std::is_same_v<T, std::string_view>) return AtomType::kString;
  else return AtomType::kUuid;
}

// A set of T.
template <typename T>
struct SetArg {
  Datum datum;
  SetArg() : datum(atom_type_of<T>()) {}
  SetArg(std::initializer_list<T> range) : datum(set_datum(atom_type_of<T>(), range)) {}
  template <typename Range>
  SetArg(const Range& range) : datum(set_datum(atom_type_of<T>(), range)) {}
};

// A map from K to V.
template <typename K, typename V>
struct MapArg {
  Datum datum;
  MapArg() : datum(atom_type_of<K>(), atom_type_of<V>()) {}
  MapArg(std::initializer_list<std::pair<K, V>> range) : datum(map_datum(atom_type_of<K>(), atom_type_of<V>(), range)) {}
  template <typename Range>
  MapArg(const Range& range) : datum(map_datum(atom_type_of<K>(), atom_type_of<V>(), range)) {}
};

// A set of rows, from a range of pointers to them.
template <typename Row>
struct RefsArg {
  Datum datum{AtomType::kUuid};
  RefsArg() = default;
  RefsArg(std::initializer_list<Row*> range) { fill(range); }
  template <typename Range>
  RefsArg(const Range& range) { fill(range); }

 private:
  template <typename Range>
  void fill(const Range& range) {
    DatumBuilder builder(AtomType::kUuid);
    for (const auto& row : range) builder.add(Atom::uuid(row->uuid()));
    builder.finish(&datum);
  }
};

// A map from K to rows.
template <typename K, typename Row>
struct RefMapArg {
  Datum datum{atom_type_of<K>(), AtomType::kUuid};
  RefMapArg() = default;
  template <typename Range>
  RefMapArg(const Range& range) {
    DatumBuilder builder(atom_type_of<K>(), AtomType::kUuid);
    for (const auto& [key, row] : range) builder.add(to_atom(K(key)), Atom::uuid(row->uuid()));
    builder.finish(&datum);
  }
};

}  // namespace turnout::ovsdb

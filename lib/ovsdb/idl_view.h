// What the generated getters return: sets and maps of a row as ranges of plain C++ values, read straight from the datum.
// A view (and the string_views it yields) lives until the column changes, by the server or by the open transaction;
// copy with to_set(), to_vector() or to_map() before writing to the column that is walked.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/ovsdb/datum.h"

namespace turnout::ovsdb {

// What a view's element is when it has to outlive the view.
template <typename T>
struct Kept { using Type = T; };
template <>
struct Kept<std::string_view> { using Type = std::string; };

template <typename T>
T from_cell(AtomView a) {
  if constexpr (std::is_same_v<T, int64_t>) return a.integer();
  else if constexpr (std::is_same_v<T, double>) return a.real();
  else if constexpr (std::is_same_v<T, bool>) return a.boolean();
  else if constexpr (std::is_same_v<T, std::string_view>) return a.string();
  else return a.uuid();
}
inline Atom to_atom(int64_t v) { return Atom::integer(v); }
inline Atom to_atom(double v) { return Atom::real(v); }
inline Atom to_atom(bool v) { return Atom::boolean(v); }
inline Atom to_atom(std::string_view v) { return Atom::string(v); }
inline Atom to_atom(const Uuid& v) { return Atom::uuid(v); }

// Walks indexes 0…size, element i is View::at(i).
template <typename View>
class IndexIterator {
 public:
  IndexIterator(const View* view, size_t i) : view_(view), i_(i) {}
  auto operator*() const { return view_->at(i_); }
  IndexIterator& operator++() { ++i_; return *this; }
  bool operator==(const IndexIterator& o) const { return i_ == o.i_; }

 private:
  const View* view_;
  size_t i_;
};

template <typename T>
class SetView {
 public:
  using Element = typename Kept<T>::Type;
  explicit SetView(const Datum& d) : d_(&d) {}
  size_t size() const { return d_->size(); }
  bool empty() const { return d_->empty(); }
  T at(size_t i) const { return from_cell<T>(d_->key(i)); }
  T front() const { return at(0); }
  bool contains(T v) const { return d_->contains(to_atom(v)); }
  auto begin() const { return IndexIterator<SetView>(this, 0); }
  auto end() const { return IndexIterator<SetView>(this, size()); }
  std::vector<Element> to_vector() const { std::vector<Element> out; for (T v : *this) out.emplace_back(v); return out; }
  std::set<Element> to_set() const { std::set<Element> out; for (T v : *this) out.emplace(v); return out; }

 private:
  const Datum* d_;
};

template <typename K, typename V>
class MapView {
 public:
  explicit MapView(const Datum& d) : d_(&d) {}
  size_t size() const { return d_->size(); }
  bool empty() const { return d_->empty(); }
  std::pair<K, V> at(size_t i) const { return {from_cell<K>(d_->key(i)), from_cell<V>(d_->value(i))}; }
  std::optional<V> get(K key) const {
    size_t i;
    if constexpr (std::is_same_v<K, std::string_view>) i = d_->find_string(key);
    else i = d_->find(to_atom(key));
    if (i == Datum::kNotFound) return std::nullopt;
    return from_cell<V>(d_->value(i));
  }
  V get_or(K key, V otherwise) const { return get(key).value_or(otherwise); }
  bool contains(K key) const { return get(key).has_value(); }
  auto begin() const { return IndexIterator<MapView>(this, 0); }
  auto end() const { return IndexIterator<MapView>(this, size()); }
  std::map<typename Kept<K>::Type, typename Kept<V>::Type, std::less<>> to_map() const {
    std::map<typename Kept<K>::Type, typename Kept<V>::Type, std::less<>> out;
    for (auto [k, v] : *this) out.emplace(k, v);
    return out;
  }

 private:
  const Datum* d_;
};
using StringMap = std::map<std::string, std::string, std::less<>>;

// Datums from C++ containers, for the generated setters.
template <typename Range>
Datum set_datum(AtomType type, const Range& range) {
  DatumBuilder builder(type);
  for (const auto& v : range) builder.add(to_atom(v));
  Datum d;
  builder.finish(&d);
  return d;
}
template <typename Range>
Datum map_datum(AtomType key, AtomType value, const Range& range) {
  DatumBuilder builder(key, value);
  for (const auto& [k, v] : range) builder.add(to_atom(k), to_atom(v));
  Datum d;
  builder.finish(&d);
  return d;
}
template <typename T>
Datum optional_datum(AtomType type, const std::optional<T>& v) { return v ? Datum(to_atom(*v)) : Datum(type); }

}  // namespace turnout::ovsdb

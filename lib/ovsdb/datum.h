// The value of one column of one row: an atom, a set of atoms or a map (RFC 7047 §5.1 <value>). 24 bytes; a single atom
// lies inside, everything else in one counted block that copies share until one is changed. Keys are always unique
// and sorted. A datum knows the types of its atoms, not the constraints of its column: those are in type.h.
// Distinct datums may be used by distinct threads even when they share a block.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>

#include "lib/ovsdb/atom.h"

namespace turnout::ovsdb {

class Datum {
 public:
  Datum() = default;                                             // the empty set of void
  explicit Datum(AtomType key, AtomType value = AtomType::kVoid) : key_(key), value_(value) {}
  explicit Datum(Atom atom);                                     // a set of one
  static Datum integer(int64_t v) { return Datum(Atom::integer(v)); }
  static Datum real(double v) { return Datum(Atom::real(v)); }
  static Datum boolean(bool v) { return Datum(Atom::boolean(v)); }
  static Datum string(std::string_view v) { return Datum(Atom::string(v)); }
  static Datum uuid(const Uuid& v) { return Datum(Atom::uuid(v)); }
  Datum(const Datum& o) : cell_(o.cell_), size_(o.size_), key_(o.key_), value_(o.value_) { retain(); }
  Datum(Datum&& o) noexcept : cell_(o.cell_), size_(o.size_), key_(o.key_), value_(o.value_) { o.size_ = 0; }
  Datum& operator=(const Datum& o) { Datum copy(o); swap(copy); return *this; }
  Datum& operator=(Datum&& o) noexcept { swap(o); return *this; }
  ~Datum() { if (size_) release(); }
  void swap(Datum& o) noexcept;

  AtomType key_type() const { return key_; }
  AtomType value_type() const { return value_; }                 // kVoid: a set
  bool is_map() const { return value_ != AtomType::kVoid; }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  // Elements in ascending order of their keys. The views live until the datum changes.
  AtomView key(size_t i) const { return AtomView(key_, keys() + i); }
  AtomView value(size_t i) const { return AtomView(value_, values() + i); }
  // Shortcuts for element i; the type must be right.
  int64_t integer_at(size_t i = 0) const { return keys()[i].integer; }
  double real_at(size_t i = 0) const { return keys()[i].real; }
  bool boolean_at(size_t i = 0) const { return keys()[i].boolean; }
  std::string_view string_at(size_t i = 0) const { return keys()[i].view(); }
  const Uuid& uuid_at(size_t i = 0) const { return keys()[i].uuid; }

  static constexpr size_t kNotFound = static_cast<size_t>(-1);
  size_t find(AtomView key) const;                               // binary search; kNotFound
  bool contains(AtomView key) const { return find(key) != kNotFound; }
  size_t find_string(std::string_view key) const;                // for string keys, without making an atom
  std::optional<std::string_view> get_string(std::string_view key) const;  // map string → string

  // Changes. insert() of a set; insert() of a map replaces the value of a key that is there. True if something changed.
  bool insert(AtomView key);
  bool insert(AtomView key, AtomView value);
  bool erase(AtomView key);
  void erase_at(size_t i);
  void clear();
  // Set algebra as the mutators `insert` and `delete` define it (RFC 7047 §5.1): unite() leaves existing pairs of a map
  // as they are; subtract() of a map removes equal pairs only, or by keys alone when `o` is a set.
  bool unite(const Datum& o);
  bool subtract(const Datum& o);
  void replace_key(size_t i, Atom key);                          // then restores the order

  bool operator==(const Datum& o) const;
  int compare(const Datum& o) const;                             // a total order: size, then keys, then values
  size_t hash() const;
  bool includes_all(const Datum& o) const;                       // every element (pair) of o is in *this
  bool excludes_all(const Datum& o) const;                       // none is
  // What turns `from` into *this: the elements (pairs) to add and to remove. For maps a changed value is in both.
  void diff(const Datum& from, Datum* added, Datum* removed) const;
  // The form of monitor_cond updates (ovsdb-server(7) §4.1.12, update2): the elements of a set that come or go; the
  // pairs of a map that come, go (old value) or change (new value). apply_diff() is its inverse.
  Datum diff2(const Datum& from) const;
  void apply_diff(const Datum& delta);
  size_t heap_bytes() const;                                     // for memory/show

 private:
  friend class DatumBuilder;
  friend class DatumWriter;
  struct Block {
    uint32_t refs, padding;
    Cell* cells() { return reinterpret_cast<Cell*>(this + 1); }
  };
  static_assert(sizeof(Block) == 8);
  bool in_place() const { return size_ == 1 && value_ == AtomType::kVoid; }
  Block* block() const { return reinterpret_cast<Block*>(cell_.string.shared); }
  const Cell* keys() const { return in_place() ? &cell_ : block()->cells(); }
  const Cell* values() const { return block()->cells() + size_; }
  void retain() const;
  void release();
  void apply_few(const Datum& delta);
  void unshare();
  void open_gap(size_t at);
  void close_gap(size_t at);

  Cell cell_;
  uint32_t size_ = 0;
  AtomType key_ = AtomType::kVoid, value_ = AtomType::kVoid;
};
static_assert(sizeof(Datum) == 24);

// Collects elements in any order and makes a datum of them: one allocation, one sort.
class DatumBuilder {
 public:
  DatumBuilder(AtomType key, AtomType value = AtomType::kVoid, size_t expected = 0);
  ~DatumBuilder();
  DatumBuilder(const DatumBuilder&) = delete;
  void add(Atom key);
  void add(Atom key, Atom value);
  size_t size() const { return n_; }
  // False when a key came twice; the datum then keeps one of the two. The builder is empty afterwards.
  bool finish(Datum* out);

 private:
  void grow();
  AtomType key_, value_;
  size_t n_ = 0, capacity_ = 0;
  Cell* pairs_ = nullptr;   // key, or key and value, one after the other
};

}  // namespace turnout::ovsdb

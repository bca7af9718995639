// Union, difference and inclusion of datums, and the differences that update2 and the journal carry.
#include <algorithm>

#include "lib/ovsdb/datum_writer.h"

namespace turnout::ovsdb {

namespace {
// Walks two sorted datums together. f(i, j): element i of a, j of b; kNotFound where one side lacks the key.
template <typename F>
void merge(const Datum& a, const Datum& b, F&& f) {
  size_t i = 0, j = 0;
  while (i < a.size() || j < b.size()) {
    int order = i >= a.size() ? 1 : j >= b.size() ? -1 : compare(a.key(i), b.key(j));
    if (order < 0) f(i++, Datum::kNotFound);
    else if (order > 0) f(Datum::kNotFound, j++);
    else f(i++, j++);
  }
}
bool same_value(const Datum& a, size_t i, const Datum& b, size_t j) {
  return !a.is_map() || !b.is_map() || compare(a.value(i), b.value(j)) == 0;
}
constexpr size_t kNone = Datum::kNotFound;
}  // namespace

bool Datum::includes_all(const Datum& o) const {
  for (size_t j = 0; j < o.size_; j++) {
    size_t i = find(o.key(j));
    if (i == kNotFound || !same_value(*this, i, o, j)) return false;
  }
  return true;
}

bool Datum::excludes_all(const Datum& o) const {
  for (size_t j = 0; j < o.size_; j++) {
    size_t i = find(o.key(j));
    if (i != kNotFound && same_value(*this, i, o, j)) return false;
  }
  return true;
}

bool Datum::unite(const Datum& o) {
  bool adds = false;
  for (size_t j = 0; j < o.size_ && !adds; j++) adds = !contains(o.key(j));
  if (!adds) return false;
  if (!size_) {
    *this = o;
    return true;
  }
  DatumWriter writer(key_, value_, size_ + o.size_);
  merge(*this, o, [&](size_t i, size_t j) {
    if (i != kNone) writer.add_from(*this, i);
    else writer.add_from(o, j);
  });
  writer.finish(this);
  return true;
}

bool Datum::subtract(const Datum& o) {
  if (excludes_all(o)) return false;
  DatumWriter writer(key_, value_, size_);
  merge(*this, o, [&](size_t i, size_t j) {
    if (i == kNone) return;
    if (j == kNone || !same_value(*this, i, o, j)) writer.add_from(*this, i);
  });
  writer.finish(this);
  return true;
}

void Datum::diff(const Datum& from, Datum* added, Datum* removed) const {
  AtomType key = size_ ? key_ : from.key_, value = size_ ? value_ : from.value_;
  DatumWriter plus(key, value, size_), minus(key, value, from.size_);
  merge(from, *this, [&](size_t i, size_t j) {
    if (i != kNone && j != kNone && same_value(from, i, *this, j)) return;
    if (i != kNone) minus.add_from(from, i);
    if (j != kNone) plus.add_from(*this, j);
  });
  plus.finish(added);
  minus.finish(removed);
}

Datum Datum::diff2(const Datum& from) const {
  AtomType key = size_ ? key_ : from.key_, value = size_ ? value_ : from.value_;
  DatumWriter delta(key, value, size_ + from.size_);
  merge(from, *this, [&](size_t i, size_t j) {
    if (i != kNone && j != kNone && same_value(from, i, *this, j)) return;
    if (j != kNone) delta.add_from(*this, j);
    else delta.add_from(from, i);
  });
  Datum out;
  delta.finish(&out);
  return out;
}

void Datum::apply_diff(const Datum& delta) {
  if (!delta.size_) return;
  constexpr size_t kMany = 16;
  if (size_ >= kMany && size_ / delta.size_ >= kMany) return apply_few(delta);
  AtomType key = delta.key_, value = delta.value_;
  DatumWriter writer(key, value, size_ + delta.size_);
  merge(*this, delta, [&](size_t i, size_t j) {
    if (j == kNone) writer.add_from(*this, i);
    else if (i == kNone) writer.add_from(delta, j);
    else if (value != AtomType::kVoid && !same_value(*this, i, delta, j)) writer.add_from(delta, j);
  });
  writer.finish(this);
}

// ---- a few elements of many, in place: what reading a long journal does again and again ----

void Datum::unshare() {
  if (__atomic_load_n(&block()->refs, __ATOMIC_ACQUIRE) == 1) return;
  DatumWriter writer(key_, value_, size_);
  for (size_t i = 0; i < size_; i++) writer.add_from(*this, i);
  writer.finish(this);
}

// Room for one more element at `at`; its cells are the caller's to fill. Of a block that nobody shares.
void Datum::open_gap(size_t at) {
  const size_t n = size_, stride = is_map() ? 2 : 1;
  void* larger = realloc(static_cast<void*>(block()), sizeof(Block) + (n + 1) * stride * sizeof(Cell));
  if (!larger) abort();
  cell_.string.shared = static_cast<Cell::Shared*>(larger);
  Cell* cells = block()->cells();
  auto move = [cells](size_t to, size_t from, size_t count) {
    memmove(static_cast<void*>(cells + to), cells + from, count * sizeof(Cell));
  };
  if (is_map()) {
    move(n + at + 2, n + at, n - at);
    move(n + 1, n, at);
  }
  move(at + 1, at, n - at);
  size_++;
}

// Takes out element `at`, of which the caller has released the cells.
void Datum::close_gap(size_t at) {
  const size_t n = size_;
  Cell* cells = block()->cells();
  auto move = [cells](size_t to, size_t from, size_t count) {
    memmove(static_cast<void*>(cells + to), cells + from, count * sizeof(Cell));
  };
  move(at, at + 1, n - at - 1);
  if (is_map()) {
    move(n - 1, n, at);
    move(n - 1 + at, n + at + 1, n - at - 1);
  }
  size_--;
}

void Datum::apply_few(const Datum& delta) {
  unshare();
  auto retain = [](AtomType type, const Cell& cell) { if (type == AtomType::kString) cell.retain_string(); };
  auto release = [](AtomType type, Cell& cell) { if (type == AtomType::kString) cell.release_string(); };
  for (size_t j = 0; j < delta.size_; j++) {
    const Cell* cells = block()->cells();
    const Cell& wanted = delta.keys()[j];
    const size_t at = static_cast<size_t>(std::lower_bound(cells, cells + size_, wanted, [this](const Cell& a, const Cell& b) {
                                            return compare_cells(key_, a, b) < 0; }) - cells);
    const bool there = at < size_ && compare_cells(key_, cells[at], wanted) == 0;
    if (there && is_map() && !same_value(*this, at, delta, j)) {
      Cell& value = block()->cells()[size_ + at];
      retain(value_, delta.values()[j]);
      release(value_, value);
      value = delta.values()[j];
    } else if (there) {
      release(key_, block()->cells()[at]);
      if (is_map()) release(value_, block()->cells()[size_ + at]);
      close_gap(at);
    } else {
      retain(key_, wanted);
      if (is_map()) retain(value_, delta.values()[j]);
      open_gap(at);
      block()->cells()[at] = wanted;
      if (is_map()) block()->cells()[size_ + at] = delta.values()[j];
    }
  }
}

// ---- DatumBuilder ----

DatumBuilder::DatumBuilder(AtomType key, AtomType value, size_t expected) : key_(key), value_(value) {
  if (expected) {
    capacity_ = expected;
    pairs_ = static_cast<Cell*>(malloc(capacity_ * sizeof(Cell) * (value_ == AtomType::kVoid ? 1 : 2)));
    if (!pairs_) abort();
  }
}

DatumBuilder::~DatumBuilder() {
  Datum discard;
  if (n_) finish(&discard);
  free(pairs_);
}

void DatumBuilder::grow() {
  capacity_ = capacity_ ? capacity_ * 2 : 4;
  void* more = realloc(static_cast<void*>(pairs_), capacity_ * sizeof(Cell) * (value_ == AtomType::kVoid ? 1 : 2));
  if (!more) abort();
  pairs_ = static_cast<Cell*>(more);
}

void DatumBuilder::add(Atom key) {
  if (n_ == capacity_) grow();
  pairs_[n_++] = key.release();
}

void DatumBuilder::add(Atom key, Atom value) {
  if (n_ == capacity_) grow();
  pairs_[2 * n_] = key.release();
  pairs_[2 * n_ + 1] = value.release();
  n_++;
}

namespace {
template <size_t kStride>
struct Element { Cell cells[kStride]; };

// Sorts unless it is in order already, as what a server sends always is.
template <size_t kStride>
void sort_elements(AtomType type, Cell* cells, size_t n) {
  auto* first = reinterpret_cast<Element<kStride>*>(cells);
  auto less = [type](const auto& a, const auto& b) { return compare_cells(type, a.cells[0], b.cells[0]) < 0; };
  if (!std::is_sorted(first, first + n, less)) std::stable_sort(first, first + n, less);
}
}  // namespace

bool DatumBuilder::finish(Datum* out) {
  bool map = value_ != AtomType::kVoid;
  size_t stride = map ? 2 : 1;
  if (map) sort_elements<2>(key_, pairs_, n_);
  else sort_elements<1>(key_, pairs_, n_);
  bool unique = true;
  DatumWriter writer(key_, value_, n_);
  for (size_t i = 0; i < n_; i++) {
    Cell* at = pairs_ + i * stride;
    if (i + 1 < n_ && compare_cells(key_, at[0], at[stride]) == 0) {
      unique = false;
      if (key_ == AtomType::kString) at[0].release_string();
      if (value_ == AtomType::kString) at[1].release_string();
    } else if (map) {
      writer.adopt(at[0], at[1]);
    } else {
      writer.adopt(at[0]);
    }
  }
  n_ = 0;
  writer.finish(out);
  return unique;
}

}  // namespace turnout::ovsdb

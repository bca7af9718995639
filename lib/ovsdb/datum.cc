// Storage of datums, look-ups, changes of single elements, and order. Set algebra is in datum_algebra.cc.
#include "lib/ovsdb/datum.h"

#include <cstdlib>
#include <utility>

#include "lib/ovsdb/datum_writer.h"

namespace turnout::ovsdb {

Datum::Datum(Atom atom) : size_(1), key_(atom.type()) { cell_ = atom.release(); }

void Datum::swap(Datum& o) noexcept {
  std::swap(cell_, o.cell_);
  std::swap(size_, o.size_);
  std::swap(key_, o.key_);
  std::swap(value_, o.value_);
}

void Datum::retain() const {
  if (!size_) return;
  if (in_place()) {
    if (key_ == AtomType::kString) cell_.retain_string();
  } else {
    __atomic_fetch_add(&block()->refs, 1, __ATOMIC_RELAXED);
  }
}

void Datum::release() {
  if (in_place()) {
    if (key_ == AtomType::kString) cell_.release_string();
    return;
  }
  if (__atomic_sub_fetch(&block()->refs, 1, __ATOMIC_ACQ_REL)) return;
  Cell* cells = block()->cells();
  if (key_ == AtomType::kString)
    for (size_t i = 0; i < size_; i++) cells[i].release_string();
  if (value_ == AtomType::kString)
    for (size_t i = 0; i < size_; i++) cells[size_ + i].release_string();
  free(block());
}

void Datum::clear() {
  if (size_) release();
  size_ = 0;
}

namespace {
// The index of the first key that is not less than `wanted`.
template <typename Less>
size_t lower_bound(size_t n, Less&& less) {
  size_t low = 0;
  while (n > 0) {
    size_t half = n / 2;
    if (less(low + half)) {
      low += half + 1;
      n -= half + 1;
    } else {
      n = half;
    }
  }
  return low;
}
}  // namespace

size_t Datum::find(AtomView wanted) const {
  if (!size_ || wanted.type() != key_) return kNotFound;
  const Cell* k = keys();
  size_t i = lower_bound(size_, [&](size_t at) { return compare_cells(key_, k[at], wanted.cell()) < 0; });
  return i < size_ && compare_cells(key_, k[i], wanted.cell()) == 0 ? i : kNotFound;
}

size_t Datum::find_string(std::string_view wanted) const {
  if (!size_ || key_ != AtomType::kString) return kNotFound;
  const Cell* k = keys();
  size_t i = lower_bound(size_, [&](size_t at) { return k[at].view() < wanted; });
  return i < size_ && k[i].view() == wanted ? i : kNotFound;
}

std::optional<std::string_view> Datum::get_string(std::string_view wanted) const {
  size_t i = find_string(wanted);
  if (i == kNotFound || value_ != AtomType::kString) return std::nullopt;
  return values()[i].view();
}

bool Datum::insert(AtomView wanted) {
  if (key_ == AtomType::kVoid) key_ = wanted.type();
  if (contains(wanted)) return false;
  const Cell* k = size_ ? keys() : nullptr;
  size_t at = lower_bound(size_, [&](size_t i) { return compare_cells(key_, k[i], wanted.cell()) < 0; });
  DatumWriter writer(key_, value_, size_ + 1);
  for (size_t i = 0; i < at; i++) writer.add(k[i]);
  writer.add(wanted.cell());
  for (size_t i = at; i < size_; i++) writer.add(k[i]);
  writer.finish(this);
  return true;
}

bool Datum::insert(AtomView wanted, AtomView v) {
  if (key_ == AtomType::kVoid) {
    key_ = wanted.type();
    value_ = v.type();
  }
  size_t found = find(wanted);
  if (found != kNotFound && value(found) == v) return false;
  const Cell* k = size_ ? keys() : nullptr;
  const Cell* vs = size_ ? values() : nullptr;
  size_t at = lower_bound(size_, [&](size_t i) { return compare_cells(key_, k[i], wanted.cell()) < 0; });
  DatumWriter writer(key_, value_, size_ + 1);
  for (size_t i = 0; i < at; i++) writer.add(k[i], vs[i]);
  writer.add(wanted.cell(), v.cell());
  for (size_t i = found == kNotFound ? at : at + 1; i < size_; i++) writer.add(k[i], vs[i]);
  writer.finish(this);
  return true;
}

void Datum::erase_at(size_t at) {
  DatumWriter writer(key_, value_, size_ - 1);
  for (size_t i = 0; i < size_; i++)
    if (i != at) writer.add_from(*this, i);
  writer.finish(this);
}

bool Datum::erase(AtomView wanted) {
  size_t i = find(wanted);
  if (i == kNotFound) return false;
  erase_at(i);
  return true;
}

void Datum::replace_key(size_t at, Atom wanted) {
  DatumBuilder builder(key_, value_, size_);
  for (size_t i = 0; i < size_; i++) {
    Atom k = i == at ? wanted : Atom(key(i));
    if (is_map()) builder.add(std::move(k), Atom(value(i)));
    else builder.add(std::move(k));
  }
  builder.finish(this);
}

bool Datum::operator==(const Datum& o) const {
  if (size_ != o.size_) return false;
  if (!size_) return true;
  return compare(o) == 0;
}

int Datum::compare(const Datum& o) const {
  if (size_ != o.size_) return size_ < o.size_ ? -1 : 1;
  if (!size_) return 0;
  if (key_ != o.key_ || value_ != o.value_) return key_ != o.key_ ? (key_ < o.key_ ? -1 : 1) : (value_ < o.value_ ? -1 : 1);
  if (!in_place() && block() == o.block()) return 0;
  const Cell *a = keys(), *b = o.keys();
  for (size_t i = 0; i < size_; i++)
    if (int c = compare_cells(key_, a[i], b[i])) return c;
  if (!is_map()) return 0;
  a = values(), b = o.values();
  for (size_t i = 0; i < size_; i++)
    if (int c = compare_cells(value_, a[i], b[i])) return c;
  return 0;
}

size_t Datum::hash() const {
  size_t h = size_;
  for (size_t i = 0; i < size_; i++) {
    h = h * 0x100000001b3u ^ hash_cell(key_, keys()[i]);
    if (is_map()) h = h * 0x100000001b3u ^ hash_cell(value_, values()[i]);
  }
  return h;
}

size_t Datum::heap_bytes() const {
  if (!size_) return 0;
  size_t bytes = 0;
  auto strings = [&](const Cell* c) {
    for (size_t i = 0; i < size_; i++)
      if (c[i].is_shared()) bytes += sizeof(Cell::Shared) + c[i].view().size();
  };
  if (!in_place()) bytes += sizeof(Block) + size_ * sizeof(Cell) * (is_map() ? 2 : 1);
  if (key_ == AtomType::kString) strings(keys());
  if (value_ == AtomType::kString) strings(values());
  return bytes;
}

}  // namespace turnout::ovsdb

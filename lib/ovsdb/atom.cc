// Storage of strings, order and hash of atoms.
#include "lib/ovsdb/atom.h"

#include <cstddef>
#include <cstdlib>
#include <functional>
#include <new>

namespace turnout::ovsdb {

std::string_view to_string(AtomType type) {
  switch (type) {
    case AtomType::kVoid: return "void";
    case AtomType::kInteger: return "integer";
    case AtomType::kReal: return "real";
    case AtomType::kBoolean: return "boolean";
    case AtomType::kString: return "string";
    case AtomType::kUuid: return "uuid";
  }
  return "void";
}

bool parse_atom_type(std::string_view name, AtomType* type) {
  for (AtomType t : {AtomType::kInteger, AtomType::kReal, AtomType::kBoolean, AtomType::kString, AtomType::kUuid}) {
    if (to_string(t) == name) {
      *type = t;
      return true;
    }
  }
  return false;
}

Cell Cell::of_string(std::string_view v) {
  Cell cell;
  if (v.size() < sizeof(cell.text)) {
    memcpy(cell.text, v.data(), v.size());
    cell.text[15] = static_cast<char>(v.size());
    return cell;
  }
  auto* shared = static_cast<Shared*>(malloc(offsetof(Shared, bytes) + v.size()));
  if (!shared) abort();
  shared->refs = 1;
  shared->size = static_cast<uint32_t>(v.size());
  memcpy(shared->bytes, v.data(), v.size());
  cell.string.shared = shared;
  cell.text[15] = static_cast<char>(kShared);
  return cell;
}

void Cell::release_shared() {
  if (__atomic_sub_fetch(&string.shared->refs, 1, __ATOMIC_ACQ_REL) == 0) free(string.shared);
}

namespace {
template <typename T>
int three_way(const T& a, const T& b) {
  return a < b ? -1 : b < a ? 1 : 0;
}
}  // namespace

int compare_cells(AtomType type, const Cell& a, const Cell& b) {
  switch (type) {
    case AtomType::kVoid: return 0;
    case AtomType::kInteger: return three_way(a.integer, b.integer);
    case AtomType::kReal: return three_way(a.real, b.real);
    case AtomType::kBoolean: return three_way(a.boolean, b.boolean);
    case AtomType::kString: return a.view().compare(b.view());
    case AtomType::kUuid: return three_way(a.uuid, b.uuid);
  }
  return 0;
}

size_t hash_cell(AtomType type, const Cell& cell) {
  switch (type) {
    case AtomType::kVoid: return 0;
    case AtomType::kInteger: return std::hash<int64_t>()(cell.integer) * 0x9e3779b97f4a7c15u;
    case AtomType::kReal: return std::hash<double>()(cell.real);
    case AtomType::kBoolean: return cell.boolean;
    case AtomType::kString: return std::hash<std::string_view>()(cell.view());
    case AtomType::kUuid: return std::hash<Uuid>()(cell.uuid);
  }
  return 0;
}

Atom Atom::default_of(AtomType type) {
  switch (type) {
    case AtomType::kVoid: return Atom();
    case AtomType::kInteger: return integer(0);
    case AtomType::kReal: return real(0);
    case AtomType::kBoolean: return boolean(false);
    case AtomType::kString: return string("");
    case AtomType::kUuid: return uuid(Uuid{});
  }
  return Atom();
}

}  // namespace turnout::ovsdb

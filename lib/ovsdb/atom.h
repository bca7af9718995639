// One scalar of the database: integer, real, boolean, string or UUID (RFC 7047 §5.1 <atom>). Strings of up to 15 bytes
// lie inside the atom; longer ones are shared and counted, so that copies are cheap. Value types, any thread.
#pragma once

#include <compare>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "lib/base/uuid.h"

namespace turnout::ovsdb {

enum class AtomType : uint8_t { kVoid, kInteger, kReal, kBoolean, kString, kUuid };
std::string_view to_string(AtomType type);                      // "integer", …
bool parse_atom_type(std::string_view name, AtomType* type);

// The 16 bytes of an atom without its type; Datum keeps arrays of them. Plain memory: whoever holds it retains and
// releases it by type.
union Cell {
  int64_t integer;
  double real;
  bool boolean;
  Uuid uuid;
  char text[16];  // text[15]: length 0…15, or kShared
  struct Shared {
    uint32_t refs;
    uint32_t size;
    char bytes[1];
  };
  struct {
    Shared* shared;
  } string;
  static constexpr unsigned char kShared = 0xff;

  Cell() : uuid{} {}
  bool is_shared() const { return static_cast<unsigned char>(text[15]) == kShared; }
  std::string_view view() const {
    return is_shared() ? std::string_view(string.shared->bytes, string.shared->size)
                       : std::string_view(text, static_cast<unsigned char>(text[15]));
  }
  static Cell of_string(std::string_view v);
  void retain_string() const { if (is_shared()) __atomic_fetch_add(&string.shared->refs, 1, __ATOMIC_RELAXED); }
  void release_string() { if (is_shared()) release_shared(); }

 private:
  void release_shared();
};
static_assert(sizeof(Cell) == 16);

// Names a cell that somebody else owns, with its type. Valid as long as that owner.
class AtomView {
 public:
  AtomView(AtomType type, const Cell* cell) : cell_(cell), type_(type) {}
  AtomType type() const { return type_; }
  int64_t integer() const { return cell_->integer; }
  double real() const { return cell_->real; }
  bool boolean() const { return cell_->boolean; }
  std::string_view string() const { return cell_->view(); }
  const Uuid& uuid() const { return cell_->uuid; }
  const Cell& cell() const { return *cell_; }

 private:
  const Cell* cell_;
  AtomType type_;
};

// <0, 0, >0. Atoms of one type; strings by bytes, UUIDs by value, false before true.
int compare_cells(AtomType type, const Cell& a, const Cell& b);
inline int compare(AtomView a, AtomView b) { return compare_cells(a.type(), a.cell(), b.cell()); }
inline bool operator==(AtomView a, AtomView b) { return a.type() == b.type() && compare(a, b) == 0; }
inline bool operator<(AtomView a, AtomView b) { return compare(a, b) < 0; }
size_t hash_cell(AtomType type, const Cell& cell);

// An atom that owns its value.
class Atom {
 public:
  Atom() : type_(AtomType::kVoid) {}
  explicit Atom(AtomView v) : cell_(v.cell()), type_(v.type()) { retain(); }
  Atom(const Atom& o) : cell_(o.cell_), type_(o.type_) { retain(); }
  Atom(Atom&& o) noexcept : cell_(o.cell_), type_(o.type_) { o.type_ = AtomType::kVoid; }
  Atom& operator=(Atom o) noexcept { std::swap(cell_, o.cell_); std::swap(type_, o.type_); return *this; }
  ~Atom() { if (type_ == AtomType::kString) cell_.release_string(); }

  static Atom integer(int64_t v) { Atom a(AtomType::kInteger); a.cell_.integer = v; return a; }
  static Atom real(double v) { Atom a(AtomType::kReal); a.cell_.real = v; return a; }
  static Atom boolean(bool v) { Atom a(AtomType::kBoolean); a.cell_.boolean = v; return a; }
  static Atom string(std::string_view v) { Atom a(AtomType::kString); a.cell_ = Cell::of_string(v); return a; }
  static Atom uuid(const Uuid& v) { Atom a(AtomType::kUuid); a.cell_.uuid = v; return a; }
  static Atom default_of(AtomType type);        // 0, 0.0, false, "", all zeros

  AtomType type() const { return type_; }
  AtomView view() const { return AtomView(type_, &cell_); }
  operator AtomView() const { return view(); }
  int64_t integer() const { return cell_.integer; }
  double real() const { return cell_.real; }
  bool boolean() const { return cell_.boolean; }
  std::string_view string() const { return cell_.view(); }
  const Uuid& uuid() const { return cell_.uuid; }
  Cell release() { type_ = AtomType::kVoid; return cell_; }  // the caller now owns the cell

 private:
  explicit Atom(AtomType type) : type_(type) {}
  void retain() { if (type_ == AtomType::kString) cell_.retain_string(); }
  Cell cell_;
  AtomType type_;
};
inline bool operator==(const Atom& a, const Atom& b) { return a.view() == b.view(); }
inline bool operator<(const Atom& a, const Atom& b) { return a.view() < b.view(); }

}  // namespace turnout::ovsdb

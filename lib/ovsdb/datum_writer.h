// Fills a new block of a datum with elements that come in order. For lib/ovsdb's own sources.
#pragma once

#include <cstdlib>
#include <cstring>

#include "lib/ovsdb/datum.h"

namespace turnout::ovsdb {

class DatumWriter {
 public:
  DatumWriter(AtomType key, AtomType value, size_t max) : key_(key), value_(value), max_(max) {
    size_t cells = max * (value == AtomType::kVoid ? 1 : 2);
    block_ = static_cast<Datum::Block*>(malloc(sizeof(Datum::Block) + cells * sizeof(Cell)));
    if (!block_) abort();
  }
  ~DatumWriter() {
    if (block_) {
      Datum discard;
      finish(&discard);
    }
  }
  DatumWriter(const DatumWriter&) = delete;

  // Copies, with a reference of their own.
  void add(const Cell& key) {
    if (key_ == AtomType::kString) key.retain_string();
    adopt(key);
  }
  void add(const Cell& key, const Cell& value) {
    if (key_ == AtomType::kString) key.retain_string();
    if (value_ == AtomType::kString) value.retain_string();
    adopt(key, value);
  }
  void add_from(const Datum& d, size_t i) {
    if (value_ == AtomType::kVoid) add(d.keys()[i]);
    else add(d.keys()[i], d.values()[i]);
  }
  // Takes the reference that the caller holds.
  void adopt(const Cell& key) { block_->cells()[n_++] = key; }
  void adopt(const Cell& key, const Cell& value) {
    block_->cells()[max_ + n_] = value;
    block_->cells()[n_++] = key;
  }
  // Replaces *out, which may be what the elements were copied from.
  void finish(Datum* out) {
    Datum made(key_, value_);
    Datum::Block* block = block_;
    block_ = nullptr;
    if (n_ == 0) {
      free(block);
    } else if (n_ == 1 && value_ == AtomType::kVoid) {
      made.cell_ = block->cells()[0];
      made.size_ = 1;
      free(block);
    } else {
      if (value_ != AtomType::kVoid && n_ < max_)
        memmove(static_cast<void*>(block->cells() + n_), block->cells() + max_, n_ * sizeof(Cell));
      size_t cells = n_ * (value_ == AtomType::kVoid ? 1 : 2);
      if (n_ < max_) {
        void* smaller = realloc(static_cast<void*>(block), sizeof(Datum::Block) + cells * sizeof(Cell));
        if (smaller) block = static_cast<Datum::Block*>(smaller);
      }
      block->refs = 1;
      made.cell_.string.shared = reinterpret_cast<Cell::Shared*>(block);
      made.size_ = static_cast<uint32_t>(n_);
    }
    out->swap(made);
  }

 private:
  AtomType key_, value_;
  size_t n_ = 0, max_;
  Datum::Block* block_;
};

}  // namespace turnout::ovsdb

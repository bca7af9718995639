// The generator of typed row classes: a schema as the names and C++ types of its classes, and the two files made of it.
#pragma once

#include <string>
#include <vector>

#include "lib/ovsdb/schema.h"

namespace turnout::ovsdb::gen {

enum class Kind { kScalar, kOptional, kSet, kMap, kRef, kRefs, kRefMap };

struct Column {
  const ColumnSchema* schema;
  Kind kind;
  std::string accessor;    // "ofport_request", "protected_"
  std::string constant;    // "kOfportRequest"
  std::string key, value;  // C++ types of the elements
  std::string row;         // class that a reference names
};

struct Table {
  const TableSchema* schema;
  size_t index;
  std::string class_name;  // "OpenVSwitch"
  std::string singular;    // "open_vswitch"
  std::string plural;      // "open_vswitches"
  std::vector<Column> columns;
};

struct Model {
  std::string name_space, file_stem;
  // What the library's headers are found under: "lib/" in this tree, "turnout/" where it is installed.
  std::string includes = "lib/";
  std::vector<Table> tables;
};

// Any schema has a model: names that C++ or the base classes have taken, or that two tables or columns would share,
// get an underscore.
Model make_model(const Schema& schema, std::string name_space, std::string file_stem);
std::string header_text(const Model& model);
std::string source_text(const Model& model, const std::string& schema_json, const std::string& header_name);

std::string class_name(std::string_view table);
std::string plural(std::string_view word);

}  // namespace turnout::ovsdb::gen

// Short ways to write datums and types in these tests.
#pragma once

#include <gtest/gtest.h>

#include "lib/ovsdb/schema.h"

namespace turnout::ovsdb {

inline json::Json js(std::string_view text) {
  auto json = json::Json::parse(text.empty() || (text[0] != '[' && text[0] != '{') ? "[" + std::string(text) + "]" : std::string(text));
  EXPECT_TRUE(json.has_value()) << text;
  if (!json) return {};
  return text[0] != '[' && text[0] != '{' ? (*json)[0] : *json;
}
inline ColumnType type_of(std::string_view text) {
  auto type = ColumnType::from_json(js(text));
  EXPECT_TRUE(type.has_value()) << text << (type ? "" : type.error().to_string());
  return type.value_or(ColumnType());
}
inline Datum datum_of(const ColumnType& type, std::string_view text) {
  auto datum = datum_from_json_unchecked(type, js(text));
  EXPECT_TRUE(datum.has_value()) << text << (datum ? "" : datum.error().to_string());
  return datum.value_or(Datum());
}
inline std::string json_of(const Datum& d) {
  std::string out;
  append_datum_json(out, d);
  EXPECT_EQ(out, datum_to_json(d).dump());
  return out;
}
inline const ColumnType& integers() {
  static const ColumnType type = type_of(R"({"key":"integer","min":0,"max":"unlimited"})");
  return type;
}
inline const ColumnType& strings() {
  static const ColumnType type = type_of(R"({"key":"string","min":0,"max":"unlimited"})");
  return type;
}
inline const ColumnType& string_map() {
  static const ColumnType type = type_of(R"({"key":"string","value":"string","min":0,"max":"unlimited"})");
  return type;
}

}  // namespace turnout::ovsdb

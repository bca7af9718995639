// The generated source: one line per accessor, so that it compiles quickly.
#include <fmt/format.h>

#include "lib/ovsdb/gen.h"

namespace turnout::ovsdb::gen {

namespace {

std::string atom_type(const std::string& cpp) {
  return fmt::format("ovsdb::atom_type_of<{}>()", cpp);
}

std::string from_datum(const std::string& cpp, int index) {
  std::string getter = cpp == "int64_t" ? "integer_at" : cpp == "double" ? "real_at" : cpp == "bool" ? "boolean_at"
                     : cpp == "std::string_view" ? "string_at" : "uuid_at";
  return fmt::format("get({}).{}()", index, getter);
}

std::string definitions(const std::string& cls, const Column& c) {
  const std::string &a = c.accessor, &k = c.key, &v = c.value, &row = c.row;
  int i = c.schema->index;
  std::string out;
  auto line = [&](std::string text) { out += std::move(text) + "\n"; };
  switch (c.kind) {
    case Kind::kScalar:
      line(fmt::format("{} {}::{}() const {{ return {}; }}", k, cls, a, from_datum(k, i)));
      line(fmt::format("void {}::set_{}({} value) {{ set({}, ovsdb::Datum(ovsdb::to_atom(value))); }}", cls, a, k, i));
      break;
    case Kind::kOptional:
      line(fmt::format("std::optional<{}> {}::{}() const {{ return ovsdb::optional_of<{}>(get({})); }}", k, cls, a, k, i));
      line(fmt::format("void {}::set_{}(std::optional<{}> value) {{ set({}, ovsdb::optional_datum({}, value)); }}", cls, a, k, i, atom_type(k)));
      break;
    case Kind::kSet:
      line(fmt::format("ovsdb::SetView<{}> {}::{}() const {{ return ovsdb::SetView<{}>(get({})); }}", k, cls, a, k, i));
      line(fmt::format("void {}::set_{}(const ovsdb::SetArg<{}>& values) {{ set({}, values.datum); }}", cls, a, k, i));
      line(fmt::format("void {}::add_{}({} value) {{ insert_into({}, ovsdb::Datum(ovsdb::to_atom(value))); }}", cls, a, k, i));
      line(fmt::format("void {}::remove_{}({} value) {{ remove_from({}, ovsdb::Datum(ovsdb::to_atom(value))); }}", cls, a, k, i));
      break;
    case Kind::kMap:
      line(fmt::format("ovsdb::MapView<{0}, {1}> {2}::{3}() const {{ return ovsdb::MapView<{0}, {1}>(get({4})); }}", k, v, cls, a, i));
      line(fmt::format("void {}::set_{}(const ovsdb::MapArg<{}, {}>& pairs) {{ set({}, pairs.datum); }}", cls, a, k, v, i));
      line(fmt::format("void {}::put_{}({} key, {} value) {{ insert_into({}, ovsdb::pair_datum(ovsdb::to_atom(key), ovsdb::to_atom(value))); }}", cls, a, k, v, i));
      line(fmt::format("void {}::remove_{}({} key) {{ remove_from({}, ovsdb::Datum(ovsdb::to_atom(key))); }}", cls, a, k, i));
      break;
    case Kind::kRef:
      line(fmt::format("{0}* {1}::{2}() const {{ return ovsdb::ref_of<{0}>(*this, get({3})); }}", row, cls, a, i));
      line(fmt::format("void {}::set_{}(const {}* row) {{ set({}, ovsdb::ref_datum(row)); }}", cls, a, row, i));
      break;
    case Kind::kRefs:
      line(fmt::format("std::vector<{0}*> {1}::{2}() const {{ return ovsdb::refs_of<{0}>(*this, get({3})); }}", row, cls, a, i));
      line(fmt::format("void {}::set_{}(const ovsdb::RefsArg<{}>& rows) {{ set({}, rows.datum); }}", cls, a, row, i));
      line(fmt::format("void {}::add_{}(const {}* row) {{ insert_into({}, ovsdb::ref_datum(row)); }}", cls, a, row, i));
      line(fmt::format("void {}::remove_{}(const {}* row) {{ remove_from({}, ovsdb::ref_datum(row)); }}", cls, a, row, i));
      break;
    case Kind::kRefMap:
      line(fmt::format("std::map<ovsdb::Kept<{0}>::Type, {1}*> {2}::{3}() const {{ return ovsdb::ref_map_of<{0}, {1}>(*this, get({4})); }}", k, row, cls, a, i));
      line(fmt::format("void {}::set_{}(const ovsdb::RefMapArg<{}, {}>& pairs) {{ set({}, pairs.datum); }}", cls, a, k, row, i));
      line(fmt::format("void {}::put_{}({} key, const {}* row) {{ insert_into({}, ovsdb::pair_datum(ovsdb::to_atom(key), ovsdb::Atom::uuid(row->uuid()))); }}", cls, a, k, row, i));
      line(fmt::format("void {}::remove_{}({} key) {{ remove_from({}, ovsdb::Datum(ovsdb::to_atom(key))); }}", cls, a, k, i));
      break;
  }
  line(fmt::format("void {}::verify_{}() {{ verify({}); }}", cls, c.schema->name, i));
  return out;
}

std::string idl_definitions(const Model& model) {
  std::string out =
      "const std::shared_ptr<const ovsdb::Schema>& Idl::built_in_schema() {\n"
      "  static const std::shared_ptr<const ovsdb::Schema> schema = ovsdb::parse_built_in_schema(kSchema);\n"
      "  return schema;\n}\n\n"
      "static ovsdb::Idl::Options with_rows(ovsdb::Idl::Options options) {\n  options.make_row = {\n";
  for (const Table& t : model.tables) out += fmt::format("      &ovsdb::make_row<{}>,\n", t.class_name);
  out +=
      "  };\n  return options;\n}\n\n"
      "Idl::Idl(io::Loop& loop, std::string remote, Options options)\n"
      "    : ovsdb::Idl(loop, built_in_schema(), std::move(remote), with_rows(std::move(options))) {}\n\n";
  for (const Table& t : model.tables) {
    out += fmt::format("ovsdb::Rows<{0}> Idl::{1}() const {{ return ovsdb::Rows<{0}>(table({0}::kTable)); }}\n", t.class_name, t.plural);
    if (t.schema->max_rows == 1)
      out += fmt::format("{}* Idl::{}() const {{ return {}().first(); }}\n", t.class_name, t.singular, t.plural);
  }
  return out;
}

}  // namespace

std::string source_text(const Model& model, const std::string& schema_json, const std::string& header_name) {
  std::string out = fmt::format(
      "// Generated by turnout_gen_idl from {}.ovsschema.\n#include \"{}\"\n\n#include \"{}ovsdb/idl_generated.h\"\n\n"
      "namespace {} {{\n\n",
      model.file_stem, header_name, model.includes, model.name_space);
  out += fmt::format("static constexpr std::string_view kSchema = R\"schema({})schema\";\n\n", schema_json);
  for (const Table& t : model.tables) {
    out += fmt::format("{0}::{0}(ovsdb::IdlTable& table, const turnout::Uuid& uuid) : IdlRow(table, uuid) {{}}\n", t.class_name);
    for (const Column& c : t.columns) out += definitions(t.class_name, c);
    out += "\n";
  }
  out += idl_definitions(model);
  return out + fmt::format("\n}}  // namespace {}\n", model.name_space);
}

}  // namespace turnout::ovsdb::gen

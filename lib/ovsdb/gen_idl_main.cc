// turnout_gen_idl [--includes=PREFIX] SCHEMA NAMESPACE HEADER_NAME OUTPUT_STEM: writes OUTPUT_STEM.h and OUTPUT_STEM.cc.
// Run by the build, ours and those of programs that use the installed library.
#include <cstdio>
#include <fstream>

#include "lib/ovsdb/gen.h"

namespace {

bool write(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  if (file) return true;
  fprintf(stderr, "turnout_gen_idl: cannot write %s\n", path.c_str());
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace turnout::ovsdb;
  std::string_view includes = "turnout/";
  constexpr std::string_view kIncludes = "--includes=";
  if (argc > 1 && std::string_view(argv[1]).starts_with(kIncludes)) {
    includes = std::string_view(argv[1]).substr(kIncludes.size());
    ++argv, --argc;
  }
  if (argc != 5) {
    fprintf(stderr, "usage: turnout_gen_idl [--includes=PREFIX] SCHEMA NAMESPACE HEADER_NAME OUTPUT_STEM\n");
    return 1;
  }
  std::string path = argv[1], stem = argv[4];
  auto schema = Schema::from_file(path);
  if (!schema) {
    fprintf(stderr, "turnout_gen_idl: %s\n", schema.error().to_string().c_str());
    return 1;
  }
  std::string base = path.substr(path.rfind('/') + 1);
  gen::Model model = gen::make_model(**schema, argv[2], base.substr(0, base.find('.')));
  model.includes = includes;
  std::string json = (*schema)->to_json().dump();
  if (!write(stem + ".h", gen::header_text(model)) || !write(stem + ".cc", gen::source_text(model, json, argv[3]))) return 1;
  return 0;
}

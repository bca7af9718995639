// Drives a fuzz target where libFuzzer is not at hand: every file of the corpus, then seeded mutations of them. The
// seed is fixed, so that a failure comes again; the input in progress is written to crash-input when a signal ends it.
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

constexpr size_t kLongest = 4096;

std::string current;

void on_crash(int signal_number) {
  if (FILE* file = std::fopen("crash-input", "wb")) {
    std::fwrite(current.data(), 1, current.size(), file);
    std::fclose(file);
  }
  signal(signal_number, SIG_DFL);
  raise(signal_number);
}

void run(std::string input) {
  current = std::move(input);
  // A copy of the exact size, so that a sanitizer sees a read beyond the end.
  const std::vector<uint8_t> exact(current.begin(), current.end());
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

void read_corpus(const std::filesystem::path& path, std::vector<std::string>* corpus) {
  if (std::filesystem::is_directory(path)) {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(path)) files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    for (const auto& file : files) read_corpus(file, corpus);
    return;
  }
  std::ifstream file(path, std::ios::binary);
  corpus->emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

class Mutator {
 public:
  explicit Mutator(const std::vector<std::string>& corpus) : corpus_(corpus) {}

  std::string next() {
    std::string input = corpus_.empty() ? "" : pick();
    const size_t edits = 1 + below(6);
    for (size_t i = 0; i < edits; ++i) edit(input);
    if (input.size() > kLongest) input.resize(kLongest);
    return input;
  }

 private:
  size_t below(size_t n) { return n ? random_() % n : 0; }
  const std::string& pick() { return corpus_[below(corpus_.size())]; }
  char byte() { return static_cast<char>(below(256)); }

  void edit(std::string& s) {
    const size_t at = below(s.size() + 1);
    switch (below(7)) {
      case 0: if (at < s.size()) s[at] = byte(); break;
      case 1: if (at < s.size()) s[at] = static_cast<char>(s[at] ^ (1 << below(8))); break;
      case 2: s.insert(at, 1, byte()); break;
      case 3: s.erase(at, 1 + below(8)); break;
      case 4: s.resize(at); break;
      case 5: s.insert(at, s.substr(at, 1 + below(32))); break;
      default:
        if (!corpus_.empty()) {
          const std::string& other = pick();
          s.insert(at, other.substr(below(other.size() + 1), 1 + below(64)));
        }
    }
  }

  const std::vector<std::string>& corpus_;
  std::mt19937 random_{20240229};
};

}  // namespace

int main(int argc, char** argv) {
  unsigned long runs = 0;
  std::vector<std::string> corpus;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word.starts_with("-runs=")) runs = std::strtoul(word.c_str() + 6, nullptr, 10);
    else if (std::filesystem::exists(word)) read_corpus(word, &corpus);
    else if (!word.starts_with('-')) return std::fprintf(stderr, "%s: no such file\n", word.c_str()), 1;
  }
  for (int crash : {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL}) signal(crash, on_crash);
  for (const std::string& input : corpus) run(input);
  Mutator mutator(corpus);
  for (unsigned long i = 0; i < runs; ++i) run(mutator.next());
  std::printf("%zu inputs and %lu mutations\n", corpus.size(), runs);
  return 0;
}

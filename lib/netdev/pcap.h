// Capture files that any pcap reader takes: classic format, microseconds, Ethernet. One thread at a time.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <span>
#include <string>

#include "lib/base/result.h"

namespace turnout::netdev {

class PcapFile {
 public:
  static Result<std::shared_ptr<PcapFile>> create(const std::string& path);   // an existing file is emptied
  ~PcapFile();
  void write(int64_t wall_ms, std::span<const uint8_t> frame);               // flushed at once

 private:
  explicit PcapFile(FILE* file) : file_(file) {}
  FILE* file_;
};

}  // namespace turnout::netdev

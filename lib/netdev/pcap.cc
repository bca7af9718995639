// Writing capture files.
#include "lib/netdev/pcap.h"

#include <cerrno>

namespace turnout::netdev {

namespace {
struct FileHeader {
  uint32_t magic = 0xa1b2c3d4;
  uint16_t major = 2, minor = 4;
  uint32_t zone = 0, accuracy = 0, snap_length = 1518, link_type = 1;
};
struct RecordHeader { uint32_t seconds, microseconds, captured, length; };
}  // namespace

Result<std::shared_ptr<PcapFile>> PcapFile::create(const std::string& path) {
  FILE* file = std::fopen(path.c_str(), "wbe");
  if (!file) return fail_errno(path, errno);
  const FileHeader header;
  std::fwrite(&header, sizeof header, 1, file);
  std::fflush(file);
  return std::shared_ptr<PcapFile>(new PcapFile(file));
}

PcapFile::~PcapFile() { std::fclose(file_); }

void PcapFile::write(int64_t wall_ms, std::span<const uint8_t> frame) {
  const auto size = static_cast<uint32_t>(frame.size());
  const RecordHeader header{static_cast<uint32_t>(wall_ms / 1000), static_cast<uint32_t>(wall_ms % 1000 * 1000), size, size};
  std::fwrite(&header, sizeof header, 1, file_);
  std::fwrite(frame.data(), 1, frame.size(), file_);
  std::fflush(file_);
}

}  // namespace turnout::netdev

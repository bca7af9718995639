// Driver names and link speeds by the ethtool ioctl. ethtool's structures are those of <linux/ethtool.h>.
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>

#include "lib/netlink/link.h"

namespace turnout::netlink {

namespace {
constexpr unsigned kMaxLinkModeWords = 127;   // what the kernel may ask for, in 32-bit words per mode map

template <size_t N>
std::string text(const char (&field)[N]) { return std::string(field, strnlen(field, N)); }

void read_speed(int fd, ifreq& request, DriverInfo& out) {
  alignas(ethtool_link_settings) char space[sizeof(ethtool_link_settings) + 3 * kMaxLinkModeWords * sizeof(uint32_t)]{};
  auto* settings = reinterpret_cast<ethtool_link_settings*>(space);
  settings->cmd = ETHTOOL_GLINKSETTINGS;
  request.ifr_data = space;
  if (ioctl(fd, SIOCETHTOOL, &request) < 0 || settings->link_mode_masks_nwords >= 0) return;
  // The first call answers with the negated number of words that the second must bring.
  settings->link_mode_masks_nwords = static_cast<int8_t>(-settings->link_mode_masks_nwords);
  settings->cmd = ETHTOOL_GLINKSETTINGS;
  if (ioctl(fd, SIOCETHTOOL, &request) < 0) return;
  if (settings->speed != static_cast<uint32_t>(SPEED_UNKNOWN)) out.speed_bps = settings->speed * uint64_t{1000000};
  out.full_duplex = settings->duplex == DUPLEX_FULL;
}
}  // namespace

DriverInfo read_driver_info(const std::string& name) {
  DriverInfo out;
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || name.size() >= IFNAMSIZ) {
    if (fd >= 0) close(fd);
    return out;
  }
  ifreq request{};
  std::memcpy(request.ifr_name, name.data(), name.size());
  ethtool_drvinfo driver{};
  driver.cmd = ETHTOOL_GDRVINFO;
  request.ifr_data = reinterpret_cast<char*>(&driver);
  if (ioctl(fd, SIOCETHTOOL, &request) == 0) {
    out.driver = text(driver.driver);
    out.version = text(driver.version);
    out.firmware = text(driver.fw_version);
  }
  read_speed(fd, request, out);
  close(fd);
  return out;
}

DriverInfo read_driver_info(const std::string& name, const Netns& ns) {
  DriverInfo out;
  Status entered = run_in(ns, [&] { out = read_driver_info(name); });
  return entered ? out : DriverInfo{};
}

}  // namespace turnout::netlink

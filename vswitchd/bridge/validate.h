// Takes out of Desired what cannot be: bridges with impossible names, an interface or a port that two parents claim.
// What is taken out is said in words, to be logged. Pure.
#pragma once

#include <string>
#include <vector>

#include "vswitchd/bridge/desired.h"

namespace turnout::bridge {

struct Complaint {
  std::string text;               // for the log
  bool is_error = false;          // ERR instead of WARN
  // The rows that this is about and what is wrong with them, for Interface.error; may be empty.
  std::vector<Uuid> interfaces;
  std::string interface_error;
  friend bool operator==(const Complaint&, const Complaint&) = default;
};

bool is_valid_bridge_name(std::string_view name);

// Names decide who keeps what: bridges and ports in alphabetical order.
std::vector<Complaint> validate(Desired& desired);

}  // namespace turnout::bridge

// Files of the clustered format (ovsdb(5), "Clustered Format" and "Joining a Cluster"), read only: what a server of a
// cluster wrote for itself. No server of this project takes part in clusters.
#pragma once

#include <functional>
#include <string>

#include "lib/base/result.h"
#include "lib/json/json.h"

namespace turnout::ovsdb::tool {

// Calls each(record, index) for every whole record; record 0 is the header. A torn tail is left out with a
// warning; damage with records behind it is an error. Fails with "PATH: not a clustered database" on a standalone file.
Status read_cluster_file(const std::string& path, const std::function<Status(const json::Json& record, size_t index)>& each);

// Record 0. Fails where it lacks what every header has.
Result<json::Json> read_cluster_header(const std::string& path);
// Prints a member of the header that is a string.
Result<int> print_cluster_member(const std::string& path, const char* member);
// <servers> as `d617("tcp:127.0.0.1:6644"), …`.
std::string servers_text(const json::Json& servers);

}  // namespace turnout::ovsdb::tool

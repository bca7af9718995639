// Of the servers of a cluster the replica may want the leader: it watches the server's own record of the database in the
// _Server database (ovsdb-server(5)) and leaves a server that does not lead.
#include "lib/ovsdb/idl.h"

namespace turnout::ovsdb {

using json::Json;
using json::Message;

namespace {
Json server_monitor_id() { return Json::array({"idl", "_Server"}); }
}  // namespace

void Idl::watch_leader() {
  is_clustered_ = false;
  leads_ = true;
  if (!options_.leader_only || !session_->has_choice()) return;
  Json what = Json::object({{"columns", Json::array({"model", "leader", "connected"})},
                            {"where", Json::array({Json::array({"name", "==", schema_->name})})}});
  leader_id_ = request("monitor_cond", Json::array({"_Server", server_monitor_id(), Json::object({{"Database", Json::array({what})}})}));
}

// A server too old for a _Server database knows no clusters either: an error is an answer.
void Idl::on_leader_reply(const Message& message) {
  leader_id_.reset();
  if (message.type == Message::Type::kReply) on_leader_update(message.result);
}

bool Idl::is_leader_update(const Json& params) const { return params[0] == server_monitor_id(); }

void Idl::on_leader_update(const Json& updates) {
  updates.get("Database").each_member([this](std::string_view, const Json& change) {
    for (const char* kind : {"initial", "insert", "modify"}) {
      Json row = change.get(kind);
      if (!row.is_object()) continue;
      if (row.has("model")) is_clustered_ = row.get("model").as_string() == "clustered";
      if (row.has("leader")) leads_ = row.get("leader").as_bool();
      if (row.has("connected") && !row.get("connected").as_bool()) leads_ = false;
    }
  });
  if (is_clustered_ && !leads_) session_->try_next(Error("clustered database server is not cluster leader; trying another server"));
}

}  // namespace turnout::ovsdb

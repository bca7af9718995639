// A database that is a copy of another server's, kept in memory (ovsdb(7), "Relay Service Model"): follows its source,
// and sends it the transactions that change something. Reads and monitors are served here. Main thread only.
#pragma once

#include <list>
#include <map>
#include <set>
#include <string>

#include "ovsdb/server/replica_update.h"
#include "ovsdb/server/source_link.h"
#include "ovsdb/server/trigger.h"

namespace turnout::ovsdb::server {

class Server;

class Relay : public Forwarder {
 public:
  // `server` hosts the database `name`, an empty one until the source has told its schema. With several sources each
  // failure goes on to the next.
  Relay(Server& server, std::string name, const SourceLink::Settings& source);
  ~Relay() override;
  // "relay:NAME:REMOTES" as the command line has it.
  struct Name {
    std::string database, remotes;
  };
  static Result<Name> parse(const std::string& text);

  void forward(const TriggerPtr& trigger) override;
  void cancel(const TriggerPtr& trigger) override;
  bool holds(const TriggerPtr& trigger) const override;
  const SourceLink::Settings& source() const { return source_; }
  void set_probe_interval(Duration interval);
  // What becomes of a source that is lost: for so long clients are told nothing, as most come back at once.
  static constexpr Duration kGrace = std::chrono::seconds(30);

 private:
  void start();
  void fetch_schema();
  Status take_schema(const json::Json& schema);
  void monitor(const char* method);
  void take_contents(const json::Message& reply, const std::string& method);
  void watch_source();
  void note_source(const json::Json& updates);
  void source_serves(bool connected);
  void take_notification(const json::Message& message);
  void lost();
  void set_connected(bool connected);
  void send_waiting();
  void send(const TriggerPtr& trigger);
  std::set<std::string> table_names() const;

  Server& server_;
  const std::string name_;
  SourceLink::Settings source_;
  bool has_several_sources_ = false;
  bool has_schema_ = false, connected_ = false;
  bool following_ = false;                     // the contents have come, updates follow
  bool source_serves_ = true;                  // false: the source is a relay that has lost its own source
  std::string last_transaction_;               // of monitor_cond_since
  std::list<TriggerPtr> waiting_;              // for a connection
  std::map<int64_t, TriggerPtr> sent_;         // by the id of the request to the source
  io::Handle grace_;
  SourceLink link_;
};

}  // namespace turnout::ovsdb::server

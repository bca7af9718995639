// One datapath with everything that serves it: snapshot, upcalls, revalidators. The configuration layer owns one for
// each datapath type in use. Members are in order of construction; destroyed in reverse. Main thread.
#pragma once

#include <memory>

#include "lib/datapath/datapath.h"
#include "lib/io/loop.h"
#include "vswitchd/translate/snapshot.h"
#include "vswitchd/upcall/revalidator.h"
#include "vswitchd/upcall/upcall_handler.h"

namespace turnout::upcall {

class Backend {
 public:
  // Sets itself as the datapath's upcall sink; the datapath has no ports yet. It is destroyed when
  // the revalidators have ended and before the handler.
  Backend(io::Loop& loop, std::unique_ptr<datapath::Datapath> datapath);
  ~Backend();
  Backend(const Backend&) = delete;

  datapath::Datapath& datapath() { return *datapath_; }
  translate::SnapshotWriter& snapshots() { return snapshots_; }
  UpcallHandler& handler() { return *handler_; }
  Revalidator& revalidator() { return *revalidator_; }

  // What flows may ask of the datapath: what it can do, less what dpif/set-dp-features took away.
  const datapath::Features& features() const { return features_; }
  void use_features(const datapath::Features& features);    // installed flows are made anew

  // Watches a learning table: its changes re-translate flows, and its ageing runs on a deadline of the loop. Called
  // once for the table of each bridge; the handle ends it.
  io::Handle adopt(std::shared_ptr<l2::MacTable> table);

 private:
  io::Loop& loop_;
  translate::SnapshotWriter snapshots_;
  std::unique_ptr<UpcallHandler> handler_;
  std::unique_ptr<datapath::Datapath> datapath_;
  datapath::Features features_;
  std::unique_ptr<Revalidator> revalidator_;
};

}  // namespace turnout::upcall

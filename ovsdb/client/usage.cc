// The text of --help.
#include "ovsdb/client/usage.h"

#include "lib/cli/options.h"

namespace turnout::ovsdb::client {
namespace {

constexpr const char* kCommands =
    "ovsdb-client: Open vSwitch database JSON-RPC client\n"
    "usage: ovsdb-client [OPTIONS] COMMAND [ARG...]\n"
    "\n"
    "Databases of a server and their schemas:\n"
    "  list-dbs [SERVER]                              names of the databases\n"
    "  get-schema [SERVER] [DATABASE]                 the schema, as JSON\n"
    "  get-schema-version [SERVER] [DATABASE]         its version number\n"
    "  get-schema-cksum [SERVER] [DATABASE]           its checksum\n"
    "  list-tables [SERVER] [DATABASE]                names of the tables\n"
    "  list-columns [SERVER] [DATABASE] [TABLE]       names and types of the columns\n"
    "  needs-conversion [SERVER] SCHEMA               whether SCHEMA's database has another schema\n"
    "  convert [SERVER] SCHEMA                        gives SCHEMA's database that schema\n"
    "\n"
    "Contents:\n"
    "  transact [SERVER] TRANSACTION                  runs TRANSACTION, prints its results\n"
    "  query [SERVER] TRANSACTION                     the same, and changes nothing\n"
    "  dump [SERVER] [DATABASE] [TABLE [COLUMN...]]   prints all rows\n"
    "  backup [SERVER] [DATABASE] > SNAPSHOT          writes a database file\n"
    "  [--force] restore [SERVER] [DATABASE] < SNAPSHOT\n"
    "                                                 replaces the contents by those of a file\n"
    "\n"
    "Changes, as they happen:\n"
    "  monitor [SERVER] [DATABASE] TABLE [COLUMN,...]...\n"
    "  monitor [SERVER] [DATABASE] ALL\n"
    "  monitor-cond [SERVER] [DATABASE] CONDITIONS TABLE [COLUMN,...]...\n"
    "  monitor-cond-since [SERVER] [DATABASE] [LASTID] CONDITIONS TABLE [COLUMN,...]...\n"
    "    COLUMNs may include !initial, !insert, !delete, !modify, which leave out changes of that kind.\n"
    "  wait [SERVER] DATABASE STATE                   until it is \"added\", \"connected\" or \"removed\"\n"
    "\n"
    "Locks, for tests:\n"
    "  lock [SERVER] LOCK                             asks for LOCK and waits for it\n"
    "  steal [SERVER] LOCK                            takes LOCK from its owner\n"
    "  unlock [SERVER] LOCK                           gives LOCK up\n"
    "\n";

constexpr const char* kConnections =
    "The default DATABASE is Open_vSwitch.\n"
    "\n"
    "Active SERVER connection methods:\n"
    "  tcp:HOST:PORT           PORT at remote HOST\n"
    "  ssl:HOST:PORT           SSL PORT at remote HOST\n"
    "  unix:FILE               Unix domain socket named FILE\n"
    "Passive SERVER connection methods:\n"
    "  ptcp:PORT[:IP]          listen to TCP PORT on IP\n"
    "  pssl:PORT[:IP]          listen for SSL on PORT on IP\n"
    "  punix:FILE              listen on Unix domain socket FILE\n"
    "Several SERVERs with commas between them are tried in random order.\n"
    "  --no-leader-only        accept a server that does not lead its cluster\n";

constexpr const char* kFormats =
    "\n"
    "Output formatting options:\n"
    "  -f, --format=FORMAT         set output formatting to FORMAT\n"
    "                              (\"table\", \"list\", \"html\", \"csv\", or \"json\")\n"
    "  -d, --data=FORMAT           set table cell output formatting to\n"
    "                              FORMAT (\"string\", \"bare\", or \"json\")\n"
    "  --no-headings               omit table heading row\n"
    "  --pretty                    pretty-print JSON in output\n"
    "  --bare                      equivalent to \"--format=list --data=bare --no-headings\"\n"
    "  --max-column-width=N        cut table columns to N characters\n"
    "  --timestamp                 timestamp \"monitor\" output\n"
    "  -t, --timeout=SECS          give up after SECS seconds\n"
    "  --no-db-change-aware        do not ask to be told of a database that goes\n";

}  // namespace

std::string usage_text(const std::string& default_remote) {
  std::string text = kCommands;
  text += "The default SERVER is " + default_remote + ".\n";
  text += kConnections;
  for (const std::string_view part : {cli::tls_help(), std::string_view(kFormats), cli::daemon_help(), cli::logging_help()}) text += part;
  return text;
}

}  // namespace turnout::ovsdb::client

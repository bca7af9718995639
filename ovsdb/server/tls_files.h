// The TLS files of the server: those of the command line, or those that columns of its databases name
// (--private-key=db:DB,TABLE,COLUMN), read anew for every connection. Main thread only.
#pragma once

#include "lib/io/tls.h"
#include "ovsdb/server/server.h"

namespace turnout::ovsdb::server {

// Gives the settings to the server's loop; the server must outlive the use of its loop for TLS. A column that is not
// there, because its database is not (yet, or any more), stands for no file.
void use_tls(Server& server, const io::TlsSettings& options);
// An option that names a column which is not there, or holds no strings, in the reference's words. Once databases are open.
Status check_tls_columns(const Server& server, const io::TlsSettings& options);

}  // namespace turnout::ovsdb::server

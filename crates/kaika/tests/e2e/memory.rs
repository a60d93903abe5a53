//! Whether the server's memory gets to a disk.

use crate::bench::Running;
use crate::serve::Authority;
use kaika_testkit::tools::Tool;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;

fn served() -> (Authority, Running) {
    let authority = Authority::unconfigured();
    let origin = format!("http://localhost:{}", authority.port());
    authority.plain(&origin, "sqlite:kaika.db");
    authority.operator(&["init"]).expect_success();
    let config = authority.path("kaika.toml");
    let limit = ["-c", "ulimit -c unlimited; exec \"$@\"", "sh"];
    let program = crate::bench::program("kaika");
    let arguments = [&limit[..], &[program.to_str().unwrap(), "serve", "--config", &config]].concat();
    let mut server = Running::start_other(Path::new("/bin/sh"), &arguments, &[]);
    let ready = format!("{origin}/readyz");
    server.wait_until("ready", |_| Tool::new("curl").args(["--silent", "--fail", &ready]).run().status.success());
    (authority, server)
}

#[test]
fn the_servers_memory_gets_to_no_disk() {
    let (_authority, mut server) = served();
    server.signal("ABRT");
    let status = server.wait_for_end(crate::bench::PATIENCE);
    assert_eq!((status.signal(), status.core_dumped()), (Some(6), false));
}

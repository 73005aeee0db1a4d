// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.southbound.netconf.access.PasswordHash;
import org.southbound.netconf.access.Users;
import org.southbound.netconf.datastore.FileStore;
import org.southbound.netconf.schema.Schema;

/** Servers for tests: the product's models and one for trying things, users admin and guest. */
public final class TestServer {
  public static final String ADMIN_PASSWORD = "admin-secret";
  public static final String GUEST_PASSWORD = "guest-secret";
  private static Schema schema;

  private TestServer() {
  }

  /** The product's models with the example of a vendor's, and the test models. Built once. */
  public static synchronized Schema schema() throws IOException {
    if (schema == null) {
      ClassLoader loader = TestServer.class.getClassLoader();
      var library = new ArrayList<Schema.Source>(Schema.resources(loader, "META-INF/yang"));
      List<Schema.Source> own = Schema.resources(loader, "yang");
      List<Schema.Source> tests = Schema.directory(Path.of("src/test/yang"));
      library.addAll(own);
      library.addAll(tests);
      library.addAll(Schema.directory(Path.of("../yang/examples")));
      var wanted = new ArrayList<String>(List.of("ietf-netconf", "ietf-netconf-monitoring", "ietf-yang-library",
          "ietf-netconf-with-defaults", "ietf-netconf-nmda", "ietf-origin", "ietf-netconf-notifications",
          "ietf-subscribed-notifications", "ietf-netconf-acm", "notifications", "nc-notifications", "acme-cache"));
      own.forEach(each -> wanted.add(each.fileName().replaceAll("(@.*)?\\.yang", "")));
      tests.forEach(each -> wanted.add(each.fileName().replaceAll("(@.*)?\\.yang", "")));
      schema = Schema.load(Schema.closure(library, wanted), NetconfServer.ABSENT_FEATURES);
    }
    return schema;
  }

  /** Users admin, who may do all, and guest, of no group. */
  public static Users users() {
    var users = new Users();
    users.put(new Users.Account("admin", Set.of("admin"), PasswordHash.of(ADMIN_PASSWORD), Set.of()));
    users.recovery("admin");
    users.put(new Users.Account("guest", Set.of(), PasswordHash.of(GUEST_PASSWORD), Set.of()));
    return users;
  }

  /** A free port of the loopback. */
  public static InetSocketAddress loopback() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  }

  /** A server on a free port of the loopback, not yet started. */
  public static NetconfServer create(Path home, FileStore.Durability durability, NetconfConfig.Limits limits)
      throws IOException {
    return new NetconfServer(new NetconfConfig(home, loopback(), schema(),
        users(), durability, limits, java.time.InstantSource.system()));
  }

  /** A server with a model of its own on a free port of the loopback, not yet started. */
  public static NetconfServer create(Path home, Schema model) throws IOException {
    return new NetconfServer(new NetconfConfig(home, loopback(), model, users(),
        FileStore.Durability.BATCHED, NetconfConfig.Limits.DEFAULT, java.time.InstantSource.system()));
  }

  /** Runs a server for trying by hand, or for load: arguments home, port. */
  public static void main(String[] args) throws IOException, InterruptedException {
    long start = System.nanoTime();
    var server = new NetconfServer(new NetconfConfig(Path.of(args[0]),
        new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(args[1])),
        schema(), users(), FileStore.Durability.BATCHED, NetconfConfig.Limits.DEFAULT,
        java.time.InstantSource.system()));
    server.start();
    System.out
        .println("listening on " + server.address() + " after " + (System.nanoTime() - start) / 1_000_000 + " ms");
    new java.util.concurrent.CountDownLatch(1).await();
  }
}

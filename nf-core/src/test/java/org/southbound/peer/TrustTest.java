// SPDX-License-Identifier: Apache-2.0
package org.southbound.peer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.cert.CertificateException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class TrustTest {
  private static final InstantSource CLOCK = InstantSource.system();

  @TempDir
  Path folder;

  private Trust open(String name, Instant at) throws TrustException {
    return Trust.open(name, folder.resolve(name), folder.resolve("trust"), InstantSource.fixed(at));
  }

  private static String mode(Path file) throws Exception {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
  }

  /** An instance that starts: prints its fingerprint and what it thinks of its own certificate. */
  public static void main(String[] arguments) throws Exception {
    var trust = Trust.open(arguments[0], Path.of(arguments[1]), Path.of(arguments[2]), CLOCK);
    System.out.println(trust.check(trust.certificate()));
  }

  @Test
  void shouldMakeOneAuthorityWhenThreeProcessesStartAtOnce() throws Exception {
    var processes = new ArrayList<Process>();
    for (int i = 0; i < 3; i++) {
      processes.add(new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp",
          System.getProperty("java.class.path"), TrustTest.class.getName(), "fw" + i,
          folder.resolve("fw" + i).toString(),
          folder.resolve("trust").toString()).redirectErrorStream(true).start());
    }
    for (int i = 0; i < 3; i++) {
      assertTrue(processes.get(i).waitFor(40, TimeUnit.SECONDS));
      assertEquals("fw" + i, processes.get(i).inputReader().readLine());
    }
    assertMutualTrust("fw0", "fw1", "fw2");
    assertEquals("rw-------", mode(folder.resolve("trust/authority.pem")));
    assertEquals("rwx------", mode(folder.resolve("trust")));
    assertEquals("rw-------", mode(folder.resolve("fw1/peer.pem")));
  }

  @Test
  void shouldMakeOneAuthorityWhenThreeThreadsStartAtOnce() throws Exception {
    var now = CLOCK.instant();
    try (var threads = Executors.newFixedThreadPool(3)) {
      var starts = List.<Callable<Trust>>of(() -> open("a", now), () -> open("b", now), () -> open("c", now));
      for (var trust : threads.invokeAll(starts)) {
        trust.get();
      }
    }
    assertMutualTrust("a", "b", "c");
  }

  private void assertMutualTrust(String... names) throws Exception {
    var now = CLOCK.instant();
    for (var one : names) {
      for (var other : names) {
        assertEquals(other, open(one, now).check(open(other, now).certificate()));
      }
    }
  }

  @Test
  void shouldKeepItsCertificateAndRenewItNearItsEnd() throws Exception {
    var now = CLOCK.instant();
    var first = open("fw1", now);
    assertEquals(first.fingerprint(), open("fw1", now.plus(Duration.ofDays(200))).fingerprint());
    var renewed = open("fw1", now.plus(Duration.ofDays(300)));
    assertNotEquals(first.fingerprint(), renewed.fingerprint());
    assertEquals("fw1", renewed.check(renewed.certificate()));
    assertThrows(CertificateException.class,
        () -> open("fw2", now.plus(Duration.ofDays(400))).check(first.certificate()));
    assertEquals(open("fw1", now).certificate(), renewed.certificate());
  }

  @Test
  void shouldTakeACertificateOfAnotherAuthorityWhenTheFolderIsNew() throws Exception {
    var now = CLOCK.instant();
    var before = open("fw1", now);
    for (var file : List.of("authority.pem", "ca.pem", "lock")) {
      Files.delete(folder.resolve("trust").resolve(file));
    }
    var other = open("fw2", now);
    assertThrows(CertificateException.class, () -> before.check(other.certificate()));
    before.refresh();
    assertEquals("fw2", before.check(other.certificate()));
  }

  @Test
  void shouldNotBelieveAnInstanceThatSigns() throws Exception {
    var now = CLOCK.instant();
    var trust = open("fw1", now);
    var instance = Credentials.read(folder.resolve("fw1/peer.pem"), "");
    var forged = instance.issue("fw9", now, Duration.ofDays(1));
    assertThrows(CertificateException.class, () -> trust.check(forged.certificate(), instance.certificate()));
    assertThrows(CertificateException.class,
        () -> trust.check(Credentials.selfSigned("fw1", now, Duration.ofDays(1)).certificate()));
    assertThrows(CertificateException.class, () -> trust.check(instance.authority()));
    assertThrows(CertificateException.class, trust::check);
  }

  @Test
  void shouldSayWhatToDoAboutBadFiles() throws Exception {
    var now = CLOCK.instant();
    open("fw1", now);
    var authority = folder.resolve("trust/authority.pem");
    var good = Files.readString(authority);
    for (int length = 0; length < good.length() - 2; length += 37) {
      Files.writeString(authority, good.substring(0, length));
      var damaged = assertThrows(TrustException.class, () -> open("fw1", now));
      assertTrue(damaged.getMessage().contains("authority.pem is damaged"), damaged.getMessage());
      assertFalse(damaged.getMessage().contains("\n"), damaged.getMessage());
    }
    Files.writeString(authority, good);
    Files.setPosixFilePermissions(authority, PosixFilePermissions.fromString("rw-r--r--"));
    assertTrue(assertThrows(TrustException.class, () -> open("fw1", now)).getMessage().contains("chmod 600"));
    Files.setPosixFilePermissions(authority, PosixFilePermissions.fromString("rw-------"));
    open("fw1", now);
    assertTrue(assertThrows(TrustException.class, () -> open("../fw1", now)).getMessage().contains("no name"));
    var file = Files.createFile(folder.resolve("file"));
    assertThrows(TrustException.class, () -> Trust.open("x", file, null, CLOCK));
    assertThrows(TrustException.class, () -> Trust.open("x", folder.resolve("x"), file, CLOCK));
    assertThrows(TrustException.class, () -> open("fw1", now.plus(Duration.ofDays(4000))));
  }

  @Test
  void shouldEnrollAnInstanceOfAnotherMachine() throws Exception {
    var now = CLOCK.instant();
    var local = open("fw1", now);
    var bundle = folder.resolve("remote.bundle");
    var home = folder.resolve("far/home");

    Enrollment.bundle(folder.resolve("trust"), "remote", bundle, CLOCK);
    assertEquals("rw-------", mode(bundle));
    assertThrows(TrustException.class, () -> Enrollment.bundle(folder.resolve("trust"), "remote", bundle, CLOCK));
    assertEquals("remote", Enrollment.install(home, bundle, CLOCK));
    assertFalse(Files.exists(bundle));
    var remote = Trust.open("remote", home, null, CLOCK);
    assertEquals("fw1", remote.check(local.certificate()));
    assertEquals("remote", local.check(remote.certificate()));

    assertTrue(assertThrows(TrustException.class, () -> Trust.open("other", home, null, CLOCK)).getMessage()
        .contains("is for remote, not for other"));
    assertThrows(TrustException.class,
        () -> Trust.open("remote", home, null, InstantSource.fixed(now.plus(Duration.ofDays(900)))));
    assertThrows(TrustException.class, () -> Enrollment.install(home, bundle, CLOCK));
    Enrollment.bundle(folder.resolve("trust"), "other", bundle, CLOCK);
    assertTrue(assertThrows(TrustException.class, () -> Enrollment.install(home, bundle, CLOCK)).getMessage()
        .contains("belongs to remote"));
    assertThrows(TrustException.class,
        () -> Enrollment.install(folder.resolve("new"), folder.resolve("trust/authority.pem"), CLOCK));
  }
}

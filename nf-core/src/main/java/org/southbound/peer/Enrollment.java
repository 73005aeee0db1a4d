// SPDX-License-Identifier: Apache-2.0
package org.southbound.peer;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;

/**
 * Brings an instance on another machine under a trust folder's authority: {@link #bundle} where the folder is, a safe
 * copy of the file (such as scp), {@link #install} where the instance runs.
 */
public final class Enrollment {
  private Enrollment() {
  }

  /**
   * Writes a bundle for the instance {@code name}: a new private key, its certificate and the authority's, mode 0600.
   * Who has the file can act as that instance.
   *
   * @param folder the trust folder; made when it is not there
   * @param bundle file to write; must not exist
   */
  public static void bundle(Path folder, String name, Path bundle, InstantSource clock) throws TrustException {
    Trust.checkName(name);
    if (Files.exists(bundle)) {
      throw new TrustException(bundle + " exists: name another file, or remove it");
    }
    var now = clock.instant();
    Authority.open(folder, now).issue(name, now, Authority.BUNDLE_VALIDITY).write(bundle);
  }

  /**
   * Checks a bundle, makes it the identity of the instance that lives in {@code home}, and removes the bundle, so that
   * its key is in one place only. An instance that runs takes it up when it starts again.
   *
   * @return name that the bundle was made for
   */
  public static String install(Path home, Path bundle, InstantSource clock) throws TrustException {
    var credentials = Credentials.read(bundle,
        "make a new one with ./southbound enroll --trust DIR --name NF --bundle FILE");
    if (credentials == null) {
      throw new TrustException("there is no bundle " + bundle + ": name the file that enroll --trust wrote");
    }
    if (credentials.authority() == null) {
      throw new TrustException(bundle + " is no bundle, it has no authority: name the file that enroll --trust wrote");
    }
    if (credentials.expired(clock.instant())) {
      throw new TrustException(bundle + " expired on " + credentials.certificate().getNotAfter().toInstant()
          + ": make a new one, and check this machine's clock");
    }
    var name = Credentials.nameOf(credentials.certificate());
    var file = home.resolve(Trust.FILE);
    try {
      Files.createDirectories(home);
      var before = Credentials.read(file, "remove it, then install the bundle again");
      if (before != null && !Credentials.nameOf(before.certificate()).equals(name)) {
        throw new TrustException("the bundle is for " + name + ", but " + home + " belongs to "
            + Credentials.nameOf(before.certificate()) + ": make a bundle for that name, or name another home");
      }
      credentials.write(file);
      Files.delete(bundle);
    } catch (IOException e) {
      throw new TrustException("cannot install the bundle in " + home + " (" + e.getMessage()
          + "): check the owner of the folder and of " + bundle, e);
    }
    return name;
  }
}

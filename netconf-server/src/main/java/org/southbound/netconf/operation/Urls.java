// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.operation;

import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.southbound.netconf.ErrorTag;
import org.southbound.netconf.NetconfException;
import org.southbound.netconf.datastore.ConfigFile;
import org.southbound.netconf.datastore.DataReader;
import org.southbound.netconf.datastore.Edit;
import org.southbound.netconf.schema.Schema;
import org.southbound.netconf.schema.YangNode;
import org.southbound.netconf.xml.XmlIn;
import org.southbound.netconf.xml.XmlOut;

/**
 * Configurations that a url names (RFC 6241 section 8.8). {@code file:///NAME} is a file of one folder, which has no folders
 * below and in which no link is followed, so there is no way out of it; {@code https} leads to allowed destinations only, see
 * {@link Remote}. Thread-safe.
 */
public final class Urls {
  private static final Logger LOG = LoggerFactory.getLogger(Urls.class);
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9._-]{0,199}");
  /** Ends the name of a file that is being written. */
  private static final String UNFINISHED = ".new";
  private static final int MAX_FILES = 256;
  private static final long MAX_FOLDER_BYTES = 256L << 20;

  private final Path folder;
  private final int maxBytes;
  private final Remote remote;

  /**
   * No destination is allowed yet.
   *
   * @param folder made when the first file is written
   * @param maxBytes greatest configuration read
   */
  public Urls(Path folder, int maxBytes) {
    this.folder = folder.toAbsolutePath().normalize();
    this.maxBytes = maxBytes;
    this.remote = new Remote(maxBytes);
  }

  /** Where https may lead from now on; nowhere else. */
  public void allow(List<Remote.Destination> destinations) {
    remote.allow(destinations);
  }

  /** Reads the configuration that is there: the children of its config element, with the operations they may bear. */
  List<Edit> edits(String url, YangNode root) throws NetconfException {
    URI uri = parse(url);
    byte[] bytes = isFile(uri) ? read(file(uri)) : remote.get(uri);
    try {
      XmlIn in = XmlIn.open(bytes, 0, bytes.length);
      if (!in.name().equals("config") || !in.namespace().equals(Schema.NETCONF)) {
        throw in.unknown();
      }
      List<Edit> edits = DataReader.config(in, root);
      in.end();
      return edits;
    } catch (NetconfException e) {
      if (e.tag() == ErrorTag.MALFORMED_MESSAGE) { // the message itself was in order
        throw error(ErrorTag.INVALID_VALUE, "What the url names is not well-formed XML in UTF-8 without a DTD.");
      }
      throw e;
    }
  }

  /** Puts a configuration there. */
  void put(String url, XmlOut config) throws NetconfException {
    URI uri = parse(url);
    if (isFile(uri)) {
      write(file(uri), config);
    } else {
      remote.put(uri, config);
    }
  }

  /** Removes what is there. */
  void delete(String url) throws NetconfException {
    URI uri = parse(url);
    if (!isFile(uri)) {
      remote.delete(uri);
      return;
    }
    Path file = file(uri);
    synchronized (this) {
      try {
        regular(file);
        Files.delete(file);
      } catch (IOException e) {
        throw unusable("deleted", e);
      }
    }
  }

  private static URI parse(String url) throws NetconfException {
    try {
      var uri = new URI(url);
      String scheme = uri.getScheme() == null ? "" : uri.getScheme().toLowerCase(Locale.ROOT);
      if (scheme.equals("file") || scheme.equals("https")) {
        return uri;
      }
    } catch (URISyntaxException e) {
      // said below
    }
    throw error(ErrorTag.INVALID_VALUE, "A url is file:///NAME or https://HOST:PORT/PATH.");
  }

  private static boolean isFile(URI uri) {
    return uri.getScheme().equalsIgnoreCase("file");
  }

  /** The file that is meant: by its name, or by its path in the file system. */
  private Path file(URI uri) throws NetconfException {
    String path = uri.getPath() == null ? uri.getSchemeSpecificPart() : uri.getPath();
    String prefix = folder + "/";
    String name = path.startsWith(prefix) ? path.substring(prefix.length()) : path.replaceFirst("^/", "");
    boolean elsewhere = uri.getAuthority() != null && !uri.getAuthority().equals("localhost");
    if (elsewhere || !NAME.matcher(name).matches() || name.endsWith(UNFINISHED)) {
      throw error(ErrorTag.INVALID_VALUE, "file:///NAME names a file of the instance's folder files: letters, digits, "
          + "'.', '_' and '-', without a folder.");
    }
    return folder.resolve(name);
  }

  /** Throws unless there is an ordinary file. */
  private static BasicFileAttributes regular(Path file) throws IOException, NetconfException {
    var attributes = Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    if (!attributes.isRegularFile()) {
      throw error(ErrorTag.INVALID_VALUE, file.getFileName() + " is not an ordinary file.");
    }
    return attributes;
  }

  private byte[] read(Path file) throws NetconfException {
    try {
      if (regular(file).size() > maxBytes) {
        throw tooBig(maxBytes);
      }
      try (var in = Files.newInputStream(file, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS)) {
        return in.readNBytes(maxBytes);
      }
    } catch (IOException e) {
      throw unusable("read", e);
    }
  }

  private synchronized void write(Path file, XmlOut config) throws NetconfException {
    try {
      if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
        Files.createDirectory(folder,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      }
      boolean replaces = Files.exists(file, LinkOption.NOFOLLOW_LINKS);
      if (replaces) {
        regular(file);
      }
      checkRoom(file, replaces, config.length());
      ConfigFile.replace(file, config);
    } catch (IOException e) {
      throw unusable("written", e);
    }
  }

  private void checkRoom(Path file, boolean replaces, long bytes) throws IOException, NetconfException {
    int others = 0;
    long total = bytes;
    try (var present = Files.newDirectoryStream(folder)) {
      for (Path each : present) {
        if (!each.equals(file)) {
          others++;
          total += Files.readAttributes(each, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS).size();
        }
      }
    }
    if (!replaces && others >= MAX_FILES || total > MAX_FOLDER_BYTES) {
      throw error(ErrorTag.RESOURCE_DENIED, "The instance keeps at most " + MAX_FILES + " files, of "
          + (MAX_FOLDER_BYTES >> 20) + " MiB in all; delete some.");
    }
  }

  private static NetconfException unusable(String what, IOException e) {
    if (e instanceof NoSuchFileException) {
      return error(ErrorTag.DATA_MISSING, "There is no such file.");
    }
    LOG.error("a file that a client named by url cannot be {}: {}", what, e.toString());
    return error(ErrorTag.OPERATION_FAILED, "The file cannot be " + what + "; the server's log says why.");
  }

  static NetconfException tooBig(int maxBytes) {
    return error(ErrorTag.TOO_BIG, "What the url names has more than " + maxBytes + " bytes.").type("application");
  }

  static NetconfException error(ErrorTag tag, String message) {
    return NetconfException.of(tag, message).info("bad-element", "url");
  }
}

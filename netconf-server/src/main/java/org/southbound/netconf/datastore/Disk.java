// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.datastore;

import java.io.IOException;
import java.util.List;

/** A folder as a store needs it: what is written is there at once, and stays if power fails once it is synced. */
interface Disk {
  /** A file that grows. One thread at a time, but for {@link #sync}. */
  interface Output extends AutoCloseable {
    long length();

    void write(byte[] bytes, int offset, int count) throws IOException;

    /** What was written before stays from now on. The file's name takes {@link Disk#syncFolder}. */
    void sync() throws IOException;

    void truncate(long length) throws IOException;

    @Override
    void close() throws IOException;
  }

  /** The whole file, or null if there is none. */
  byte[] read(String name) throws IOException;

  /** Makes a file, or empties it. */
  Output create(String name) throws IOException;

  /** Replaces {@code to}, if it exists, in one step. */
  void rename(String from, String to) throws IOException;

  void delete(String name) throws IOException;

  List<String> names() throws IOException;

  /** Files made, renamed and deleted before stay so from now on. */
  void syncFolder() throws IOException;
}

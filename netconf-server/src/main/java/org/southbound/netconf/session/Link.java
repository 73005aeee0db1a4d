// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.session;

/** A session's way out: what a transport gives it. Calls never wait. */
public interface Link {
    /** Sends bytes and then calls {@code written} once, with null or what went wrong. One call at a time. */
    void write(byte[] bytes, int offset, int count, java.util.function.Consumer<Throwable> written);

    /** Lets the peer send that many bytes more: they had been received, but the session was busy. */
    void credit(int bytes);

    /** Ends the connection: in order, or at once. The transport answers with {@link Session#ended}. */
    void close(boolean orderly);
}

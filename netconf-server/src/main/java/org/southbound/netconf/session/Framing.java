// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf.session;

import java.io.IOException;
import java.util.Arrays;
import org.southbound.netconf.xml.XmlOut;

/**
 * Messages out of bytes and back (RFC 6242): end-of-message marks until both hellos said base:1.1, chunks from then on. A
 * malformed frame or a message beyond the limit throws, and the session ends, since there is no way to find the next message.
 * Not thread-safe.
 */
final class Framing {
    private static final byte[] MARK = {']', ']', '>', ']', ']', '>'};
    /** Room for "\n#", ten digits and "\n". */
    private static final int HEADER = 13;
    private static final int KEEP = 64 * 1024;

    private final int maxMessage;
    private byte[] bytes = new byte[1024];
    private int read; // of bytes: parsed so far
    private int write; // of bytes: received so far
    private int start; // of the message under way
    private int end; // of its content gathered so far
    private int left; // of the present chunk
    private volatile boolean chunked; // notifications are framed by other threads
    private boolean any; // a chunk of the message was seen
    private int messageStart;
    private int messageLength;

    Framing(int maxMessage) {
        this.maxMessage = maxMessage;
    }

    /** From the next message on, chunks. */
    void chunked() {
        chunked = true;
        start = read;
        end = read;
    }

    boolean isChunked() {
        return chunked;
    }

    void append(byte[] from, int offset, int count) {
        if (write + count > bytes.length) {
            compact();
            if (write + count > bytes.length) {
                bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, write + count));
            }
        }
        System.arraycopy(from, offset, bytes, write, count);
        write += count;
    }

    /** Moves what is not done to the front. Never between {@link #next} and the use of its message. */
    private void compact() {
        int shift = start;
        if (shift > 0) {
            System.arraycopy(bytes, shift, bytes, 0, write - shift);
            start = 0;
            end -= shift;
            read -= shift;
            write -= shift;
        }
    }

    /** All messages so far are used: gives memory back. */
    void idle() {
        if (start == write) {
            start = end = read = write = 0;
            if (bytes.length > KEEP) {
                bytes = new byte[1024];
            }
        }
    }

    byte[] array() {
        return bytes;
    }

    int offset() {
        return messageStart;
    }

    int length() {
        return messageLength;
    }

    /** True if there is a whole message: see {@link #array}, {@link #offset} and {@link #length}, valid until the next call. */
    boolean next() throws IOException {
        return chunked ? nextChunked() : nextMarked();
    }

    private boolean nextMarked() throws IOException {
        for (int i = read; i + MARK.length <= write; i++) {
            if (bytes[i] == ']' && Arrays.equals(bytes, i, i + MARK.length, MARK, 0, MARK.length)) {
                int from = start;
                while (from < i && (bytes[from] == '\n' || bytes[from] == '\r' || bytes[from] == ' ' || bytes[from] == '\t')) {
                    from++; // people at a terminal end a message with a newline, before which no XML declaration may stand
                }
                message(from, i - from);
                start = read = end = i + MARK.length;
                return true;
            }
        }
        read = Math.max(read, write - MARK.length + 1);
        limit(write - start);
        return false;
    }

    private boolean nextChunked() throws IOException {
        while (true) {
            if (left > 0) {
                int n = Math.min(left, write - read);
                if (read != end) {
                    System.arraycopy(bytes, read, bytes, end, n);
                }
                read += n;
                end += n;
                left -= n;
                if (left > 0) {
                    return false;
                }
            }
            if (write - read < 4) {
                check((read < write && bytes[read] != '\n') || (read + 1 < write && bytes[read + 1] != '#'));
                return false;
            }
            check(bytes[read] != '\n' || bytes[read + 1] != '#');
            if (bytes[read + 2] == '#') {
                check(bytes[read + 3] != '\n' || !any);
                message(start, end - start);
                read += 4;
                start = end = read;
                any = false;
                return true;
            }
            long size = 0;
            int at = read + 2;
            for (; at < write && bytes[at] != '\n'; at++) {
                int digit = bytes[at] - '0';
                check(digit < 0 || digit > 9 || (size == 0 && digit == 0) || at - read > 11);
                size = size * 10 + digit;
            }
            if (at == write) {
                return false;
            }
            check(size == 0);
            limit(size + end - start);
            any = true;
            left = (int) size;
            read = at + 1;
        }
    }

    private void message(int from, int length) throws IOException {
        limit(length);
        messageStart = from;
        messageLength = length;
    }

    private void limit(long length) throws IOException {
        if (length > maxMessage) {
            throw new IOException("a message of more than " + maxMessage + " bytes");
        }
    }

    private static void check(boolean bad) throws IOException {
        if (bad) {
            throw new IOException("a malformed chunk");
        }
    }

    /** Begins a message in {@code out}; give what it returns to {@link #finish}. */
    int begin(XmlOut out) {
        int mark = out.length();
        if (chunked) {
            out.raw("\n#0000000000\n");
        }
        return mark;
    }

    /** Ends the message begun at {@code mark}. */
    void finish(XmlOut out, int mark) {
        if (chunked) {
            out.replace(mark, HEADER, "\n#" + (out.length() - mark - HEADER) + "\n");
            out.raw("\n##\n");
        } else {
            out.raw(MARK);
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
package org.southbound.peer;

import org.southbound.peer.v1.Failure;

/**
 * A peer said no, cannot be reached, or is not trusted. Thrown by a {@link PeerHandler}, it travels to the caller as a
 * {@link Failure}, and is thrown there with the same tag.
 */
public final class PeerException extends Exception {
  private static final long serialVersionUID = 1;

  /** No answer in time, or no connection; the caller does not know whether the call took effect. */
  public static final String UNREACHABLE = "southbound:peer-unreachable";
  /** The peer refused without a reason of its own, such as our certificate. */
  public static final String REFUSED = "southbound:peer-refused";
  /** The NF is not one we trust, or not the one we meant. */
  public static final String UNKNOWN = "southbound:unknown-peer";

  private final String appTag;
  private final String nf;
  private final int position;

  /** A refusal of this NF. */
  public PeerException(String appTag, String message) {
    this(appTag, message, "", 0, null);
  }

  /**
   * The whole.
   *
   * @param appTag error-app-tag of the YANG modules
   * @param message one sentence
   * @param nf NF that failed, empty when not known
   * @param position position in the chain of the hop that failed, 0 when it does not apply
   * @param cause what was thrown below, or null
   */
  public PeerException(String appTag, String message, String nf, int position, Throwable cause) {
    super(message, cause);
    this.appTag = appTag;
    this.nf = nf;
    this.position = position;
  }

  /** A refusal as it was received from {@code peer}. */
  public static PeerException of(Failure failure, String peer) {
    return new PeerException(failure.getAppTag().isEmpty() ? REFUSED : failure.getAppTag(), failure.getMessage(),
        failure.getNf().isEmpty() ? peer : failure.getNf(), failure.getPosition(), null);
  }

  /** As it travels. */
  public Failure failure() {
    return Failure.newBuilder().setAppTag(appTag).setMessage(getMessage()).setNf(nf).setPosition(position).build();
  }

  /** The same with the hop's position, if it has none yet. */
  public PeerException at(int hop, String name) {
    return position != 0 ? this : new PeerException(appTag, getMessage(), nf.isEmpty() ? name : nf, hop, this);
  }

  public String appTag() {
    return appTag;
  }

  /** NF that failed; empty when not known. */
  public String nf() {
    return nf;
  }

  /** Position in the chain of the hop that failed; 0 when it does not apply. */
  public int position() {
    return position;
  }

  /** The outcome is unknown: the call may have taken effect. */
  public boolean unreachable() {
    return appTag.equals(UNREACHABLE);
  }
}

// SPDX-License-Identifier: Apache-2.0
package org.southbound.netconf;

import java.util.ArrayList;
import java.util.List;

/**
 * One rpc-error (RFC 6241 section 4.3). Thrown by operations, validation, subscribers and RPC handlers; the session writes it.
 * The message is shown to the client as it is, so it names nodes and values, never classes.
 *
 * <p>The path is an instance-identifier whose every name carries its module's name as prefix:
 * {@code /southbound-chain:chains/southbound-chain:chain[southbound-chain:name='web']}; the writer declares the namespaces.
 */
public final class NetconfException extends Exception {
  private static final long serialVersionUID = 1L;

  /** One element of error-info. A null namespace is that of NETCONF itself. Content that is XML already is written as it is. */
  public record ErrorInfo(String namespace, String name, String text, boolean xml) implements java.io.Serializable {
    /** An element of the NETCONF namespace that holds text. */
    public ErrorInfo(String name, String text) {
      this(null, name, text, false);
    }
  }

  private final ErrorTag tag;
  private String type;
  private String appTag;
  private String path;
  private transient Object place;
  private final ArrayList<ErrorInfo> info = new ArrayList<>(2);

  /** An error without path, app-tag or info, which the following calls add. No stack trace: these are answers, not bugs. */
  public NetconfException(ErrorTag tag, String message) {
    super(message, null, false, false);
    this.tag = tag;
    this.type = tag.type();
  }

  /** Shorthand that reads well in a throw statement. */
  public static NetconfException of(ErrorTag tag, String message) {
    return new NetconfException(tag, message);
  }

  /** Sets the error-type: transport, rpc, protocol or application. */
  public NetconfException type(String errorType) {
    this.type = errorType;
    return this;
  }

  /** Sets the error-app-tag. */
  public NetconfException appTag(String errorAppTag) {
    this.appTag = errorAppTag;
    return this;
  }

  /** Sets the error-path, if not null. */
  public NetconfException at(Object errorPath) {
    this.path = errorPath == null ? path : errorPath.toString();
    this.place = errorPath == null ? place : errorPath;
    return this;
  }

  /** Adds a NETCONF error-info element such as bad-element or session-id. */
  public NetconfException info(String name, String text) {
    info.add(new ErrorInfo(name, text));
    return this;
  }

  /** Adds an error-info element of another namespace. */
  public NetconfException info(ErrorInfo element) {
    info.add(element);
    return this;
  }

  public ErrorTag tag() {
    return tag;
  }

  public String type() {
    return type;
  }

  /** The error-app-tag, or null. */
  public String appTag() {
    return appTag;
  }

  /** The error-path, or null. */
  public String path() {
    return path;
  }

  /** What the path was made of, or null. */
  public Object place() {
    return place;
  }

  public List<ErrorInfo> info() {
    return info;
  }
}

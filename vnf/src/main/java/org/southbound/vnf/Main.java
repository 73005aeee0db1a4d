// SPDX-License-Identifier: Apache-2.0
package org.southbound.vnf;

/** The main program, {@code Main COMMAND [ARGUMENT...]}; exits 0 on success, 1 on failure, 2 on wrong usage. */
public final class Main {
  private Main() {}

  public static void main(String[] args) {
    if (args.length == 1 && args[0].equals("version")) {
      System.out.println("southbound 0.1.0");
      return;
    }
    System.err.println("usage: southbound version");
    System.exit(2);
  }
}

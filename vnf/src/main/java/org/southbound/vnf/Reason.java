// SPDX-License-Identifier: Apache-2.0
package org.southbound.vnf;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;

/** Why a file or folder cannot be used, in words: of many exceptions the message is a path or nothing. */
final class Reason {
  private Reason() {
  }

  static String of(IOException failure) {
    return switch (failure) {
      case NoSuchFileException missing -> "no such file or folder";
      case FileNotFoundException missing -> "no such file or folder";
      case AccessDeniedException denied -> "permission denied";
      case FileAlreadyExistsException exists -> "a file of that name is there";
      case CharacterCodingException binary -> "it is no text";
      case FileSystemException other when other.getReason() != null -> other.getReason();
      default -> String.valueOf(failure.getMessage());
    };
  }
}
